package dev.apo.worker.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.data.DataFile;
import dev.apo.worker.hub.HubFiles;
import dev.apo.worker.hub.HubServer;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StorageOptions;
import dev.apo.worker.storage.Storages;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** On disk and, by another directory in the place of a bucket, in storage. */
class InputsTest {
  private static final List<String> FILES =
      List.of(
          "data/part-10.jsonl",
          "data/part-2.jsonl",
          "data/part-1.jsonl.gz",
          "data/.part-0.jsonl",
          "data/a b.jsonl",
          "data/deep/er/part-3.jsonl",
          "data/.hidden/part-4.jsonl",
          "other.jsonl");

  @TempDir Path root;
  private Inputs inputs;

  @BeforeEach
  void write() throws IOException {
    for (String where : List.of("disk", "bucket")) {
      for (String file : FILES) {
        Path path = root.resolve(where).resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, file);
      }
    }
    inputs = inputs(Map.of());
  }

  private Inputs inputs(Map<String, String> environment) {
    Path cache = root.resolve("cache");
    var hub = new HubFiles(cache, environment, Map.of(), message -> {});
    return new Inputs(root.resolve("disk"), cache, this::open, hub, message -> {});
  }

  private Storage open(String uri) {
    String directory = uri.replaceFirst("^s3://bucket", root.resolve("bucket").toString());
    return Storages.open(directory, StorageOptions.DEFAULT, root);
  }

  @Test
  void anAsteriskMatchesFilesOnTheHub() throws IOException {
    try (HubServer server = new HubServer()) {
      byte[] text = "text".getBytes(StandardCharsets.UTF_8);
      server.push(
          "datasets/owner/sums",
          'a',
          Map.of("data/b.jsonl", text, "data/a.jsonl", text, "data/c.txt", text, "d.jsonl", text));
      Inputs withHub = inputs(Map.of("HF_ENDPOINT", server.endpoint()));
      String folder = "hf://datasets/owner/sums/data/";

      assertThat(withHub.files("spec.data.train", List.of(folder + "*.jsonl")))
          .extracting(DataFile::name)
          .containsExactly(folder + "a.jsonl", folder + "b.jsonl");
    }
  }

  private static final String MATCHES =
      """
      data/part-*.jsonl      | data/part-10.jsonl data/part-2.jsonl
      data/*.jsonl*          | data/a b.jsonl data/part-1.jsonl.gz data/part-10.jsonl data/part-2.jsonl
      data/.*.jsonl          | data/.part-0.jsonl
      **/part-*.jsonl        | data/deep/er/part-3.jsonl data/part-10.jsonl data/part-2.jsonl
      data/**                | data/a b.jsonl data/deep/er/part-3.jsonl data/part-1.jsonl.gz data/part-10.jsonl data/part-2.jsonl
      d*/d*/**/p*3.jsonl     | data/deep/er/part-3.jsonl
      *.jsonl                | other.jsonl
      """;

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = MATCHES)
  void anAsteriskMatchesFilesOnDiskInTheOrderOfTheirNames(String glob, String files) {
    assertThat(contents("./" + glob)).isEqualTo(split(files));
    assertThat(contents("file://" + root.resolve("disk") + "/" + glob)).isEqualTo(split(files));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = MATCHES)
  void anAsteriskMatchesObjectsInTheOrderOfTheirNames(String glob, String files) {
    assertThat(contents("s3://bucket/" + glob)).isEqualTo(split(files));
  }

  private static List<String> split(String files) {
    return List.of(files.replace("a b", "a_b").split(" ")).stream()
        .map(file -> file.replace("a_b", "a b"))
        .toList();
  }

  @Test
  void addressesAreReadInTheirOrderAndEachFileOnce() {
    assertThat(
            contents(
                "./other.jsonl", "./data/part-2.jsonl", "./data/part-*.jsonl", "./other.jsonl"))
        .containsExactly("other.jsonl", "data/part-2.jsonl", "data/part-10.jsonl");
  }

  @Test
  void anEscapedFileAddressIsRead() {
    assertThat(contents("file://" + root.resolve("disk") + "/data/a%20*.jsonl"))
        .containsExactly("data/a b.jsonl");
  }

  @Test
  void objectsAreCalledByTheirAddress() {
    assertThat(inputs.files("spec.data.train", List.of("./other.jsonl")))
        .extracting(DataFile::name)
        .containsExactly(root.resolve("disk/other.jsonl").toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"./none/*.jsonl", "./data/*.csv", "s3://bucket/none-*"})
  void whatMatchesNothingIsNotFound(String glob) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> contents(glob))
        .withMessage("No file matches " + glob + "; check spec.data.train.")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.NOT_FOUND));
  }

  @ParameterizedTest
  @CsvSource({
    "./data,         ./data/*.jsonl",
    "s3://bucket,    s3://bucket/*.jsonl",
    "s3://bucket/a/, s3://bucket/a/*.jsonl",
  })
  void aFolderIsNoFileButMayHoldSome(String folder, String files) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> contents(folder))
        .withMessageEndingWith(
            " is a directory; name a file in spec.data.train, or several, such as " + files + ".")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.NOT_FOUND));
  }

  private List<String> contents(String... uris) {
    return inputs.files("spec.data.train", List.of(uris)).stream()
        .map(
            file -> {
              try {
                return Files.readString(file.path());
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            })
        .toList();
  }
}
