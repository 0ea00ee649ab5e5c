package dev.apo.worker.train;

import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.Precision;
import dev.apo.api.v1alpha1.Preset;
import dev.apo.api.v1alpha1.Schedule;
import dev.apo.api.v1alpha1.TrainSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.algorithm.AStarPo;
import dev.apo.worker.algorithm.EntropyBonus;
import dev.apo.worker.algorithm.LearningRateSchedule;
import dev.apo.worker.algorithm.Loss;
import dev.apo.worker.algorithm.ValueEstimate;
import dev.apo.worker.data.Batches;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.engine.AdamW;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.evaluate.Evaluator;
import dev.apo.worker.model.ModelExport;
import dev.apo.worker.model.SafetensorsWriter;
import dev.apo.worker.reward.Rewards;
import dev.apo.worker.run.Session;
import dev.apo.worker.sampling.ReplicaSampler;
import dev.apo.worker.sampling.SamplingSettings;
import dev.apo.worker.storage.ArtifactManifest;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.telemetry.MetricsLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Stage 2 of A*-PO: reads the V* table, trains from the newest checkpoint on, exports the model.
 */
public final class TrainStage {
  /** Tokens of one micro-batch where the manifest names no number. */
  private static final int MICRO_BATCH_TOKENS = 8192;

  /** The entropy bonus of the released code, which the paper does not have. */
  private static final double OFFICIAL_ENTROPY = 0.001;

  private final Session session;
  private final APOTrainingSpec spec;
  private final Consumer<Map<String, Double>> gauges;

  /**
   * @param gauges told the metrics of every step
   */
  public TrainStage(Session session, Consumer<Map<String, Double>> gauges) {
    this.session = session;
    this.spec = session.spec();
    this.gauges = gauges;
  }

  /**
   * What training came to.
   *
   * @param samples responses of the trained model to evaluation prompts
   * @param stoppedEarly whether it ended before its last step for want of a better accuracy
   */
  public record Outcome(
      TrainingState state,
      List<Evaluator.Sample> samples,
      boolean stoppedEarly,
      Filtered filtered) {}

  /**
   * @throws ApoException BAD_ARTIFACT if the V* table is missing or damaged, or no checkpoint is
   *     whole
   */
  public Outcome run() {
    TrainingSet set = trainingSet();
    Path work = session.launch().workDirectory().resolve("train");
    try (Replicas replicas = Replicas.of(session.loadModel())) {
      replicas.freezeReference();
      replicas.prepareTraining();
      var checkpoints =
          new Checkpoints(
              session.storage(),
              session.keys().checkpoints(),
              work.resolve("checkpoint"),
              spec.train().keepCheckpoints(),
              session.reporter());
      TrainingState start = checkpoints.restore(replicas.first()).orElse(TrainingState.START);
      replicas.weightsChanged();
      if (start.step() > 0) {
        session.reporter().message("Going on from the checkpoint of step " + start.step() + ".");
      }
      Path metrics = work.resolve("metrics.jsonl");
      fetchMetrics(metrics, start.step());
      try (MetricsLog log = MetricsLog.open(metrics, start.step() == 0 ? -1 : start.step())) {
        Trainer trainer = trainer(replicas, set, checkpoints, log, () -> publish(metrics));
        TrainingState end = trainer.run(start);
        publish(metrics);
        export(replicas.first(), work.resolve("model"), end);
        return new Outcome(
            end, trainer.samples(), end.step() < trainer.steps(), filtered(set, end.step()));
      }
    }
  }

  private void publish(Path metrics) {
    session.storage().upload(session.keys().metrics(), metrics);
  }

  /** The metrics of finished steps come back with the checkpoint. */
  private void fetchMetrics(Path local, int resumedStep) {
    if (resumedStep > 0 && session.storage().stat(session.keys().metrics()).isPresent()) {
      session.storage().download(session.keys().metrics(), local);
    }
  }

  private TrainingSet trainingSet() {
    var estimate = new ValueEstimate(spec.algorithm().beta1(), samples());
    TrainingSet set =
        TrainingSet.of(
            session.vStarStore().read(),
            session.train().prompts(),
            estimate,
            spec.algorithm(),
            Rewards.right(spec.reward()));
    if (set.filtered() > 0) {
      session
          .reporter()
          .message(
              "Left out "
                  + filtered(set, 0).words()
                  + " by the reference policy, of "
                  + session.train().prompts().size()
                  + ".");
    }
    if (set.prompts().size() < spec.train().batchSize()) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "spec.train.batchSize is "
              + spec.train().batchSize()
              + ", and only "
              + set.prompts().size()
              + " prompts are left by the filters of spec.algorithm; lower it, or switch a filter off.");
    }
    return set;
  }

  /** How many responses a prompt's value comes from. */
  private int samples() {
    Integer used = spec.algorithm().samplesToUse();
    return used == null ? spec.estimate().samplesPerPrompt() : used;
  }

  private Filtered filtered(TrainingSet set, int steps) {
    int batch = spec.train().batchSize();
    long perEpoch = set.prompts().size() / batch;
    long unfiltered = session.train().prompts().size() / batch;
    long saved =
        spec.train().steps() != null || perEpoch == 0
            ? 0
            : steps * (unfiltered - perEpoch) * batch / perEpoch;
    return new Filtered(set.neverSolved(), set.alwaysSolved(), saved);
  }

  private Trainer trainer(
      Replicas replicas,
      TrainingSet set,
      Checkpoints checkpoints,
      MetricsLog log,
      Runnable publishMetrics) {
    TrainSpec train = spec.train();
    var batches =
        new Batches(
            set.prompts().size(),
            train.batchSize(),
            set.order(spec.algorithm(), samples(), train.seed()));
    int steps = train.steps() != null ? train.steps() : batches.steps(train.epochs());
    var plan =
        new Trainer.Plan(
            steps,
            train.miniBatchSize(),
            train.learningRate(),
            train.seed(),
            train.evaluateEvery(),
            train.checkpointEvery(),
            train.earlyStopping() == null ? null : train.earlyStopping().patience());
    var update =
        new PolicyUpdate(
            replicas,
            loss(),
            entropy(),
            AdamW.of(train.weightDecay(), train.maxGradNorm()),
            spec.sampling().temperature(),
            train.microBatchTokens() == null ? MICRO_BATCH_TOKENS : train.microBatchTokens());
    var rollouts =
        new Rollouts(
            new ReplicaSampler(replicas, session.sampling()),
            session.tokenizer(),
            session.rewards().train());
    return new Trainer(
        plan,
        replicas,
        set.prompts(),
        set.vStar(),
        batches,
        schedule(steps),
        rollouts,
        update,
        evaluator(session),
        checkpoints,
        log,
        gauges,
        publishMetrics,
        session.reporter(),
        session.stop());
  }

  private Loss loss() {
    return switch (spec.algorithm().type()) {
      case APO -> new AStarPo(spec.algorithm().beta2());
    };
  }

  private EntropyBonus entropy() {
    boolean official = spec.preset() == Preset.OFFICIAL;
    Double given = spec.algorithm().entropyCoefficient();
    double coefficient = given != null ? given : official ? OFFICIAL_ENTROPY : 0;
    return new EntropyBonus(
        coefficient,
        official ? EntropyBonus.Mean.MICRO_BATCH_TOKENS : EntropyBonus.Mean.MINI_BATCH_TOKENS);
  }

  private LearningRateSchedule schedule(int steps) {
    TrainSpec train = spec.train();
    LearningRateSchedule schedule =
        train.schedule() == Schedule.COSINE
            ? LearningRateSchedule.cosine(train.warmupSteps(), steps, train.minLearningRateRatio())
            : LearningRateSchedule.constant(train.warmupSteps());
    return spec.preset() == Preset.OFFICIAL ? schedule.withOffset(0) : schedule;
  }

  /** Measures accuracy as the manifest says, or null if it names no evaluation data. */
  public static Evaluator evaluator(Session session) {
    if (session.eval() == null) {
      return null;
    }
    var evaluate = session.spec().evaluate();
    List<Prompt> prompts = session.eval().prompts();
    if (evaluate.limit() != null && evaluate.limit() < prompts.size()) {
      prompts = prompts.subList(0, evaluate.limit());
    }
    var controls =
        new Decoder.Controls(
            evaluate.temperature(),
            session.spec().sampling().topP(),
            session.spec().sampling().topK());
    return new Evaluator(
        prompts,
        evaluate.samples(),
        session.spec().train().seed(),
        session.tokenizer(),
        session.rewards().accuracy(),
        new SamplingSettings(
            controls, session.spec().sampling().maxNewTokens(), session.model().eosIds()));
  }

  private void export(Decoder decoder, Path directory, TrainingState state) {
    Storage storage = session.storage();
    String key = session.keys().model();
    try {
      Files.createDirectories(directory);
      // An earlier run of the same name may have left files of another model.
      for (Path file : files(directory)) {
        Files.delete(file);
      }
      SafetensorsWriter.Format format = exportFormat();
      ModelExport.copyCompanions(session.model(), directory, format);
      ModelExport.writeWeights(
          directory.resolve("model.safetensors"),
          decoder.parameters(),
          format,
          (parameter, offset, count) ->
              decoder.read(Decoder.State.WEIGHTS, parameter, offset, count));
      var parts = new ArrayList<ArtifactManifest.Part>();
      for (Path file : files(directory)) {
        parts.add(ArtifactManifest.Part.of(file.getFileName().toString(), file));
        storage.upload(key + "/" + file.getFileName(), file);
        Files.delete(file);
      }
      ArtifactManifest.write(storage, key, parts, Map.of("step", Integer.toString(state.step())));
    } catch (IOException e) {
      throw FileErrors.explain("write", directory, e);
    }
  }

  /**
   * 16 bits where the model came in 16 bits and was trained in 16 bits: an export is never coarser
   * than the training.
   */
  private SafetensorsWriter.Format exportFormat() {
    boolean half = spec.train().precision() == Precision.BF16 && session.model().isHalfPrecision();
    return half ? SafetensorsWriter.Format.BF16 : SafetensorsWriter.Format.F32;
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.sorted(Comparator.comparing(Path::toString)).toList();
    }
  }
}
