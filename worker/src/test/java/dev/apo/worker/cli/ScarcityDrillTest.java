package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.apo.worker.Drill;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A run that has too little disk or memory. */
@Tag("slow")
@Tag("drill")
class ScarcityDrillTest {
  private static final int SIZES = Math.max(2, Drill.TRIES / 8);
  private static final String WORK = "work";

  private static Map<String, Object> undisturbed;

  @TempDir Path directory;

  @BeforeAll
  static void runUndisturbed(@TempDir Path reference) {
    var whole = new Workplace(reference);
    whole.apo("run").succeeds();
    undisturbed = whole.results();
  }

  /** What is on the disk that is full, and how much of it there is to be at most. */
  enum Place {
    STORAGE("storage", 16 << 10),
    WORK_DIRECTORY(WORK, 4 << 10);

    final String folder;
    final int kibibytes;

    Place(String folder, int kibibytes) {
      this.folder = folder;
      this.kibibytes = kibibytes;
    }
  }

  /** Wherever in the run the disk becomes full: disks of many sizes. */
  @ParameterizedTest
  @EnumSource
  void aFullDiskIsNamedAndTheRunGoesOnWhenThereIsSpace(Place place) throws Exception {
    int full = 0;
    for (int i = 1; i <= SIZES; i++) {
      Path own = Files.createDirectory(directory.resolve("size-" + i));
      var workplace = new Workplace(own);
      String work = own.resolve(WORK).toString();
      Path root = Files.createDirectories(own.resolve(place.folder));
      try (var disk = new SmallDisk(root, place.kibibytes * i / (SIZES + 1))) {
        Workplace.Outcome outcome = workplace.apo("run", "--work-dir", work);
        if (outcome.exitCode() != 0) {
          full++;
          outcome.endsWith(ExitCode.UNAVAILABLE.value());
          assertThat(outcome.error())
              .startsWith("Cannot write " + root)
              .endsWith(" (No space left on device); check the disk and its free space.");
        }

        disk.resize(4 * place.kibibytes);
        workplace.apo("run", "--work-dir", work).succeeds();
        assertThat(workplace.results()).isEqualTo(undisturbed);
      }
    }
    assertThat(full).isPositive();
    Drill.passed("the disk is full: " + place, full, "nothing", "at once");
  }

  /** A file system of a size, in memory. */
  private static final class SmallDisk implements AutoCloseable {
    private final Path root;

    SmallDisk(Path root, int kibibytes) throws IOException {
      this.root = root;
      assumeTrue(
          run("mount", "-t", "tmpfs", "-o", "size=" + kibibytes + "k", "apo-drill", root + ""),
          "only root may mount");
    }

    void resize(int kibibytes) throws IOException {
      assertThat(run("mount", "-o", "remount,size=" + kibibytes + "k", root + "")).isTrue();
    }

    @Override
    public void close() throws IOException {
      assertThat(run("umount", root + "")).isTrue();
    }

    private static boolean run(String... command) throws IOException {
      try {
        return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void aHeapThatIsTooSmallSaysHowToMakeItLarger() {
    var workplace = new Workplace(directory).environment("JAVA_TOOL_OPTIONS", "-Xmx24m");
    String row = "{\"prompt\": \"7+5=\", \"answer\": \"12\"}\n";
    workplace.write("train.jsonl", row.repeat(300_000).getBytes(StandardCharsets.UTF_8));

    Workplace.Outcome outcome = workplace.process("prepare").endsWith(ExitCode.INTERNAL.value());

    assertThat(outcome.error())
        .startsWith("Not enough memory for Java (")
        .contains("JAVA_TOOL_OPTIONS=-Xmx");
    Drill.passed("Java's heap is full", 1, "nothing", "at once");
  }
}
