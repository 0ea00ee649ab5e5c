package dev.apo.worker.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStorageTest extends StorageContract {
  @TempDir Path root;

  @Override
  Storage openEmpty() {
    return new LocalStorage(root.resolve("created/later"));
  }

  @Test
  void hidesWhatAKilledWriterLeft() throws IOException {
    storage.write("a/b", new byte[1]);
    Files.write(root.resolve("created/later/a/" + AtomicFile.TEMPORARY + "1"), new byte[1]);

    assertThat(storage.list("")).extracting(StoredObject::key).containsExactly("a/b");
  }

  @Test
  void listsWhileAnotherProcessDeletes() {
    var stop = new AtomicBoolean();
    CompletableFuture<Void> other =
        CompletableFuture.runAsync(
            () -> {
              try (Storage same = openEmpty()) {
                while (!stop.get()) {
                  for (int i = 0; i < 20; i++) {
                    same.write("steps/" + i + "/weights", new byte[1]);
                    same.write("steps/" + i + "/state", new byte[1]);
                  }
                  same.list("steps").forEach(object -> same.delete(object.key()));
                }
              }
            });
    try {
      for (int i = 0; i < 500; i++) {
        storage.list("");
        storage.stat("steps/7/weights");
      }
    } finally {
      stop.set(true);
    }
    other.join();
  }

  @Test
  void writesWhereAnotherProcessRemovesEmptyDirectories() {
    CompletableFuture.allOf(
            IntStream.range(0, 4)
                .mapToObj(
                    i ->
                        CompletableFuture.runAsync(
                            () -> {
                              for (int n = 0; n < 100; n++) {
                                storage.write("a/b/" + i, new byte[1]);
                                storage.delete("a/b/" + i);
                                storage.tidy("");
                              }
                            }))
                .toArray(CompletableFuture[]::new))
        .join();

    assertThat(root.resolve("created/later")).isEmptyDirectory();
  }

  @Test
  void removesTheDirectoriesThatADeletionEmpties() {
    storage.write("run/checkpoints/step-1/weights", new byte[1]);
    storage.write("run/result.json", new byte[1]);

    storage.delete("run/checkpoints/step-1/weights");

    assertThat(root.resolve("created/later/run")).isDirectoryContaining("glob:**/result.json");
    assertThat(root.resolve("created/later/run/checkpoints")).doesNotExist();
  }

  @Test
  void tidiesAwayWhatAKilledProcessLeft() throws Exception {
    Path run = root.resolve("created/later/run");
    Path half = writeAndDie(run);
    Files.createDirectories(run.resolve("checkpoints/step-1"));
    storage.write("run/result.json", new byte[1]);

    storage.tidy("run");
    assertThat(half).as("touched just now").exists();
    age(half);
    storage.tidy("run");
    storage.tidy("nowhere");

    assertThat(names(run)).containsExactly("result.json");
  }

  @Test
  void leavesWhatALivingProcessWrites() throws Exception {
    Path run = root.resolve("created/later/run");
    Process writer = Writing.start(run);
    try {
      Path half = awaitHalf(run);
      age(half);

      storage.tidy("run");

      assertThat(half).exists();
      assertThat(writer.isAlive()).isTrue();
    } finally {
      writer.destroyForcibly().waitFor();
    }
  }

  @Test
  void leavesWhatThisProcessWritesAndItsLock() throws Exception {
    Path target = root.resolve("created/later/run/target");
    AtomicFile.write(
        target,
        out -> {
          out.write(1);
          Path half = awaitHalf(target.getParent());
          age(half);
          storage.tidy("run");
          assertThat(half).exists();
          assertThat(Writing.isLockedForOthers(half)).isTrue();
        });

    assertThat(names(target.getParent())).containsExactly("target");
  }

  /** By another process: to set a time, Java opens the file, and closing it ends its locks. */
  private static void age(Path file) throws IOException {
    try {
      assertThat(new ProcessBuilder("touch", "-d", "2020-01-01", file + "").start().waitFor())
          .isZero();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static Path writeAndDie(Path directory) throws Exception {
    Process writer = Writing.start(directory);
    Path half = awaitHalf(directory);
    writer.destroyForcibly().waitFor();
    return half;
  }

  private static Path awaitHalf(Path directory) throws IOException {
    while (true) {
      if (Files.isDirectory(directory)) {
        try (Stream<Path> files = Files.list(directory)) {
          Optional<Path> half =
              files
                  .filter(f -> f.getFileName().toString().startsWith(AtomicFile.TEMPORARY))
                  .filter(f -> f.toFile().length() > 0)
                  .findAny();
          if (half.isPresent()) {
            return half.get();
          }
        }
      }
      Thread.onSpinWait();
    }
  }

  /** Another process: one that writes half a file and goes no further, or that tries a lock. */
  static final class Writing {
    public static void main(String[] args) throws IOException {
      Path file = Path.of(args[1]);
      if (args[0].equals("lock")) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock()) {
          System.exit(lock == null ? 1 : 0);
        }
      }
      AtomicFile.write(
          file,
          out -> {
            out.write(new byte[1000]);
            System.in.read();
          });
    }

    static Process start(Path directory) throws IOException {
      return java("write", directory.resolve("target"));
    }

    static boolean isLockedForOthers(Path file) throws IOException {
      try {
        return java("lock", file).waitFor() == 1;
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }

    private static Process java(String what, Path file) throws IOException {
      return new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-cp",
              System.getProperty("java.class.path"),
              Writing.class.getName(),
              what,
              file.toString())
          .redirectError(ProcessBuilder.Redirect.INHERIT)
          .start();
    }
  }

  @Test
  void leavesNothingBehindWhenAWriteFails() throws IOException {
    Path target = root.resolve("target");

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(
            () ->
                AtomicFile.write(
                    target,
                    out -> {
                      out.write("half".getBytes(UTF_8));
                      throw new IOException("disk full");
                    }));

    assertThat(names(root)).isEmpty();
  }

  @Test
  void saysWhenAFileIsInTheWay() {
    storage.write("a", new byte[1]);

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> storage.write("a/b", new byte[1]))
        .withMessageContaining(root.resolve("created/later/a") + " is a file, not a directory")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.NOT_FOUND));
  }

  @Test
  void namesObjectsByUri() {
    assertThat(storage.uri("a/b")).isEqualTo(root.toUri() + "created/later/a/b");
  }
}
