package dev.apo.worker.reward;

import static dev.apo.worker.Vectors.vector;
import static dev.apo.worker.reward.Candidates.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.Vectors;
import dev.apo.worker.manifest.ManifestReader;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RewardsTest {
  /** The scorers of a manifest with this reward and 10 new tokens at most. */
  private static Rewards rewards(String reward, String preset) {
    return Rewards.of(
        ManifestReader.parse(
                """
                apiVersion: apo.dev/v1alpha1
                kind: APOTraining
                metadata: {name: tiny}
                spec:
                  model: {uri: ./model}
                  data: {train: {uri: ./train.jsonl}}
                  reward: %s
                  sampling: {maxNewTokens: 10}
                  preset: %s
                  storage: {uri: ../out}
                """
                    .formatted(reward, preset),
                Path.of("apo.yaml"))
            .spec(),
        null);
  }

  private static Rewards rewards(String reward) {
    return rewards(reward, "Paper");
  }

  private static double score(Reward reward, Candidate candidate) {
    return reward.score(List.of(candidate))[0];
  }

  @Test
  void exactMatchIgnoresWhiteSpaceAtTheEndsOnly() {
    Reward reward = rewards("{type: ExactMatch}").train();
    assertThat(reward.score(List.of(response(" 4\n", "4 "), response("4 4", "44"))))
        .containsExactly(1, 0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {type: ExactMatch}                                         | exact-match
          {type: GSM8K}                                              | gsm8k-strict
          {type: GSM8K, method: Flexible}                            | gsm8k-flexible
          {type: Math}                                               | math
          {type: SymbolicMath}                                       | symbolic-math
          {type: Countdown}                                          | countdown-0.1
          {type: Arithmetic}                                         | arithmetic-0.1
          {type: Http, http: {url: "http://a/b"}}                    | http-http://a/b
          {type: Math, weight: 2}                                    | 2.0*math
          {type: Math, overlong: {bufferTokens: 4}}                  | 1.0*math+1.0*overlong-10-4
          {type: Math, format: [{pattern: x+}]}                      | 1.0*math+0.1*format-2-x+
          {type: Math, also: [{type: GSM8K, weight: 0.5}]}           | 1.0*math+0.5*gsm8k-strict
          """)
  void idNamesEverySetting(String reward, String id) {
    assertThat(rewards(reward).estimate().id()).isEqualTo(id);
  }

  @Test
  void versionsOfAllTermsCount() {
    assertThat(
            rewards("{type: Math, also: [{type: Http, http: {url: 'http://a', version: v7}}]}")
                .estimate()
                .version())
        .isEqualTo("1+v7");
  }

  @Test
  void termsAreWeightedAndAdded() {
    Reward reward =
        rewards(
                """
                {type: GSM8K, weight: 2, also: [{type: ExactMatch, weight: -0.5}],
                 overlong: {bufferTokens: 4, penalty: 3}, format: [{pattern: "^a.*z$", bonus: 0.25}]}
                """)
            .train();

    assertThat(score(reward, new Candidate("", "#### 7", "7", 6, false))).isEqualTo(2);
    assertThat(score(reward, new Candidate("", "7", "7", 6, false))).isEqualTo(-0.5);
    assertThat(score(reward, new Candidate("", "#### 7", "7", 8, false)))
        .isCloseTo(0.5, within(1e-12));
    assertThat(score(reward, new Candidate("", "a\n#### 7 z", "7", 10, true)))
        .isCloseTo(2 - 3 + 0.25, within(1e-12));
  }

  @Test
  void theOverlongPenaltyIsThatOfDapoUpToTheLimit() {
    JsonNode test = Vectors.onlyCase("grpo", "dapo_soft_overlong_penalty");
    JsonNode inputs = test.get("inputs");
    double[] lengths = vector(inputs.get("lengths"));
    double[] expected = vector(test.get("expected").get("penalty"));
    Overlong overlong = new Overlong(inputs.get("max_len").asInt(), inputs.get("buffer").asInt());

    for (int i = 0; i < lengths.length; i++) {
      int tokens = (int) lengths[i];
      // verl goes on falling beyond the limit, which no response of ours exceeds.
      assertThat(overlong.score(new Candidate("", "", "", tokens, tokens >= overlong.limit())))
          .isCloseTo(Math.max(-1, expected[i]), within(1e-9));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{type: Countdown, weight: 5, format: [{pattern: answer}]}",
        "{type: Countdown, overlong: {bufferTokens: 10}}"
      })
  void accuracyIsOfTheMainScorerAlone(String reward) {
    Reward accuracy = rewards(reward).accuracy();
    assertThat(score(accuracy, response("<answer>3*8</answer>", "3 8 = 24"))).isEqualTo(1);
    assertThat(score(accuracy, response("<answer>3+8</answer>", "3 8 = 24"))).isZero();
  }

  @Test
  void everyTermMustAcceptAnAnswer() {
    Reward reward = rewards("{type: ExactMatch, also: [{type: Arithmetic}]}").train();
    assertThatThrownBy(() -> reward.checkAnswer("seven"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aPatternCannotHang() {
    Reward reward = rewards("{type: ExactMatch, format: [{pattern: '(a*)*b', bonus: 1}]}").train();
    assertThat(score(reward, response("a".repeat(100_000), "7"))).isZero();
  }

  @Test
  void aPatternThatIsNoneIsRefused() {
    assertThatThrownBy(
            () -> rewards("{type: Math, format: [{pattern: a}, {pattern: '(unclosed'}]}"))
        .isInstanceOfSatisfying(
            ApoException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_MANIFEST))
        .hasMessageContaining("spec.reward.format[1].pattern is no regular expression of RE2")
        .hasMessageContaining("(unclosed");
  }

  @Test
  void officialEstimateTakesTheLastNumberOfTheResponse() {
    assertThat(score(rewards("{type: GSM8K}", "Official").estimate(), response("#### 5, 7", "7")))
        .isEqualTo(1);
  }

  @Test
  void officialTrainingTakesTheFirstMarkedNumberOfPromptAndResponse() {
    Reward train = rewards("{type: GSM8K}", "Official").train();
    assertThat(score(train, new Candidate("Example: #### 5\n", "#### 7", "7", 3, false))).isZero();
    assertThat(score(train, new Candidate("How many? ", "#### 7", "7", 3, false))).isEqualTo(1);
    assertThatThrownBy(() -> train.checkAnswer("seven"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void officialMathWantsAnEndInTrainingAndNotForTheEstimate() {
    Rewards official = rewards("{type: Math}", "Official");
    var cutOff = new Candidate("", "\\boxed{7} and so on", "7", 10, true);
    assertThat(score(official.estimate(), cutOff)).isEqualTo(1);
    assertThat(score(official.train(), cutOff)).isZero();
    assertThat(score(official.train(), response("\\boxed{7}", "7"))).isEqualTo(1);
  }

  @Test
  void officialScorersHaveIdsOfTheirOwn() {
    assertThat(rewards("{type: GSM8K}", "Official").train().id())
        .isEqualTo("gsm8k-strict-on-prompt-and-response");
    assertThat(rewards("{type: Math}", "Official").train().id())
        .isEqualTo("math-until-end-on-prompt-and-response");
  }
}
