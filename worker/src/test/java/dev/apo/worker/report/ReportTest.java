package dev.apo.worker.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StorageOptions;
import dev.apo.worker.storage.Storages;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ROOT = "runs/research/sums/uid-1";
  private static final Pattern DATA =
      Pattern.compile(
          "<script type=\"application/json\" id=\"data\">(.*?)</script", Pattern.DOTALL);

  @TempDir Path directory;
  private Storage storage;

  @BeforeEach
  void open() {
    storage = Storages.open(directory.toString(), StorageOptions.DEFAULT, directory);
  }

  @Test
  void noTextOfARunCanEndTheScriptThatHoldsIt() throws IOException {
    String hostile = "</script><script>alert(1)</script><!-- <img src=x> & {{data}} \u2028 \ud800";
    write(
        "rollouts.jsonl",
        JSON.writeValueAsString(JSON.createObjectNode().put("response", hostile)));
    write("metrics.jsonl", "{\"step\": 1, \"</script>\": 1}\n");

    String page = page();

    assertThat(page.split("</script", -1)).hasSize(3);
    String json = data(page);
    assertThat(json).doesNotContain("<", ">", "&");
    assertThat(JSON.readTree(json).at("/rollouts/0/response").textValue())
        .isEqualTo(hostile.replace('\ud800', '?'));
  }

  @Test
  void everyMetricIsThereWhateverItsName() throws IOException {
    write(
        "metrics.jsonl",
        """
        {"step": 0, "val/test_correctness_score": 0.25}
        {"step": 1, "critic/rewards/mean": 0.123456789, "critic/vf_loss": null}
        {"step": 2, "critic/rewards/mean": 0.5, "critic/vf_loss": 3e-9, "of/a/later/version": 7}
        {"step": 3, "cri""");

    JsonNode metrics = JSON.readTree(data(page())).get("metrics");

    assertThat(metrics)
        .isEqualTo(
            JSON.readTree(
                """
                {"every": 1, "steps": [0, 1, 2], "series": {
                 "critic/rewards/mean": [null, 0.123457, 0.5],
                 "critic/vf_loss": [null, null, 3e-9],
                 "of/a/later/version": [null, null, 7],
                 "val/test_correctness_score": [0.25, null, null]}}
                """));
  }

  @Test
  void longRunsAreThinnedButForTheirEvaluationsAndTheLastStep() throws IOException {
    write(
        "metrics.jsonl",
        IntStream.rangeClosed(1, 10_000)
            .mapToObj(
                step ->
                    step % 1001 == 0
                        ? "{\"step\": " + step + ", \"val/test_correctness_score\": 1}"
                        : "{\"step\": " + step + "}")
            .collect(Collectors.joining("\n")));

    JsonNode metrics = JSON.readTree(data(page())).get("metrics");

    assertThat(metrics.get("every").asInt()).isEqualTo(7);
    assertThat(metrics.get("steps")).hasSizeLessThan(1500);
    assertThat(metrics.get("steps"))
        .extracting(JsonNode::asInt)
        .contains(1, 8, 1001, 2002, 9009, 10_000);
    assertThat(metrics.at("/series/val~1test_correctness_score"))
        .filteredOn(JsonNode::isNumber)
        .hasSize(9);
  }

  @Test
  void longTextsKeepBothTheirEnds() {
    assertThat(ReportData.shortened("abc", 3)).isEqualTo("abc");
    assertThat(ReportData.shortened("begin" + "-".repeat(90) + "end..", 10))
        .isEqualTo("begin\n[… 90 characters …]\nend..");
  }

  @Test
  void aPageOfManyLongResponsesStaysSmall() throws IOException {
    String line = "{\"response\": \"%s\"}\n".formatted("x".repeat(50_000));
    write("metrics.jsonl", "{\"step\": 1}\n");
    write("rollouts.jsonl", line.repeat(500));

    assertThat(page().length()).isLessThan(3_000_000);
  }

  @Test
  void theAddressNamesTheRun() throws IOException {
    write("metrics.jsonl", "{\"step\": 1}\n");

    assertThat(JSON.readTree(data(page())).get("run"))
        .isEqualTo(
            JSON.readTree("{\"name\": \"sums\", \"namespace\": \"research\", \"uid\": \"uid-1\"}"));
  }

  @Test
  void aCopiedDirectoryHasAPageToo() throws IOException {
    Files.writeString(directory.resolve("metrics.jsonl"), "{\"step\": 1}\n");

    String address = Report.write(storage, "");

    Path page = directory.resolve("report.html");
    assertThat(address).isEqualTo(page.toUri().toString());
    assertThat(JSON.readTree(data(Files.readString(page))).at("/run/name").asText())
        .isEqualTo(directory.getFileName().toString());
  }

  @Test
  void thePageLoadsNothing() throws IOException {
    write("metrics.jsonl", "{\"step\": 1}\n");

    assertThat(page().replace("http://www.w3.org/2000/svg", ""))
        .contains("default-src 'none'")
        .doesNotContain("http:", "https:", " src=", " href=", "@import", "url(", "fetch(");
  }

  @Test
  void whereThereIsNoRunNothingIsWritten() {
    assertThatThrownBy(() -> Report.write(storage, ROOT))
        .isInstanceOfSatisfying(
            ApoException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.NOT_FOUND))
        .hasMessageContaining("There is no run at " + storage.uri(ROOT));
    assertThat(directory).isEmptyDirectory();
  }

  private void write(String name, String content) {
    storage.write(ROOT + "/" + name, content.getBytes(StandardCharsets.UTF_8));
  }

  private String page() throws IOException {
    Report.write(storage, ROOT);
    return Files.readString(directory.resolve(ROOT).resolve("report.html"));
  }

  private static String data(String page) {
    Matcher data = DATA.matcher(page);
    assertThat(data.find()).isTrue();
    return data.group(1);
  }
}
