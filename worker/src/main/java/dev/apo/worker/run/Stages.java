package dev.apo.worker.run;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.cost.Cost;
import dev.apo.worker.cost.Machine;
import dev.apo.worker.cost.UsageMeter;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.Trainable;
import dev.apo.worker.estimate.VStarInputs;
import dev.apo.worker.estimate.ValueEstimator;
import dev.apo.worker.evaluate.Evaluator;
import dev.apo.worker.manifest.DecidingParts;
import dev.apo.worker.report.Report;
import dev.apo.worker.reward.Candidate;
import dev.apo.worker.storage.ArtifactManifest;
import dev.apo.worker.storage.SealedJson;
import dev.apo.worker.storage.StoredObject;
import dev.apo.worker.train.Filtered;
import dev.apo.worker.train.TrainStage;
import dev.apo.worker.train.TrainingState;
import dev.apo.worker.vstar.GivenTable;
import dev.apo.worker.vstar.VStarStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The stages of a run, each of which can be repeated: what is finished is found and not done again.
 */
public final class Stages {
  private final Session session;
  private long began;

  public Stages(Session session) {
    this.session = session;
    // Opening the session is the first stage's work.
    this.began = session.opened();
  }

  /** Does a stage's work and notes what it used, also if it fails. */
  private <T> T metered(String stage, Machine machine, Supplier<T> work) {
    var meter =
        new UsageMeter(
            session.storage(),
            session.keys().usage() + "/" + stage + ".json",
            machine,
            session.spec().runPolicy().price(),
            began);
    try {
      return work.get();
    } finally {
      meter.close();
      began = System.nanoTime();
    }
  }

  /** What the run took so far. */
  public Cost cost() {
    return Cost.read(session.storage(), session.keys().usage());
  }

  /**
   * What prepare found.
   *
   * @param vstarKey of the table that this run needs; null if the algorithm needs none
   * @param vstarComplete whether it is there already
   * @param prompts prompts to train on
   * @param promptsTooLong prompts dropped for their length
   * @param blocks number of blocks that shards share
   * @param parameters number of weights of the model
   */
  public record Prepared(
      String vstarKey,
      boolean vstarComplete,
      int prompts,
      int promptsTooLong,
      int evalPrompts,
      int evalPromptsTooLong,
      int blocks,
      long parameters) {}

  /**
   * Tries the reward service, if there is one, and records what the run is started with. The
   * session has checked everything else.
   *
   * @param fresh forget an earlier run of this name; its V* table stays
   * @throws ApoException BAD_MANIFEST if an earlier run of this name was started with another
   *     manifest; UNAVAILABLE and others if the reward service does not do its work
   */
  public Prepared prepare(boolean fresh) {
    checkServices();
    if (fresh) {
      forget();
    }
    session.storage().tidy(session.keys().root());
    session.storage().tidy("vstar/" + session.plan().key());
    return metered("prepare", Machine.withoutGpu(), this::prepare);
  }

  private Prepared prepare() {
    remember();
    VStarStore store = session.vStarStore();
    takeGivenTable(store);
    var prepared =
        new Prepared(
            session.needsValues() ? session.plan().key() : null,
            session.needsValues() && store.isWhole(),
            session.train().prompts().size(),
            session.train().dropped(),
            session.eval() == null ? 0 : session.eval().prompts().size(),
            session.eval() == null ? 0 : session.eval().dropped(),
            session.plan().blocks().size(),
            session.model().config().parameterCount());
    session.writeJson(session.keys().prepared(), prepared);
    if (prepared.promptsTooLong() + prepared.evalPromptsTooLong() > 0) {
      session
          .reporter()
          .message(
              "Dropped "
                  + prepared.promptsTooLong()
                  + " training and "
                  + prepared.evalPromptsTooLong()
                  + " evaluation prompts of more than "
                  + session.spec().sampling().maxPromptTokens()
                  + " tokens (spec.sampling.maxPromptTokens).");
    }
    return prepared;
  }

  /** From here on, a table that the manifest gives is one that was found complete. */
  private void takeGivenTable(VStarStore store) {
    if (session.spec().estimate().table() == null || store.isWhole()) {
      return;
    }
    GivenTable table = session.givenTable();
    store.writeAll(session.plan(), table.rows());
    session
        .reporter()
        .message(
            "Took the V* table from "
                + session.spec().estimate().table().uri()
                + ": "
                + table.rows().size()
                + " prompts, "
                + session.plan().samplesPerPrompt()
                + " responses each; "
                + table.unused()
                + " of its rows belong to none of the prompts.");
  }

  /** A reward service that is not there should cost no GPU. */
  private void checkServices() {
    Prompt first = session.train().prompts().get(0);
    var example = new Candidate(first.text(), first.answer(), first.answer(), 1, false);
    session.rewards().estimate().checkService(example);
  }

  private void forget() {
    String root = session.keys().root();
    // What declares something complete goes first: a kill in between must not leave it alone.
    session.storage().list(root).stream()
        .map(StoredObject::key)
        .sorted(
            Comparator.comparing(
                (String key) ->
                    !key.equals(session.keys().result()) && !key.endsWith("/manifest.json")))
        .forEach(session.storage()::delete);
  }

  /** Writes down what the run is started with, or compares with what it was started with. */
  private void remember() {
    rememberSpec();
    rememberInputs();
    rememberCommits();
  }

  /** The same addresses may hold another model or other data by now. */
  private void rememberInputs() {
    Map<String, String> now = new TreeMap<>();
    for (String input : List.of("model", "tokenizer", "prompts")) {
      now.put(input, session.plan().inputs().get(input));
    }
    now.put("tokens that end a response", session.plan().inputs().get("eos"));
    if (session.plan().inputs().containsKey(VStarInputs.TABLE)) {
      now.put("V* table", session.plan().inputs().get(VStarInputs.TABLE));
    }
    if (session.eval() != null) {
      now.put("evaluation prompts", VStarInputs.digest(session.eval().prompts()));
    }
    String key = session.keys().inputs();
    if (session.storage().stat(key).isEmpty()) {
      session.writeJson(key, now);
      return;
    }
    Map<?, ?> before = read(key, Map.class);
    if (before.get("model") == null) {
      throw damaged(key, null);
    }
    // What an earlier version did not record cannot be compared.
    List<String> changed =
        now.keySet().stream()
            .filter(before::containsKey)
            .filter(name -> !now.get(name).equals(before.get(name)))
            .toList();
    if (!changed.isEmpty()) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "The run "
              + session.keys().name()
              + " was started with other content behind the same addresses (changed: "
              + String.join(", ", changed)
              + "). Give it another name, or start anew with --fresh.");
    }
  }

  /** A branch may move; the run stays with what it was started with. */
  private void rememberCommits() {
    if (!session.commits().isEmpty()) {
      session.writeJson(session.keys().commits(), session.commits());
    }
  }

  private void rememberSpec() {
    String spec = DecidingParts.json(session.spec());
    String key = session.keys().spec();
    if (session.storage().stat(key).isEmpty()) {
      session.storage().write(key, spec.getBytes(StandardCharsets.UTF_8));
      return;
    }
    List<String> changes;
    try {
      changes =
          DecidingParts.changes(
              new String(session.storage().read(key), StandardCharsets.UTF_8), spec);
    } catch (IllegalArgumentException e) {
      throw damaged(key, e);
    }
    if (!changes.isEmpty()) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "The run "
              + session.keys().name()
              + " was started with another manifest: "
              + String.join("; ", changes)
              + ". Give it another name, or start anew with --fresh (the V* table is kept).");
    }
  }

  /** Whether a table was found, and what was sampled for it now. */
  public record Estimated(boolean reused, int responsesGenerated) {}

  /**
   * Samples what is missing of the blocks of one shard; the last shard to finish completes the
   * table.
   *
   * @throws ApoException USAGE if there is no such shard
   */
  public Estimated estimate(int shard, int shards) {
    if (shard < 0 || shard >= shards) {
      throw new ApoException(
          ExitCode.USAGE,
          "There is no shard "
              + shard
              + " of "
              + shards
              + "; JOB_COMPLETION_INDEX must be from 0 to "
              + (shards - 1)
              + ".");
    }
    remember();
    if (!session.needsValues()) {
      session
          .reporter()
          .message(session.spec().algorithm().type() + " needs no V* table: no estimate is made.");
      return new Estimated(false, 0);
    }
    VStarStore store = session.vStarStore();
    takeGivenTable(store);
    if (store.isWhole()) {
      session
          .reporter()
          .message(
              "The V* table "
                  + session.plan().key().substring(0, 12)
                  + " is there already: no response is sampled.");
      return new Estimated(true, 0);
    }
    return metered(
        "estimate-%05d".formatted(shard), Machine.ofEngine(), () -> sample(store, shard, shards));
  }

  private Estimated sample(VStarStore store, int shard, int shards) {
    store.writePlan(session.plan());
    int sampled;
    try (Replicas replicas = session.loadModel(Trainable.NOTHING)) {
      sampled =
          new ValueEstimator(
                  store,
                  session.plan(),
                  session.train().prompts(),
                  session.tokenizer(),
                  session.rewards().estimate(),
                  session.sampling(),
                  session.reporter(),
                  session.stop())
              .run(replicas, shard, shards);
    }
    store.complete();
    return new Estimated(false, sampled);
  }

  /**
   * What training came to.
   *
   * @param samples some responses of the trained model to evaluation prompts
   * @param stoppedEarly whether it ended before its last step for want of a better accuracy; null
   *     in what an earlier version wrote
   * @param filtered what filters from the V* table left out and saved; null in what an earlier
   *     version wrote
   * @param cost what the run took; null in what an earlier version wrote
   */
  public record Trained(
      TrainingState state,
      List<Evaluator.Sample> samples,
      Boolean stoppedEarly,
      Filtered filtered,
      Cost cost) {}

  /** Trains from the newest checkpoint on; a run that is complete is not trained again. */
  public Trained train(Consumer<Map<String, Double>> gauges) {
    remember();
    String key = session.keys().result();
    if (session.storage().stat(key).isPresent()
        && ArtifactManifest.isWhole(
            session.storage(),
            session.keys().model(),
            damage -> session.reporter().message("The model is exported again: " + damage))) {
      Trained trained = result(key);
      session.reporter().message("The run is complete already; --fresh starts it anew.");
      if (session.storage().stat(session.keys().report()).isEmpty()) {
        writeReport();
      }
      return trained;
    }
    TrainStage.Outcome outcome =
        metered(
            "train",
            Machine.ofEngine(),
            () -> {
              TrainStage.Outcome now = new TrainStage(session, gauges).run();
              session.storage().write(session.keys().samples(), lines(now.samples()));
              return now;
            });
    var trained =
        new Trained(
            outcome.state(),
            outcome.samples().stream().limit(50).toList(),
            outcome.stoppedEarly(),
            outcome.filtered(),
            cost());
    session.storage().write(key, SealedJson.write(trained));
    writeReport();
    return trained;
  }

  private Trained result(String key) {
    Trained trained;
    try {
      trained = SealedJson.read(session.storage().read(key), Trained.class);
    } catch (IOException e) {
      throw damaged(key, e);
    }
    if (trained.state() == null
        || trained.state().evaluations() == null
        || trained.samples() == null) {
      throw damaged(key, null);
    }
    return trained;
  }

  private void writeReport() {
    Report.write(session.storage(), session.keys().root());
  }

  private <T> T read(String key, Class<T> type) {
    try {
      T value = Session.JSON.readValue(session.storage().read(key), type);
      if (value == null) {
        throw damaged(key, null);
      }
      return value;
    } catch (IOException e) {
      throw damaged(key, e);
    }
  }

  private ApoException damaged(String key, Exception cause) {
    return new ApoException(
        ExitCode.BAD_ARTIFACT,
        session.storage().uri(key) + " is damaged; delete it and run the same command again.",
        cause);
  }

  private static byte[] lines(List<Evaluator.Sample> samples) {
    var text = new StringBuilder();
    for (Evaluator.Sample sample : samples) {
      try {
        text.append(Session.JSON.writeValueAsString(sample)).append('\n');
      } catch (IOException e) {
        throw new IllegalStateException("a record of plain values", e);
      }
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
