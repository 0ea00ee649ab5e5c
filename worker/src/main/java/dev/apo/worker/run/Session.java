package dev.apo.worker.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.AlgorithmType;
import dev.apo.api.v1alpha1.DatasetSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.StopSignal;
import dev.apo.worker.data.DataReader;
import dev.apo.worker.data.DataReaders;
import dev.apo.worker.data.Example;
import dev.apo.worker.data.Examples;
import dev.apo.worker.data.PromptSet;
import dev.apo.worker.data.PromptTemplate;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.engine.Trainable;
import dev.apo.worker.estimate.VStarInputs;
import dev.apo.worker.manifest.Manifest;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.reward.Reward;
import dev.apo.worker.reward.Rewards;
import dev.apo.worker.sampling.SamplingSettings;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StorageOptions;
import dev.apo.worker.storage.Storages;
import dev.apo.worker.telemetry.Reporter;
import dev.apo.worker.vstar.VStarPlan;
import dev.apo.worker.vstar.VStarStore;
import java.nio.file.Path;
import java.util.List;

/**
 * A manifest with everything that it names opened and checked: model, tokenizer, data, reward,
 * sizes, storage. Opening a session is what the prepare stage consists of, and what every other
 * stage begins with; it takes seconds and no GPU.
 */
public final class Session implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();

  private final long opened = System.nanoTime();
  private final Manifest manifest;
  private final Launch launch;
  private final Reporter reporter;
  private final StopSignal stop;
  private final Storage storage;
  private final RunKeys keys;
  private final ModelDirectory model;
  private final Tokenizer tokenizer;
  private final Rewards rewards;
  private final PromptSet train;
  private final PromptSet eval;
  private final VStarPlan plan;

  private Session(Manifest manifest, Launch launch, Reporter reporter, StopSignal stop) {
    APOTrainingSpec spec = manifest.spec();
    this.manifest = manifest;
    this.launch = launch;
    this.reporter = reporter;
    this.stop = stop;
    this.keys = new RunKeys(manifest.namespace(), manifest.name(), launch.uid());
    this.storage = openStorage(manifest);
    var inputs =
        new Inputs(
            manifest.baseDirectory(), launch.workDirectory().resolve("inputs"), this::openStorage);
    this.model = ModelDirectory.open(inputs.model(spec.model().uri()));
    model.checkWeights();
    checkSizes();
    this.tokenizer = Tokenizer.load(model);
    this.rewards = Rewards.of(spec, System.getenv("APO_REWARD_TOKEN"));
    this.train = prompts("spec.data.train", spec.data().train(), inputs);
    this.eval =
        spec.data().eval() == null ? null : prompts("spec.data.eval", spec.data().eval(), inputs);
    checkBatches();
    this.plan =
        VStarInputs.plan(
            spec,
            Digests.model(model),
            Digests.file(model.path().resolve("tokenizer.json")),
            model.eosIds(),
            train.prompts(),
            rewards.estimate());
  }

  /**
   * @throws ApoException if anything that the manifest names is missing or does not fit
   */
  public static Session open(Manifest manifest, Launch launch, Reporter reporter, StopSignal stop) {
    return new Session(manifest, launch, reporter, stop);
  }

  private Storage openStorage(String uri) {
    return openStorage(manifest, uri);
  }

  /** Opens a manifest's own storage, and nothing else. */
  public static Storage openStorage(Manifest manifest) {
    return openStorage(manifest, manifest.spec().storage().uri());
  }

  private static Storage openStorage(Manifest manifest, String uri) {
    var s = manifest.spec().storage();
    boolean pathStyle = s.pathStyle() == null ? s.endpoint() != null : s.pathStyle();
    return Storages.open(
        uri,
        new StorageOptions(s.endpoint(), s.region(), pathStyle, caFile()),
        manifest.baseDirectory());
  }

  /** On a cluster the CA's Secret is mounted; the environment says where. */
  private static Path caFile() {
    String file = System.getenv("APO_CA_FILE");
    return file == null ? null : Path.of(file);
  }

  private PromptSet prompts(String field, DatasetSpec dataset, Inputs inputs) {
    var data = manifest.spec().data();
    var examples =
        new Examples(data.promptField(), data.answerField(), PromptTemplate.parse(data.template()));
    List<Example> rows;
    try (DataReader reader = DataReaders.open(inputs.file(dataset.uri()))) {
      rows = examples.read(reader, dataset.limit() == null ? Integer.MAX_VALUE : dataset.limit());
    }
    for (Example row : rows) {
      for (Reward reward : List.of(rewards.estimate(), rewards.train())) {
        try {
          reward.checkAnswer(row.answer());
        } catch (IllegalArgumentException e) {
          throw new ApoException(
              ExitCode.BAD_DATA,
              dataset.uri()
                  + ", row "
                  + (row.row() + 1)
                  + ": the reward "
                  + reward.id()
                  + " could never accept the answer: "
                  + e.getMessage()
                  + ".",
              e);
        }
      }
    }
    return PromptSet.of(field, rows, tokenizer, manifest.spec().sampling().maxPromptTokens());
  }

  private void checkSizes() {
    if (maxLength() > model.config().maxPositions()) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "spec.sampling.maxPromptTokens + maxNewTokens is "
              + maxLength()
              + ", and the model reads at most "
              + model.config().maxPositions()
              + " tokens; lower one of them.");
    }
    if (manifest.spec().data().chatTemplate()) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "spec.data.chatTemplate is not in this version; write the template into spec.data.template.");
    }
  }

  private void checkBatches() {
    int batch = manifest.spec().train().batchSize();
    if (batch > train.prompts().size()) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "spec.train.batchSize is "
              + batch
              + ", and only "
              + train.prompts().size()
              + " prompts are there after the length limit; lower it or give more data.");
    }
  }

  /** {@link System#nanoTime} when opening it began. */
  long opened() {
    return opened;
  }

  public APOTrainingSpec spec() {
    return manifest.spec();
  }

  public Manifest manifest() {
    return manifest;
  }

  public Launch launch() {
    return launch;
  }

  public Reporter reporter() {
    return reporter;
  }

  public StopSignal stop() {
    return stop;
  }

  public Storage storage() {
    return storage;
  }

  /** Stores a record of plain values. */
  public void writeJson(String key, Object value) {
    try {
      storage.write(key, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(value));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of plain values", e);
    }
  }

  public RunKeys keys() {
    return keys;
  }

  public ModelDirectory model() {
    return model;
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  public Rewards rewards() {
    return rewards;
  }

  public PromptSet train() {
    return train;
  }

  /** Held-out prompts, or null if the manifest names none. */
  public PromptSet eval() {
    return eval;
  }

  /** Whether the algorithm needs the optimal values of the prompts. */
  public boolean needsValues() {
    return manifest.spec().algorithm().type() == AlgorithmType.APO;
  }

  public VStarPlan plan() {
    return plan;
  }

  public VStarStore vStarStore() {
    return new VStarStore(storage, plan.key());
  }

  /** Longest sequence, prompt and response, in tokens. */
  public int maxLength() {
    return manifest.spec().sampling().maxPromptTokens() + manifest.spec().sampling().maxNewTokens();
  }

  /** How responses are sampled for the estimate and for training. */
  public SamplingSettings sampling() {
    var s = manifest.spec().sampling();
    return new SamplingSettings(
        new Decoder.Controls(s.temperature(), s.topP(), s.topK()),
        s.maxNewTokens(),
        model.eosIds());
  }

  /** Loads the starting model, which is also the reference policy. */
  public Decoder loadModel(Trainable trainable) {
    return Decoder.load(
        model,
        Precision.valueOf(manifest.spec().train().precision().name()),
        maxLength(),
        trainable);
  }

  @Override
  public void close() {
    tokenizer.close();
    storage.close();
  }
}
