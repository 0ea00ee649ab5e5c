package dev.apo.worker.train;

import dev.apo.worker.StopSignal;
import dev.apo.worker.algorithm.LearningRateSchedule;
import dev.apo.worker.algorithm.StepMetrics;
import dev.apo.worker.data.Batches;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.data.RandomStream;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.TokenBatch;
import dev.apo.worker.evaluate.Evaluator;
import dev.apo.worker.telemetry.MetricsLog;
import dev.apo.worker.telemetry.Reporter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/**
 * The training loop: sample a batch of responses from the policy, score them, take an optimizer
 * step on each mini-batch; now and then evaluate and save. Everything random is a function of the
 * seed and the step, so a run that goes on from a checkpoint does exactly what an uninterrupted one
 * does.
 */
final class Trainer {
  /**
   * @param steps rollout batches in all
   * @param evaluateEvery steps between evaluations; 0 for none but the first and the last
   * @param checkpointEvery steps between checkpoints
   * @param patience evaluations in a row without a better accuracy after which training stops; null
   *     for never
   */
  record Plan(
      int steps,
      int miniBatchSize,
      double learningRate,
      long seed,
      int evaluateEvery,
      int checkpointEvery,
      Integer patience) {

    /** Whether accuracy has not risen for too long. */
    boolean stopsEarly(TrainingState state) {
      return patience != null && state.evaluationsSinceBest() >= patience;
    }
  }

  private static final String ACCURACY = "val/test_correctness_score";

  /** Keeps the random numbers of rollouts apart from those of shuffling and evaluation. */
  private static final long STREAM = 0x726f6c6c;

  private final Plan plan;
  private final Replicas replicas;
  private final List<Prompt> prompts;
  private final double[] vStar;
  private final Batches batches;
  private final LearningRateSchedule schedule;
  private final Rollouts rollouts;
  private final PolicyUpdate update;
  private final Evaluator evaluator;
  private final Checkpoints checkpoints;
  private final MetricsLog log;
  private final Consumer<Map<String, Double>> gauges;
  private final Runnable publishMetrics;
  private final Reporter reporter;
  private final StopSignal stop;
  private Evaluator.Result lastEvaluation;

  /**
   * @param vStar [prompts] optimal values
   * @param evaluator null if there is no evaluation data
   * @param gauges told the metrics of every step
   * @param publishMetrics called before each checkpoint, so that a resumed run finds the metrics of
   *     its steps
   */
  Trainer(
      Plan plan,
      Replicas replicas,
      List<Prompt> prompts,
      double[] vStar,
      Batches batches,
      LearningRateSchedule schedule,
      Rollouts rollouts,
      PolicyUpdate update,
      Evaluator evaluator,
      Checkpoints checkpoints,
      MetricsLog log,
      Consumer<Map<String, Double>> gauges,
      Runnable publishMetrics,
      Reporter reporter,
      StopSignal stop) {
    this.plan = plan;
    this.replicas = replicas;
    this.prompts = prompts;
    this.vStar = vStar;
    this.batches = batches;
    this.schedule = schedule;
    this.rollouts = rollouts;
    this.update = update;
    this.evaluator = evaluator;
    this.checkpoints = checkpoints;
    this.log = log;
    this.gauges = gauges;
    this.publishMetrics = publishMetrics;
    this.reporter = reporter;
    this.stop = stop;
  }

  /** Goes on from a state until all steps are done; on a stop request it saves first. */
  TrainingState run(TrainingState start) {
    TrainingState state = start;
    reporter.stageStarted("train", plan.steps(), "steps", state.step());
    Map<String, Double> headline = new LinkedHashMap<>();
    if (state.step() == 0) {
      state = evaluateIfDue(state, headline);
      logAccuracyBefore(state);
    } else if (isDue(state)) {
      // Stopped while it evaluated.
      state = finishStep(state, headline);
    }
    while (state.step() < plan.steps() && !plan.stopsEarly(state)) {
      if (stop.requested()) {
        save(state);
        stop.check();
      }
      long began = System.nanoTime();
      List<Rollout> sampled = sample(batches.rows(state.step()), state.step());
      SortedMap<String, Double> metrics = update(state, sampled, seconds(began));
      state =
          state.advanced(
              Batches.miniBatches(batches.rows(state.step()), plan.miniBatchSize()).size(),
              tokens(sampled, TokenBatch.Sequence::responseLength),
              (System.nanoTime() - began) / 1e9);
      headline.put("reward", metrics.get("critic/rewards/mean"));
      log.append(state.step(), metrics);
      gauges.accept(metrics);
      state = finishStep(state, headline);
    }
    if (state.step() < plan.steps()) {
      reporter.message(
          "Stopped after step "
              + state.step()
              + ": "
              + state.evaluationsSinceBest()
              + " evaluations in a row brought no better accuracy (spec.train.earlyStopping).");
    }
    if (evaluator != null && lastEvaluation == null) {
      evaluate(state);
    }
    reporter.stageFinished(headline);
    return state;
  }

  /** The accuracy before training is the metrics of step 0. */
  private void logAccuracyBefore(TrainingState state) {
    if (state.isEvaluated()) {
      log.append(0, Map.of(ACCURACY, state.evaluations().get(0).accuracy()));
    }
  }

  /** What follows a step whose weights and metrics are there: evaluation, progress, checkpoint. */
  private TrainingState finishStep(TrainingState trained, Map<String, Double> headline) {
    TrainingState state = evaluateIfDue(trained, headline);
    if (state != trained) {
      Map<String, Double> accuracy = Map.of(ACCURACY, headline.get("accuracy"));
      log.amend(accuracy);
      gauges.accept(accuracy);
    }
    reporter.advanced(state.step(), headline);
    boolean last = state.step() == plan.steps() || plan.stopsEarly(state);
    boolean best = state.isEvaluated() && state.best().step() == state.step();
    if (last || best || state.step() % plan.checkpointEvery() == 0) {
      save(state);
    }
    return state;
  }

  /** Steps in all, unless it stops early. */
  int steps() {
    return plan.steps();
  }

  /** Responses of the trained policy; none if there is no evaluation data. */
  List<Evaluator.Sample> samples() {
    return lastEvaluation == null ? List.of() : lastEvaluation.samples();
  }

  private void save(TrainingState state) {
    publishMetrics.run();
    checkpoints.save(replicas.first(), state);
  }

  private boolean isDue(TrainingState state) {
    boolean due =
        state.step() == 0
            || state.step() == plan.steps()
            || plan.evaluateEvery() > 0 && state.step() % plan.evaluateEvery() == 0;
    return evaluator != null && due && !state.isEvaluated();
  }

  /** Evaluates; if that is interrupted, the weights are saved first, and evaluated later. */
  private void evaluate(TrainingState state) {
    reporter.partStarted("evaluate", evaluator.responses(), "responses");
    lastEvaluation =
        evaluator.evaluate(
            replicas,
            ended -> {
              if (stop.requested()) {
                save(state);
                stop.check();
              }
              reporter.partAdvanced(ended);
            });
    reporter.partFinished();
  }

  private TrainingState evaluateIfDue(TrainingState state, Map<String, Double> headline) {
    if (!isDue(state)) {
      return state;
    }
    long began = System.nanoTime();
    evaluate(state);
    headline.put("accuracy", lastEvaluation.accuracy());
    return state.evaluated(lastEvaluation.accuracy(), seconds(began));
  }

  /** The optimizer steps on one rollout batch; the step's metrics, named as verl names them. */
  private SortedMap<String, Double> update(
      TrainingState state, List<Rollout> sampled, double sampleSeconds) {
    long began = System.nanoTime();
    var metrics = new StepMetrics();
    double rate = plan.learningRate() * schedule.factor(state.step());
    int optimizerStep = state.optimizerStep();
    double gradNorm = 0;
    int miniBatches = 0;
    for (int from = 0; from < sampled.size(); from += plan.miniBatchSize()) {
      List<Rollout> miniBatch =
          sampled.subList(from, Math.min(sampled.size(), from + plan.miniBatchSize()));
      gradNorm += update.apply(miniBatch, ++optimizerStep, rate, metrics);
      miniBatches++;
    }
    addRolloutMetrics(metrics, sampled);
    SortedMap<String, Double> summary = metrics.summary(miniBatches);
    summary.put("actor/grad_norm", gradNorm / miniBatches);
    summary.put("actor/lr", rate);
    summary.put(
        "perf/total_num_tokens", (double) tokens(sampled, sequence -> sequence.tokens().length));
    summary.put(
        "response_length/clip_ratio",
        sampled.stream().mapToInt(r -> r.truncated() ? 1 : 0).average().orElse(0));
    summary.put("timing_s/gen", sampleSeconds);
    summary.put("timing_s/update_actor", seconds(began));
    summary.put("training/epoch", (double) batches.epoch(state.step()));
    return summary;
  }

  private List<Rollout> sample(int[] rows, int step) {
    var batch = new ArrayList<Prompt>();
    double[] values = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      batch.add(prompts.get(rows[i]));
      values[i] = vStar[rows[i]];
    }
    return rollouts.sample(batch, values, seeds(plan.seed(), step, rows));
  }

  /**
   * The seed of each response of a batch. A row that the batch has more than once gets another
   * response each time.
   */
  static long[] seeds(long seed, int step, int[] rows) {
    Map<Integer, Integer> times = new HashMap<>();
    long[] seeds = new long[rows.length];
    for (int i = 0; i < rows.length; i++) {
      int before = times.merge(rows[i], 1, Integer::sum) - 1;
      RandomStream stream =
          before == 0
              ? RandomStream.of(seed, STREAM, step, rows[i])
              : RandomStream.of(seed, STREAM, step, rows[i], before);
      seeds[i] = stream.key();
    }
    return seeds;
  }

  private static void addRolloutMetrics(StepMetrics metrics, List<Rollout> sampled) {
    metrics.add("critic/rewards", sampled.stream().mapToDouble(Rollout::reward).toArray());
    metrics.add(
        "response_length",
        sampled.stream().mapToDouble(r -> r.sequence().responseLength()).toArray());
    metrics.add(
        "prompt_length", sampled.stream().mapToDouble(r -> r.sequence().promptLength()).toArray());
  }

  private static long tokens(List<Rollout> sampled, ToIntFunction<TokenBatch.Sequence> count) {
    return sampled.stream().mapToLong(r -> count.applyAsInt(r.sequence())).sum();
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }
}
