package dev.apo.worker.vstar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VStarBlocksTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 8, 11})
  void readsBackWhatWasWritten(int samples) {
    List<VStarRow> rows = rows(50, samples);

    assertThat(VStarBlocks.decode(VStarBlocks.encode(rows))).isEqualTo(rows);
  }

  @Test
  void keepsEveryText() {
    String odd = "line\r\n\ttab \"quoted\" \\boxed{½} 数学 🧮 \u0000 end";
    List<VStarRow> rows =
        List.of(
            new VStarRow(7, odd, odd, List.of(new Sample(odd, -0.0, 1, true))),
            new VStarRow(8, "", "", List.of(new Sample("", Double.MIN_VALUE, 0, false))));

    assertThat(VStarBlocks.decode(VStarBlocks.encode(rows))).isEqualTo(rows);
  }

  @Test
  void writesAQuestionMarkForHalfACharacter() {
    VStarRow row = new VStarRow(0, "p", "a", List.of(new Sample("half \ud83e.", 0, 1, false)));

    VStarRow read = VStarBlocks.decode(VStarBlocks.encode(List.of(row))).get(0);

    assertThat(read.samples().get(0).response()).isEqualTo("half ?.");
  }

  @Test
  void givesTheSameBytesForTheSameRows() {
    assertThat(VStarBlocks.encode(rows(300, 8))).isEqualTo(VStarBlocks.encode(rows(300, 8)));
  }

  @Test
  void isMuchSmallerThanItsText() {
    List<VStarRow> rows = rows(300, 8);
    int text =
        rows.stream().flatMap(r -> r.samples().stream()).mapToInt(s -> s.response().length()).sum();

    assertThat(VStarBlocks.encode(rows).length).isLessThan(text / 2);
  }

  @Test
  void refusesATruncatedBlock() {
    byte[] block = VStarBlocks.encode(rows(20, 2));

    for (int length : new int[] {0, 1, 8, block.length / 2, block.length - 1}) {
      assertDamaged(Arrays.copyOf(block, length));
    }
  }

  @Test
  void refusesWhatIsNoParquetFile() {
    assertDamaged("row,prompt,answer\n".getBytes(UTF_8));
  }

  @Test
  void neverReadsOtherRowsFromADamagedBlock() {
    List<VStarRow> rows = rows(20, 2);
    byte[] block = VStarBlocks.encode(rows);
    int noticed = 0;
    for (int position = 0; position < block.length; position++) {
      byte[] damaged = block.clone();
      damaged[position] ^= (byte) (1 << position % 8);
      try {
        assertThat(VStarBlocks.decode(damaged)).as("flipped bit at %d", position).isEqualTo(rows);
      } catch (ApoException e) {
        assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_ARTIFACT);
        noticed++;
      }
    }
    // The others are in what nobody reads, such as the name of the program that wrote the file.
    assertThat(noticed).isGreaterThan(block.length / 2);
  }

  @Test
  void refusesRowsThatDiffer() {
    List<VStarRow> rows = List.of(rows(1, 1).get(0), rows(1, 2).get(0));

    assertThatIllegalArgumentException().isThrownBy(() -> VStarBlocks.encode(rows));
    assertThatIllegalArgumentException().isThrownBy(() -> VStarBlocks.encode(List.of()));
  }

  private static void assertDamaged(byte[] block) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> VStarBlocks.decode(block))
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_ARTIFACT));
  }

  static List<VStarRow> rows(int count, int samples) {
    return IntStream.range(0, count).mapToObj(row -> row(row, samples)).toList();
  }

  static VStarRow row(int row, int samples) {
    return new VStarRow(
        row,
        "What is " + row + " + 1?",
        String.valueOf(row + 1),
        IntStream.range(0, samples)
            .mapToObj(
                i ->
                    new Sample(
                        "Let's think: %d and 1 is \\boxed{%d}.".formatted(row, row + i),
                        i == 1 ? 1 : 0,
                        17 + i,
                        (row + i) % 5 == 0))
            .toList());
  }
}
