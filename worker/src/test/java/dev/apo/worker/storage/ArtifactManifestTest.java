package dev.apo.worker.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.storage.ArtifactManifest.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArtifactManifestTest {
  private static final byte[] CONFIG = "{}".getBytes(UTF_8);
  private static final byte[] WEIGHTS = "weights".getBytes(UTF_8);

  @TempDir Path base;
  private final List<String> damage = new ArrayList<>();
  private Storage storage;

  @BeforeEach
  void writeParts() {
    storage = Storages.open("root", StorageOptions.DEFAULT, base);
    storage.write("model/weights", WEIGHTS);
    storage.write("model/config", CONFIG);
  }

  private ArtifactManifest finish() {
    return ArtifactManifest.write(
        storage,
        "model",
        List.of(Part.of("weights", WEIGHTS), Part.of("config", CONFIG)),
        Map.of("step", "7", "engine", "cpu"));
  }

  @Test
  void isTheSameJsonAlways() {
    finish();

    assertThat(storage.read("model/manifest.json"))
        .asString(UTF_8)
        .isEqualTo(
            """
            {
              "metadata" : {
                "engine" : "cpu",
                "step" : "7"
              },
              "parts" : [ {
                "name" : "config",
                "sha256" : "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
                "size" : 2
              }, {
                "name" : "weights",
                "sha256" : "WEIGHTS",
                "size" : 7
              } ],
              "version" : 1
            }
            """
                .replace("WEIGHTS", Sha256.of(WEIGHTS)));
  }

  @Test
  void verifiesEveryPart() throws IOException {
    ArtifactManifest written = finish();

    assertThat(ArtifactManifest.isComplete(storage, "model")).isTrue();
    assertThat(ArtifactManifest.verify(storage, "model")).isEqualTo(written);
    assertThat(written.read(storage, "model", "config")).isEqualTo(CONFIG);
    written.download(storage, "model", "weights", base.resolve("copy"));
    assertThat(Files.readAllBytes(base.resolve("copy"))).isEqualTo(WEIGHTS);
    assertThat(Part.of("weights", base.resolve("copy"))).isEqualTo(Part.of("weights", WEIGHTS));
  }

  @Test
  void isNotCompleteWithoutItsManifest() {
    assertThat(ArtifactManifest.isComplete(storage, "model")).isFalse();
    assertBad(() -> ArtifactManifest.verify(storage, "model"), "not complete", "again");
  }

  @Test
  void namesAPartWithOtherContent() {
    ArtifactManifest manifest = finish();
    storage.write("model/weights", "Weights".getBytes(UTF_8));

    assertBad(() -> ArtifactManifest.verify(storage, "model"), "model/weights", "SHA-256");
    assertBad(() -> manifest.read(storage, "model", "weights"), "model/weights");
    Path copy = base.resolve("copy");
    assertBad(() -> manifest.download(storage, "model", "weights", copy), "model/weights");
    assertThat(copy).doesNotExist();
  }

  @Test
  void namesAPartThatWasCutOff() {
    finish();
    storage.write("model/weights", "wei".getBytes(UTF_8));

    assertThat(ArtifactManifest.isComplete(storage, "model")).isFalse();
    assertBad(() -> ArtifactManifest.verify(storage, "model"), "weights", "3 bytes", "of 7");
  }

  @Test
  void namesAMissingPart() {
    finish();
    storage.delete("model/config");

    assertThat(ArtifactManifest.isComplete(storage, "model")).isFalse();
    assertBad(() -> ArtifactManifest.verify(storage, "model"), "config", "missing");
  }

  @Test
  void isWholeIfAllOfItIsAsWritten() {
    assertThat(isWhole()).isFalse();
    finish();
    assertThat(isWhole()).isTrue();
    assertThat(damage).isEmpty();

    storage.write("model/weights", "Weights".getBytes(UTF_8));
    assertThat(isWhole()).isFalse();
    assertThat(damage).singleElement().asString().contains("model/weights is damaged");

    storage.write("model/manifest.json", new byte[0]);
    assertThat(isWhole()).isFalse();
    assertThat(damage.get(1)).contains("manifest.json is damaged");
  }

  private boolean isWhole() {
    return ArtifactManifest.isWhole(storage, "model", damage::add);
  }

  @Test
  void refusesADamagedManifest() {
    finish();
    for (String damaged : List.of("", "null", "{\"version\" : 1", "[]", "{\"version\" : 1}")) {
      storage.write("model/manifest.json", damaged.getBytes(UTF_8));
      assertBad(() -> ArtifactManifest.read(storage, "model"), "manifest.json", "damaged");
    }
  }

  @Test
  void refusesAManifestOfALaterVersion() {
    storage.write(
        "model/manifest.json",
        "{\"version\" : 2, \"parts\" : [], \"metadata\" : {}, \"new\" : 1}".getBytes(UTF_8));

    assertBad(() -> ArtifactManifest.read(storage, "model"), "version 2");
  }

  @Test
  void refusesPartsThatLeaveTheDirectory() {
    assertThatIllegalArgumentException().isThrownBy(() -> Part.of("../other/weights", WEIGHTS));
    assertThatIllegalArgumentException().isThrownBy(() -> Part.of("manifest.json", WEIGHTS));
  }

  private static void assertBad(ThrowingCallable call, String... texts) {
    ApoException failure = catchThrowableOfType(ApoException.class, call);
    assertThat(failure.exitCode()).isEqualTo(ExitCode.BAD_ARTIFACT);
    assertThat(failure).hasMessageContainingAll(texts);
  }
}
