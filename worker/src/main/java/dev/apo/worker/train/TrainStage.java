package dev.apo.worker.train;

import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.AlgorithmSpec;
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
import dev.apo.worker.run.Session;
import dev.apo.worker.sampling.ReplicaSampler;
import dev.apo.worker.sampling.SamplingSettings;
import dev.apo.worker.storage.ArtifactManifest;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.vstar.Sample;
import dev.apo.worker.vstar.VStarRow;
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
      TrainingState state, List<Evaluator.Sample> samples, boolean stoppedEarly) {}

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
      try (Journal journal = Journal.open(session, work, start.step(), gauges)) {
        Trainer trainer = trainer(replicas, set, checkpoints, journal);
        TrainingState end = trainer.run(start);
        journal.publish();
        export(replicas.first(), work.resolve("model"), end);
        journal.finish();
        return new Outcome(end, trainer.samples(), end.step() < trainer.steps());
      }
    }
  }

  /** Prompts that are trained on, with their optimal values. */
  private record TrainingSet(List<Prompt> prompts, double[] vStar) {}

  private TrainingSet trainingSet() {
    AlgorithmSpec algorithm = spec.algorithm();
    int samples =
        algorithm.samplesToUse() == null
            ? spec.estimate().samplesPerPrompt()
            : algorithm.samplesToUse();
    var estimate = new ValueEstimate(algorithm.beta1(), samples);
    List<VStarRow> table = session.vStarStore().read();
    var prompts = new ArrayList<Prompt>();
    var values = new ArrayList<Double>();
    var all = new ArrayList<double[]>();
    for (VStarRow row : table) {
      double[] rewards = row.samples().stream().mapToDouble(Sample::reward).toArray();
      all.add(rewards);
      if (!algorithm.filterAllIncorrect() || !estimate.allIncorrect(rewards)) {
        prompts.add(session.train().prompts().get(row.row()));
        values.add(estimate.vStar(rewards));
      }
    }
    int dropped = session.train().prompts().size() - prompts.size();
    if (dropped > 0) {
      session
          .reporter()
          .message("Left out " + dropped + " prompts that the reference policy never solved.");
    }
    if (prompts.size() < spec.train().batchSize()) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "spec.train.batchSize is "
              + spec.train().batchSize()
              + ", and only "
              + prompts.size()
              + " prompts are left by spec.algorithm.filterAllIncorrect; lower it.");
    }
    double[] vStar = all.stream().mapToDouble(estimate::vStar).toArray();
    session.writeJson(session.keys().values(), ValueSummary.of(vStar, all, prompts.size()));
    return new TrainingSet(prompts, values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private Trainer trainer(
      Replicas replicas, TrainingSet set, Checkpoints checkpoints, Journal journal) {
    TrainSpec train = spec.train();
    var batches = new Batches(set.prompts().size(), train.batchSize(), train.seed());
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
        journal,
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
