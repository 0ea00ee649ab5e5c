package dev.apo.worker.train;

import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.LoraSpec;
import dev.apo.api.v1alpha1.Precision;
import dev.apo.api.v1alpha1.Preset;
import dev.apo.api.v1alpha1.Schedule;
import dev.apo.api.v1alpha1.TargetModule;
import dev.apo.api.v1alpha1.TrainSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.algorithm.EntropyBonus;
import dev.apo.worker.algorithm.LearningRateSchedule;
import dev.apo.worker.algorithm.Loss;
import dev.apo.worker.algorithm.ValueEstimate;
import dev.apo.worker.data.Batches;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.engine.AdamW;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.Trainable;
import dev.apo.worker.evaluate.Evaluator;
import dev.apo.worker.model.Lora;
import dev.apo.worker.model.ModelExport;
import dev.apo.worker.model.SafetensorsWriter;
import dev.apo.worker.reward.Rewards;
import dev.apo.worker.run.Session;
import dev.apo.worker.sampling.ReplicaSampler;
import dev.apo.worker.sampling.SamplingSettings;
import dev.apo.worker.storage.ArtifactManifest;
import dev.apo.worker.vstar.VStarRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Trains from the newest checkpoint on, with the V* table if the algorithm needs one, and exports
 * the model.
 */
public final class TrainStage {
  /** Tokens of a micro-batch, over which the official preset takes means. */
  private static final int OFFICIAL_MICRO_BATCH_TOKENS = 8192;

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
    var algorithm = Algorithm.of(spec);
    Path work = session.launch().workDirectory().resolve("train");
    Replicas policy = session.loadModel(trainable());
    try (Models models = Models.of(policy, algorithm.loss(), spec.train().seed())) {
      var checkpoints =
          new Checkpoints(
              session.storage(),
              session.keys().checkpoints(),
              work.resolve("checkpoint"),
              spec.train().keepCheckpoints(),
              session.reporter());
      TrainingState start = checkpoints.restore(models.checkpointed()).orElse(TrainingState.START);
      models.weightsChanged();
      if (start.step() > 0) {
        session.reporter().message("Going on from the checkpoint of step " + start.step() + ".");
      }
      try (Journal journal = Journal.open(session, work, start.step(), gauges)) {
        Trainer trainer = trainer(algorithm, models, set, checkpoints, journal);
        TrainingState end = trainer.run(start);
        journal.publish();
        export(policy.first(), work.resolve("model"), end);
        journal.finish();
        return new Outcome(
            end, trainer.samples(), end.step() < trainer.steps(), filtered(set, end.step()));
      }
    }
  }

  private Trainable trainable() {
    LoraSpec lora = spec.train().lora();
    return lora == null ? Trainable.WEIGHTS : Trainable.adapters(adapters(lora));
  }

  private static Lora adapters(LoraSpec lora) {
    List<TargetModule> targets =
        lora.targetModules() == null
            ? List.of(TargetModule.values())
            : lora.targetModules().stream().distinct().sorted().toList();
    return new Lora(
        lora.rank(),
        lora.alpha(),
        targets.stream().map(module -> module.name().toLowerCase(Locale.ROOT)).toList());
  }

  private TrainingSet trainingSet() {
    if (!session.needsValues()) {
      return TrainingSet.withoutValues(session.train().prompts());
    }
    var estimate = new ValueEstimate(spec.algorithm().beta1(), samples());
    List<VStarRow> table = session.vStarStore().read();
    TrainingSet set =
        TrainingSet.of(
            table,
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
    session.writeJson(
        session.keys().values(), ValueSummary.of(table, estimate, set.prompts().size()));
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
      Algorithm algorithm,
      Models models,
      TrainingSet set,
      Checkpoints checkpoints,
      Journal journal) {
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
            new Update.Rates(train.learningRate(), algorithm.criticLearningRate()),
            train.evaluateEvery(),
            train.checkpointEvery(),
            train.earlyStopping() == null ? null : train.earlyStopping().patience());
    var sampler =
        new BatchSampler(
            set.prompts(),
            set.vStar(),
            batches,
            new Rollouts(
                new ReplicaSampler(models.policy(), session.sampling()),
                session.tokenizer(),
                session.rewards().train()),
            algorithm.loss(),
            algorithm.responsesPerPrompt(),
            train.seed());
    return new Trainer(
        plan,
        models,
        batches,
        schedule(steps),
        sampler,
        update(algorithm, models),
        evaluator(session),
        checkpoints,
        journal,
        session.reporter(),
        session.stop());
  }

  private Update update(Algorithm algorithm, Models models) {
    Loss loss = algorithm.loss();
    TrainSpec train = spec.train();
    AdamW adamW = AdamW.of(train.weightDecay(), train.maxGradNorm());
    double temperature = spec.sampling().temperature();
    return new Update(
        models,
        loss,
        new PolicyUpdate(models.policy(), loss, entropy(), adamW, temperature),
        loss.valueLoss()
            .map(valueLoss -> new CriticUpdate(models.critic(), valueLoss, adamW))
            .orElse(null),
        new Update.Settings(
            train.miniBatchSize(),
            algorithm.epochsPerBatch(),
            microBatchTokens(models),
            temperature));
  }

  private int microBatchTokens(Models models) {
    Integer given = spec.train().microBatchTokens();
    if (given != null) {
      return given;
    }
    return isOfficial() ? OFFICIAL_MICRO_BATCH_TOKENS : models.policy().first().microBatchTokens();
  }

  private boolean isOfficial() {
    return spec.preset() == Preset.OFFICIAL;
  }

  private EntropyBonus entropy() {
    boolean official = isOfficial();
    Double given = spec.algorithm().entropyCoefficient();
    double coefficient = given != null ? given : official ? OFFICIAL_ENTROPY : 0;
    return new EntropyBonus(
        coefficient,
        official ? EntropyBonus.Mean.MICRO_BATCH_TOKENS : EntropyBonus.Mean.AS_THE_LOSS);
  }

  private LearningRateSchedule schedule(int steps) {
    TrainSpec train = spec.train();
    LearningRateSchedule schedule =
        train.schedule() == Schedule.COSINE
            ? LearningRateSchedule.cosine(train.warmupSteps(), steps, train.minLearningRateRatio())
            : LearningRateSchedule.constant(train.warmupSteps());
    return isOfficial() ? schedule.withOffset(0) : schedule;
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
    try {
      // An earlier run of the same name may have left files of another model.
      clear(directory);
      SafetensorsWriter.Format format = exportFormat();
      ModelExport.copyCompanions(session.model(), directory, format);
      ModelExport.writeWeights(
          directory.resolve("model.safetensors"),
          decoder.parameters(),
          format,
          decoder::readPolicy);
      if (spec.train().lora() != null) {
        exportAdapters(decoder, directory.resolve("adapter"));
      }
      var parts = new ArrayList<ArtifactManifest.Part>();
      for (Path file : files(directory)) {
        String name = directory.relativize(file).toString().replace('\\', '/');
        parts.add(ArtifactManifest.Part.of(name, file));
        session.storage().upload(session.keys().model() + "/" + name, file);
        Files.delete(file);
      }
      ArtifactManifest.write(
          session.storage(),
          session.keys().model(),
          parts,
          Map.of("step", Integer.toString(state.step())));
    } catch (IOException e) {
      throw FileErrors.explain("write", directory, e);
    }
  }

  /** Beside the model, which has them merged, as PEFT reads them. */
  private void exportAdapters(Decoder decoder, Path directory) throws IOException {
    Files.createDirectories(directory);
    Files.write(
        directory.resolve("adapter_config.json"),
        adapters(spec.train().lora()).peftConfig(spec.model().uri()));
    ModelExport.writeWeights(
        directory.resolve("adapter_model.safetensors"),
        decoder.trained(),
        SafetensorsWriter.Format.F32,
        (parameter, offset, count) ->
            decoder.read(Decoder.State.WEIGHTS, parameter, offset, count));
  }

  /**
   * 16 bits where the model came in 16 bits and was trained in 16 bits: an export is never coarser
   * than the training.
   */
  private SafetensorsWriter.Format exportFormat() {
    boolean half = spec.train().precision() == Precision.BF16 && session.model().isHalfPrecision();
    return half ? SafetensorsWriter.Format.BF16 : SafetensorsWriter.Format.F32;
  }

  private static void clear(Path directory) throws IOException {
    Files.createDirectories(directory);
    for (Path file : files(directory)) {
      Files.delete(file);
    }
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile).sorted(Comparator.comparing(Path::toString)).toList();
    }
  }
}
