package dev.apo.worker.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.AlgorithmType;
import dev.apo.api.v1alpha1.DatasetSpec;
import dev.apo.api.v1alpha1.TableSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.StopSignal;
import dev.apo.worker.data.DataFile;
import dev.apo.worker.data.DataReader;
import dev.apo.worker.data.DataReaders;
import dev.apo.worker.data.Example;
import dev.apo.worker.data.Examples;
import dev.apo.worker.data.PromptSet;
import dev.apo.worker.data.PromptTemplate;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.Trainable;
import dev.apo.worker.estimate.VStarInputs;
import dev.apo.worker.hub.HubFiles;
import dev.apo.worker.manifest.Manifest;
import dev.apo.worker.model.ChatTemplate;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.model.PromptFormat;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.reward.Reward;
import dev.apo.worker.reward.Rewards;
import dev.apo.worker.sampling.SamplingSettings;
import dev.apo.worker.storage.Patience;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StorageOptions;
import dev.apo.worker.storage.Storages;
import dev.apo.worker.telemetry.Reporter;
import dev.apo.worker.vstar.GivenTable;
import dev.apo.worker.vstar.VStarPlan;
import dev.apo.worker.vstar.VStarStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

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
  private final List<DataFile> table;
  private final VStarPlan plan;
  private final HubFiles hub;

  private Session(
      Manifest manifest, Launch launch, boolean fresh, Reporter reporter, StopSignal stop) {
    APOTrainingSpec spec = manifest.spec();
    this.manifest = manifest;
    this.launch = launch;
    this.reporter = reporter;
    this.stop = stop;
    this.keys = new RunKeys(manifest.namespace(), manifest.name(), launch.uid());
    this.storage = openStorage(manifest.spec().storage().uri());
    Path cache = launch.workDirectory().resolve("inputs");
    this.hub =
        new HubFiles(
            cache, System.getenv(), fresh ? Map.of() : recordedCommits(), reporter::message);
    var inputs =
        new Inputs(manifest.baseDirectory(), cache, this::openStorage, hub, reporter::message);
    this.model = ModelDirectory.open(inputs.model(spec.model()));
    model.checkWeights();
    checkSizes();
    this.tokenizer = Tokenizer.load(model);
    this.rewards = Rewards.of(spec, System.getenv("APO_REWARD_TOKEN"));
    this.train = prompts("spec.data.train", spec.data().train(), inputs);
    this.eval =
        spec.data().eval() == null ? null : prompts("spec.data.eval", spec.data().eval(), inputs);
    checkBatches();
    this.table = table(inputs);
    this.plan =
        VStarInputs.plan(
            spec,
            Digests.model(model),
            Digests.file(model.path().resolve("tokenizer.json")),
            model.eosIds(),
            train.prompts(),
            rewards.estimate(),
            table.isEmpty() ? null : Digests.data(table));
  }

  /**
   * @throws ApoException if anything that the manifest names is missing or does not fit
   */
  public static Session open(Manifest manifest, Launch launch, Reporter reporter, StopSignal stop) {
    return new Session(manifest, launch, false, reporter, stop);
  }

  /** The same for a run that begins anew: branches on the hub may have moved. */
  public static Session openFresh(
      Manifest manifest, Launch launch, Reporter reporter, StopSignal stop) {
    return new Session(manifest, launch, true, reporter, stop);
  }

  private Map<String, String> recordedCommits() {
    String key = keys.commits();
    if (storage.stat(key).isEmpty()) {
      return Map.of();
    }
    try {
      return JSON.readValue(storage.read(key), new TypeReference<Map<String, String>>() {});
    } catch (IOException e) {
      throw new ApoException(
          ExitCode.BAD_ARTIFACT,
          storage.uri(key) + " is damaged; delete it and run the same command again.",
          e);
    }
  }

  private Storage openStorage(String uri) {
    int seconds =
        Launch.number(
            System.getenv(), Patience.VARIABLE, (int) Patience.DEFAULT_LONGEST.toSeconds());
    return openStorage(
        manifest,
        uri,
        new Patience(
            Duration.ofSeconds(seconds), reporter::waiting, reporter::goingOn, stop::requested));
  }

  /** Opens a manifest's own storage, and nothing else. */
  public static Storage openStorage(Manifest manifest) {
    return openStorage(manifest, manifest.spec().storage().uri(), Patience.DEFAULT);
  }

  private static Storage openStorage(Manifest manifest, String uri, Patience patience) {
    var s = manifest.spec().storage();
    boolean pathStyle = s.pathStyle() == null ? s.endpoint() != null : s.pathStyle();
    return Storages.open(
        uri,
        new StorageOptions(s.endpoint(), s.region(), pathStyle, caFile()),
        manifest.baseDirectory(),
        patience);
  }

  /** On a cluster the CA's Secret is mounted; the environment says where. */
  private static Path caFile() {
    String file = System.getenv("APO_CA_FILE");
    return file == null ? null : Path.of(file);
  }

  private List<DataFile> table(Inputs inputs) {
    TableSpec given = manifest.spec().estimate().table();
    return given == null ? List.of() : inputs.files("spec.estimate.table", List.of(given.uri()));
  }

  private PromptSet prompts(String field, DatasetSpec dataset, Inputs inputs) {
    var data = manifest.spec().data();
    var examples =
        new Examples(data.promptField(), data.answerField(), PromptTemplate.parse(data.template()));
    List<Example> rows;
    List<DataFile> files = inputs.files(field, dataset.addresses());
    String name = String.join(", ", dataset.addresses());
    try (DataReader reader = DataReaders.open(name, files, dataset.format())) {
      rows = examples.read(reader, dataset.limit() == null ? Integer.MAX_VALUE : dataset.limit());
    }
    for (Example row : rows) {
      for (Reward reward : List.of(rewards.estimate(), rewards.train())) {
        try {
          reward.checkAnswer(row.answer());
        } catch (IllegalArgumentException e) {
          throw new ApoException(
              ExitCode.BAD_DATA,
              row.place()
                  + ": the reward "
                  + reward.id()
                  + " could never accept the answer: "
                  + e.getMessage()
                  + ".",
              e);
        }
      }
    }
    return PromptSet.of(field, rows, format(), manifest.spec().sampling().maxPromptTokens());
  }

  private PromptFormat format() {
    var data = manifest.spec().data();
    return data.chatTemplate()
        ? new PromptFormat(tokenizer, ChatTemplate.load(model), data.systemPrompt())
        : PromptFormat.plain(tokenizer);
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

  /** The commits that the manifest's revisions on the hub stand for. */
  public Map<String, String> commits() {
    return hub.commits();
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

  /**
   * The table that the manifest gives instead of sampling one.
   *
   * @throws ApoException BAD_DATA if it does not fit the prompts
   */
  GivenTable givenTable() {
    var estimate = manifest.spec().estimate();
    TableSpec given = estimate.table();
    try (DataReader reader = DataReaders.open(given.uri(), table, given.format())) {
      return GivenTable.read(reader, given, train.prompts(), estimate.samplesPerPrompt());
    }
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
  public Replicas loadModel(Trainable trainable) {
    Precision asked = Precision.valueOf(manifest.spec().train().precision().name());
    Replicas replicas = Replicas.load(model, asked, maxLength(), trainable, launch.devices());
    Precision used = replicas.first().precision();
    if (used != asked) {
      reporter.message("This processor has no arithmetic in " + asked + ": " + used + " is used.");
    }
    return replicas;
  }

  @Override
  public void close() {
    tokenizer.close();
    storage.close();
  }
}
