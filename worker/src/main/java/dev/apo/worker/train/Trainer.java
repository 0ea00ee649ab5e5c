package dev.apo.worker.train;

import dev.apo.worker.StopSignal;
import dev.apo.worker.algorithm.LearningRateSchedule;
import dev.apo.worker.algorithm.StepMetrics;
import dev.apo.worker.data.Batches;
import dev.apo.worker.evaluate.Evaluator;
import dev.apo.worker.telemetry.Reporter;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * The training loop: sample a batch of responses from the policy, score them, take an optimizer
 * step on each mini-batch; now and then evaluate and save. Everything random is a function of the
 * seed and the step, so a run that goes on from a checkpoint does exactly what an uninterrupted one
 * does.
 */
final class Trainer {
  /**
   * @param steps rollout batches in all
   * @param rates learning rates, which follow the schedule
   * @param evaluateEvery steps between evaluations; 0 for none but the first and the last
   * @param checkpointEvery steps between checkpoints
   * @param patience evaluations in a row without a better accuracy after which training stops; null
   *     for never
   */
  record Plan(
      int steps, Update.Rates rates, int evaluateEvery, int checkpointEvery, Integer patience) {

    /** Whether accuracy has not risen for too long. */
    boolean stopsEarly(TrainingState state) {
      return patience != null && state.evaluationsSinceBest() >= patience;
    }
  }

  private static final String ACCURACY = "val/test_correctness_score";

  private final Plan plan;
  private final Models models;
  private final Batches batches;
  private final LearningRateSchedule schedule;
  private final BatchSampler sampler;
  private final Update update;
  private final Evaluator evaluator;
  private final Checkpoints checkpoints;
  private final Journal journal;
  private final Reporter reporter;
  private final StopSignal stop;
  private Evaluator.Result lastEvaluation;

  /**
   * @param evaluator null if there is no evaluation data
   */
  Trainer(
      Plan plan,
      Models models,
      Batches batches,
      LearningRateSchedule schedule,
      BatchSampler sampler,
      Update update,
      Evaluator evaluator,
      Checkpoints checkpoints,
      Journal journal,
      Reporter reporter,
      StopSignal stop) {
    this.plan = plan;
    this.models = models;
    this.batches = batches;
    this.schedule = schedule;
    this.sampler = sampler;
    this.update = update;
    this.evaluator = evaluator;
    this.checkpoints = checkpoints;
    this.journal = journal;
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
      state = step(state, headline);
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
      journal.append(0, Map.of(ACCURACY, state.evaluations().get(0).accuracy()), List.of());
    }
  }

  /** What follows a step whose weights and metrics are there: evaluation, progress, checkpoint. */
  private TrainingState finishStep(TrainingState trained, Map<String, Double> headline) {
    TrainingState state = evaluateIfDue(trained, headline);
    if (state != trained) {
      journal.amend(state.step(), Map.of(ACCURACY, headline.get("accuracy")));
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
    journal.publish();
    checkpoints.save(models.checkpointed(), state);
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
            models.policy(),
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

  /** One rollout batch and its optimizer steps. */
  private TrainingState step(TrainingState state, Map<String, Double> headline) {
    long began = System.nanoTime();
    double factor = schedule.factor(state.step());
    var rates = new Update.Rates(factor * plan.rates().policy(), factor * plan.rates().critic());
    BatchSampler.Sampled sampled = sampler.sample(state.step());
    var timing = new LinkedHashMap<>(Map.of("gen", seconds(began)));
    var metrics = new StepMetrics();
    var figures = new IdentityHashMap<Rollout, Map<String, Double>>();
    Update.Outcome outcome =
        update.apply(
            sampled.groups(),
            state.optimizerStep(),
            rates,
            metrics,
            (part, seconds) -> timing.merge(part, seconds, Double::sum),
            figures::putIfAbsent);
    List<Rollout> rollouts = outcome.experience().rollouts();
    addRolloutMetrics(metrics, rollouts);
    SortedMap<String, Double> summary = metrics.summary(outcome.optimizerSteps());
    timing.forEach((part, seconds) -> summary.put("timing_s/" + part, seconds));
    summary.put("actor/grad_norm", outcome.gradNorm());
    summary.put("actor/lr", rates.policy());
    if (!Double.isNaN(outcome.criticGradNorm())) {
      summary.put("critic/grad_norm", outcome.criticGradNorm());
      summary.put("critic/lr", rates.critic());
    }
    summary.put(
        "perf/total_num_tokens",
        (double) rollouts.stream().mapToLong(r -> r.sequence().tokens().length).sum());
    summary.put("perf/generated_responses", (double) sampled.generated());
    summary.put("perf/generated_tokens", (double) sampled.generatedTokens());
    summary.put("training/epoch", (double) batches.epoch(state.step()));
    headline.put("reward", summary.get("critic/rewards/mean"));
    double seconds = seconds(began);
    summary.put("timing_s/step", seconds);
    TrainingState next =
        state.advanced(outcome.optimizerSteps(), sampled.generatedTokens(), seconds);
    journal.append(next.step(), summary, responses(outcome.experience(), figures, next.step()));
    return next;
  }

  /** Some of a step's responses, as a person reads them. */
  private List<Map<String, Object>> responses(
      Experience experience, Map<Rollout, Map<String, Double>> figures, int step) {
    var responses = new ArrayList<Map<String, Object>>();
    int kept = TrainingResponse.kept(step, plan.steps());
    for (int i = 0; i < Math.min(kept, experience.rollouts().size()); i++) {
      Rollout rollout = experience.rollouts().get(i);
      responses.add(TrainingResponse.of(rollout, experience.advantage(i), figures.get(rollout)));
    }
    return responses;
  }

  private static void addRolloutMetrics(StepMetrics metrics, List<Rollout> sampled) {
    metrics.add("critic/rewards", sampled.stream().mapToDouble(Rollout::reward).toArray());
    metrics.add(
        "response_length",
        sampled.stream().mapToDouble(r -> r.sequence().responseLength()).toArray());
    metrics.add(
        "prompt_length", sampled.stream().mapToDouble(r -> r.sequence().promptLength()).toArray());
    metrics.add(
        "response_length/clip_ratio",
        sampled.stream().mapToInt(r -> r.truncated() ? 1 : 0).average().orElse(0));
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }
}
