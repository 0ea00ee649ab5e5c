package dev.apo.worker.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DecidingPartsTest {
  @Test
  void sameMeaningGivesTheSameText() {
    assertThat(json("train: {epochs: 25, learningRate: 0.000001}"))
        .isEqualTo(json("train: {learningRate: 1e-6}"))
        .isEqualTo(json(""));
  }

  @Test
  void whereAndWhenToRunDoesNotDecide() {
    String changed =
        json(
            """
            suspend: true
            queueName: research
            runPolicy: {maxRetries: 9, price: {gpuHour: 2.5}}
            tracking: {tensorBoard: true}
            estimate: {shards: 4, parallelism: 2, pod: {image: a}}
            train: {pod: {image: b}}
            """);
    assertThat(DecidingParts.changes(json(""), changed)).isEmpty();
    assertThat(changed).isEqualTo(json(""));
  }

  @Test
  void howARewardServiceIsAskedDoesNotDecide() {
    String service = "{type: Http, http: {url: \"http://a\"%s}}";
    String settings =
        ", timeoutSeconds: 9, maxRetries: 1, batchSize: 8, parallelism: 2, tokenSecretRef: {name: t}";
    assertThat(reward(service.formatted(settings))).isEqualTo(reward(service.formatted("")));
    String term = "{type: Math, also: [" + service + "]}";
    assertThat(reward(term.formatted(settings))).isEqualTo(reward(term.formatted("")));
    assertThat(
            DecidingParts.changes(
                reward(service.formatted("")), reward(service.formatted(", version: \"2\""))))
        .containsExactly("spec.reward.http.version was \"1\" and is now \"2\"");
  }

  private static String reward(String reward) {
    return DecidingParts.json(
        ManifestReader.parse(Manifests.MINIMAL.replace("{type: Math}", reward), Path.of("apo.yaml"))
            .spec());
  }

  @Test
  void changesAreToldFieldByField() {
    assertThat(
            DecidingParts.changes(
                json("train: {steps: 10}\npreset: Official"),
                json("train: {learningRate: 1e-5}\nalgorithm: {samplesToUse: 4}")))
        .containsExactly(
            "spec.algorithm.samplesToUse was unset and is now 4",
            "spec.preset was \"Official\" and is now \"Paper\"",
            "spec.train.learningRate was 1.0E-6 and is now 1.0E-5",
            "spec.train.steps was 10 and is now unset");
  }

  @Test
  void whatAnEarlierVersionDidNotKnowWasAtItsDefault() {
    String earlier = json("").replace("\"filterAllCorrect\":false,", "");
    assertThat(earlier).isNotEqualTo(json(""));

    assertThat(DecidingParts.changes(earlier, json(""))).isEmpty();
    assertThat(DecidingParts.changes(earlier, json("algorithm: {filterAllCorrect: true}")))
        .containsExactly("spec.algorithm.filterAllCorrect was unset and is now true");
  }

  private static String json(String lines) {
    return DecidingParts.json(
        ManifestReader.parse(Manifests.with(lines), Path.of("apo.yaml")).spec());
  }
}
