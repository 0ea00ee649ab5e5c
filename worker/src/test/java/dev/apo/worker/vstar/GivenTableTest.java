package dev.apo.worker.vstar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.apo.api.v1alpha1.TableSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.data.DataFile;
import dev.apo.worker.data.DataReader;
import dev.apo.worker.data.DataReaders;
import dev.apo.worker.data.Prompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GivenTableTest {
  private static final TableSpec SPEC = new TableSpec("./table", null, "prompt", null);

  @TempDir Path directory;

  private GivenTable read(TableSpec spec, Path table, int samples, String... prompts) {
    List<Prompt> wanted =
        Stream.of(prompts).map(text -> new Prompt(5, text, "2", new int[] {1})).toList();
    try (DataReader reader =
        DataReaders.open("./table", List.of(new DataFile(table + "", table)), null)) {
      return GivenTable.read(reader, spec, wanted, samples);
    }
  }

  private Path lines(String lines) throws IOException {
    return Files.writeString(directory.resolve("table.jsonl"), lines);
  }

  private static List<Double> rewards(VStarRow row) {
    return row.samples().stream().map(Sample::reward).toList();
  }

  @Test
  void thePublishedLayoutComesBack() throws IOException {
    List<VStarRow> rows =
        List.of(
            new VStarRow(
                0,
                "1+1=? Ω",
                "so #### 2",
                List.of(new Sample("2", 1, 1, false), new Sample("", 0, 0, true))),
            new VStarRow(
                1,
                "1+2=?",
                "#### 3",
                List.of(new Sample("4\n", 0.25, 2, false), new Sample("3", 1, 1, false))));
    UnaryOperator<String> groundTruth = answer -> answer.replaceFirst(".*#### ", "");
    Path table =
        Files.write(
            directory.resolve("table.parquet"),
            PublishedTable.encode("openai/gsm8k", groundTruth, rows));
    var spec = new TableSpec("./table", null, "prompt", "reward_model.ground_truth");

    GivenTable given = read(spec, table, 2, "1+1=? Ω");

    assertThat(given.unused()).isEqualTo(1);
    assertThat(given.rows())
        .containsExactly(
            new VStarRow(
                0,
                "1+1=? Ω",
                "2",
                List.of(new Sample("2", 1, 0, false), new Sample("", 0, 0, false))));
  }

  @Test
  void ourOwnBlocksAreATableToo() throws IOException {
    List<Sample> samples = List.of(new Sample("2", 1, 7, true), new Sample("3", 0, 8, false));
    Path table =
        Files.write(
            directory.resolve("block-00000.parquet"),
            VStarBlocks.encode(List.of(new VStarRow(0, "1+1=?", "2", samples))));

    assertThat(read(SPEC, table, 2, "1+1=?").rows().get(0).samples()).isEqualTo(samples);
  }

  @Test
  void rowsAreFoundByTheirPromptAndTheFirstSamplesCount() throws IOException {
    Path table =
        lines(
            """
            {"prompt": "b", "eval_0": 1, "eval_1": 0, "eval_2": 0.5}
            {"prompt": "a", "eval_0": true, "eval_1": false}
            {"prompt": "b", "eval_0": 0, "eval_1": 1}
            """);

    List<VStarRow> rows = read(SPEC, table, 2, "a", "b", "b", "b").rows();

    assertThat(rows).extracting(VStarRow::row).containsExactly(0, 1, 2, 3);
    assertThat(rows.stream().map(GivenTableTest::rewards))
        .containsExactly(
            List.of(1.0, 0.0), List.of(1.0, 0.0), List.of(0.0, 1.0), List.of(0.0, 1.0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"prompt": "other", "eval_0": 1}            |      | The V* table ./table has no row for 1 of 1 prompts, the first is that of row 6, "1+1"; its column "prompt" must hold prompts as the model is given them: check spec.data.template and spec.estimate.table.
          {"prompt": "1+1", "eval_0": 1}              |      | line 1: there are 1 rewards, and spec.estimate.samplesPerPrompt is 2: lower it.
          {"prompt": "1+1", "rewards": [1]}           |      | line 1: there is no column "eval_0"; the columns are "prompt", "rewards".
          {"prompt": "1+1", "eval_0": null}           |      | line 1: "eval_0" must be a finite number, and is null.
          {"prompt": "1+1", "eval_0": "yes"}          |      | line 1: "eval_0" must be a finite number, and is text.
          {"promt": "1+1", "eval_0": 1}               |      | line 1: there is no column "prompt"; did you mean "promt"? The columns are "promt", "eval_0".
          {"prompt": "1+1", "gt": "3", "eval_0": 1}   | gt   | line 1: the answer is "3", and that of the same prompt in spec.data.train is "2".
          """)
  void aTableThatDoesNotFitIsRefused(String line, String answerField, String message)
      throws IOException {
    Path table = lines(line);

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(
            () -> read(new TableSpec("./table", null, "prompt", answerField), table, 2, "1+1"))
        .withMessageEndingWith(message)
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
  }
}
