package dev.apo.worker.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.AlgorithmSpec;
import dev.apo.api.v1alpha1.AlgorithmType;
import dev.apo.api.v1alpha1.EstimateSpec;
import dev.apo.api.v1alpha1.EvaluateSpec;
import dev.apo.api.v1alpha1.ExtractionMethod;
import dev.apo.api.v1alpha1.Precision;
import dev.apo.api.v1alpha1.Preset;
import dev.apo.api.v1alpha1.RewardType;
import dev.apo.api.v1alpha1.RunPolicySpec;
import dev.apo.api.v1alpha1.SamplingSpec;
import dev.apo.api.v1alpha1.Schedule;
import dev.apo.api.v1alpha1.TrainSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestReaderTest {
  private static final Path FILE = Path.of("/manifests/apo.yaml");

  @TempDir Path directory;

  @Test
  void minimalManifestGetsThePapersValues() {
    Manifest manifest = parse(Manifests.MINIMAL);
    APOTrainingSpec spec = manifest.spec();

    assertThat(manifest.namespace()).isEqualTo("default");
    assertThat(manifest.name()).isEqualTo("tiny");
    assertThat(manifest.baseDirectory()).isEqualTo(Path.of("/manifests"));
    assertThat(spec.suspend()).isFalse();
    assertThat(spec.data().promptField()).isEqualTo("prompt");
    assertThat(spec.data().answerField()).isEqualTo("answer");
    assertThat(spec.data().template()).isEqualTo("{prompt}");
    assertThat(spec.data().chatTemplate()).isFalse();
    assertThat(spec.data().eval()).isNull();
    assertThat(spec.reward().type()).isEqualTo(RewardType.MATH);
    assertThat(spec.reward().method()).isEqualTo(ExtractionMethod.STRICT);
    assertThat(spec.preset()).isEqualTo(Preset.PAPER);
    assertThat(spec.sampling()).isEqualTo(new SamplingSpec(1.0, 1.0, 0, 256, 1024));
    assertThat(spec.algorithm())
        .isEqualTo(new AlgorithmSpec(AlgorithmType.APO, 0.5, 0.001, false, null, null));
    assertThat(spec.estimate()).isEqualTo(new EstimateSpec(8, 1, null, null));
    assertThat(spec.train())
        .isEqualTo(
            new TrainSpec(
                25,
                null,
                256,
                128,
                1e-6,
                0.01,
                1.0,
                0,
                Schedule.CONSTANT,
                0.0,
                0L,
                50,
                50,
                2,
                null,
                Precision.BF16,
                null,
                null));
    assertThat(spec.evaluate()).isEqualTo(new EvaluateSpec(1, 0.0, null));
    assertThat(spec.runPolicy()).isEqualTo(new RunPolicySpec(3, null, 1800));
    assertThat(spec.queueName()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e-6", "1.0e-6", "1.0E-6", "0.000001", ".000001", "+1e-06"})
  void everyNotationOfANumberIsANumber(String notation) {
    assertThat(parse(Manifests.with("train: {learningRate: " + notation + "}")).spec().train())
        .extracting(TrainSpec::learningRate)
        .isEqualTo(1e-6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"64", "64.0", "6.4e1", "0x40", "0o100"})
  void everyNotationOfAWholeNumberIsAWholeNumber(String notation) {
    assertThat(parse(Manifests.with("estimate: {shards: " + notation + "}")).spec().estimate())
        .extracting(EstimateSpec::shards)
        .isEqualTo(64);
  }

  @Test
  void nullMeansUnset() {
    APOTrainingSpec spec =
        parse(Manifests.with("train: {epochs: null, steps: ~, earlyStopping: {patience:}}")).spec();
    assertThat(spec.train().epochs()).isEqualTo(25);
    assertThat(spec.train().steps()).isNull();
    assertThat(spec.train().earlyStopping().patience()).isNull();
  }

  @Test
  void kubernetesTypesAreRead() {
    APOTrainingSpec spec =
        parse(
                Manifests.with(
                    """
                    train:
                      pod:
                        image: example/worker:1
                        resources: {limits: {nvidia.com/gpu: 1, memory: 64Gi}}
                        nodeSelector: {gpu: h200}
                        tolerations: [{key: gpu, operator: Exists, effect: NoSchedule}]
                        env: [{name: A, value: "1"}]
                        volumes: [{name: scratch, emptyDir: {}}]
                        volumeMounts: [{name: scratch, mountPath: /scratch}]
                    """))
            .spec();
    assertThat(spec.train().pod().resources().getLimits().get("memory").toString())
        .isEqualTo("64Gi");
    assertThat(spec.train().pod().volumes().get(0).getEmptyDir()).isNotNull();
    assertThat(spec.train().pod().nodeSelector()).containsEntry("gpu", "h200");
  }

  @Test
  void whatKubectlPrintsCanBeReadBack() {
    String printed =
        Manifests.MINIMAL.replace(
                "metadata: {name: tiny}",
                "metadata: {name: tiny, namespace: ml, uid: a-b, generation: 3, labels: {a: b}}")
            + "status: {phase: Succeeded, anything: [1]}\n";
    assertThat(parse(printed).namespace()).isEqualTo("ml");
  }

  @Test
  void emptyDocumentsBesideTheManifestDoNotCount() {
    assertThat(parse("---\n" + Manifests.MINIMAL + "---\n").name()).isEqualTo("tiny");
  }

  @ParameterizedTest
  @MethodSource("badSpecs")
  void badSpecIsRefusedWithWhereAndWhatToDo(String lines, String message) {
    assertRefused(Manifests.with(lines), message);
  }

  static Stream<Arguments> badSpecs() {
    return Stream.of(arguments("train: {epoch: 5}", "X"));
  }

  @ParameterizedTest
  @MethodSource("badRequiredFields")
  void badRequiredFieldIsRefused(String good, String bad, String message) {
    assertThat(Manifests.MINIMAL).contains(good);
    assertRefused(Manifests.MINIMAL.replace(good, bad), message);
  }

  static Stream<Arguments> badRequiredFields() {
    return Stream.of(arguments("kind: APOTraining", "kind: Job", "X"));
  }

  @ParameterizedTest
  @MethodSource("notManifests")
  void otherTextIsRefused(String text, String message) {
    assertRefused(text, message);
  }

  static Stream<Arguments> notManifests() {
    return Stream.of(arguments("", "X"));
  }

  @Test
  void missingFileIsNotFound() {
    Path file = directory.resolve("none.yaml");
    assertFails(file, ExitCode.NOT_FOUND, file + " does not exist");
  }

  @Test
  void directoryIsRefused() {
    assertFails(
        directory,
        ExitCode.BAD_MANIFEST,
        directory + " is a directory: name the manifest, a YAML file");
  }

  @Test
  void binaryFileIsRefused() throws IOException {
    Path file = Files.write(directory.resolve("a.yaml"), new byte[] {(byte) 0xff, 0, 1});
    assertFails(file, ExitCode.BAD_MANIFEST, file + " is not text in UTF-8");
  }

  @Test
  void hugeFileIsRefusedUnread() throws IOException {
    Path file = Files.write(directory.resolve("a.yaml"), new byte[2 << 20]);
    assertFails(
        file, ExitCode.BAD_MANIFEST, file + " is larger than 1 MiB, so it cannot be a manifest");
  }

  @Test
  void relativeAddressesStartFromTheManifest() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("my run.yaml"), Manifests.MINIMAL, StandardCharsets.UTF_8);
    Manifest manifest = ManifestReader.read(file);
    Files.createDirectory(directory.resolve("model"));

    assertThat(manifest.resolve(manifest.spec().model().uri()))
        .isEqualTo("file://" + directory + "/model");
    assertThat(manifest.resolve(manifest.spec().storage().uri()))
        .isEqualTo("file://" + directory.getParent() + "/out");
    assertThat(manifest.resolve("./a b")).isEqualTo("file://" + directory + "/a%20b");
    assertThat(manifest.resolve("s3://bucket/x")).isEqualTo("s3://bucket/x");
    assertThat(manifest.resolve("hf://a/b")).isEqualTo("hf://a/b");
    assertThat(manifest.resolve("file:///x")).isEqualTo("file:///x");
  }

  private static Manifest parse(String text) {
    return ManifestReader.parse(text, FILE);
  }

  private static void assertRefused(String text, String message) {
    ApoException refusal = catchThrowableOfType(ApoException.class, () -> parse(text));
    assertThat(refusal).as("refused").isNotNull();
    assertThat(refusal.getMessage()).isEqualTo(FILE + message);
    assertThat(refusal.exitCode()).isEqualTo(ExitCode.BAD_MANIFEST);
  }

  private static void assertFails(Path file, ExitCode exitCode, String message) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> ManifestReader.read(file))
        .withMessage(message)
        .matches(e -> e.exitCode() == exitCode);
  }
}
