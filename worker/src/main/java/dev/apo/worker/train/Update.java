package dev.apo.worker.train;

import dev.apo.worker.algorithm.Loss;
import dev.apo.worker.algorithm.MiniBatch;
import dev.apo.worker.algorithm.RolloutBatch;
import dev.apo.worker.algorithm.StepMetrics;
import dev.apo.worker.algorithm.Targets;
import dev.apo.worker.train.MicroBatches.Pass;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * All optimizer steps on one rollout batch: scores the responses under what the loss asks for, and
 * then takes a step on each mini-batch, for some epochs.
 */
final class Update {
  /**
   * @param miniBatchSize prompts, with all their responses, to an optimizer step
   * @param epochs passes over the rollout batch
   * @param microBatchTokens most tokens, padding included, that pass a model at once
   * @param temperature of sampling
   */
  record Settings(int miniBatchSize, int epochs, int microBatchTokens, double temperature) {}

  /**
   * @param policy learning rate
   * @param critic learning rate
   */
  record Rates(double policy, double critic) {}

  /**
   * What became of a rollout batch.
   *
   * @param optimizerSteps that were taken
   * @param gradNorm the mean norm of the policy's gradients before clipping
   * @param criticGradNorm that of the critic's; NaN if there is none
   */
  record Outcome(
      Experience experience, int optimizerSteps, double gradNorm, double criticGradNorm) {}

  private final Models models;
  private final Loss loss;
  private final PolicyUpdate policyUpdate;
  private final CriticUpdate criticUpdate;
  private final Settings settings;

  /**
   * @param criticUpdate null if the loss has no critic
   */
  Update(
      Models models,
      Loss loss,
      PolicyUpdate policyUpdate,
      CriticUpdate criticUpdate,
      Settings settings) {
    this.models = models;
    this.loss = loss;
    this.policyUpdate = policyUpdate;
    this.criticUpdate = criticUpdate;
    this.settings = settings;
  }

  /** A mini-batch: its size, and how it passes the models. */
  private record Cut(MiniBatch size, List<Pass> passes) {}

  /**
   * @param groups [prompts][responses]
   * @param optimizerSteps that were taken before
   * @param metrics of the step
   * @param seconds told how long each part took, by name
   * @param figures told what the loss made of each response, by metric key
   */
  Outcome apply(
      List<List<Rollout>> groups,
      int optimizerSteps,
      Rates rates,
      StepMetrics metrics,
      BiConsumer<String, Double> seconds,
      BiConsumer<Rollout, Map<String, Double>> figures) {
    List<Rollout> rollouts = groups.stream().flatMap(List::stream).toList();
    List<Cut> cuts = cut(groups, rollouts);
    Experience experience = experience(groups, rollouts, cuts, seconds);
    metrics.add(experience.targets());
    int step = optimizerSteps;
    double gradNorm = 0;
    double criticGradNorm = criticUpdate == null ? Double.NaN : 0;
    for (int epoch = 0; epoch < settings.epochs(); epoch++) {
      for (Cut cut : cuts) {
        int next = ++step;
        if (criticUpdate != null) {
          criticGradNorm +=
              timed(
                  "update_critic",
                  seconds,
                  () ->
                      criticUpdate.apply(
                          experience, cut.passes(), cut.size(), next, rates.critic(), metrics));
        }
        gradNorm +=
            timed(
                "update_actor",
                seconds,
                () ->
                    policyUpdate.apply(
                        experience,
                        cut.passes(),
                        cut.size(),
                        next,
                        rates.policy(),
                        metrics,
                        figures));
      }
    }
    int taken = step - optimizerSteps;
    return new Outcome(experience, taken, gradNorm / taken, criticGradNorm / taken);
  }

  private List<Cut> cut(List<List<Rollout>> groups, List<Rollout> rollouts) {
    var cuts = new ArrayList<Cut>();
    int row = 0;
    for (int from = 0; from < groups.size(); from += settings.miniBatchSize()) {
      int to = Math.min(groups.size(), from + settings.miniBatchSize());
      var units = new ArrayList<int[]>();
      for (List<Rollout> group : groups.subList(from, to)) {
        int[] rows = IntStream.range(row, row + group.size()).toArray();
        if (loss.couplesGroups()) {
          units.add(rows);
        } else {
          IntStream.of(rows).forEach(one -> units.add(new int[] {one}));
        }
        row += group.size();
      }
      cuts.add(
          new Cut(
              MicroBatches.size(rollouts, units),
              MicroBatches.cut(
                  rollouts,
                  units,
                  settings.microBatchTokens(),
                  models.policy().count(),
                  models.policy().devices())));
    }
    return cuts;
  }

  private Experience experience(
      List<List<Rollout>> groups,
      List<Rollout> rollouts,
      List<Cut> cuts,
      BiConsumer<String, Double> seconds) {
    List<Pass> passes = cuts.stream().flatMap(cut -> cut.passes().stream()).toList();
    boolean old =
        loss.targetInputs().contains(Loss.Input.OLD_LOG_PROBS)
            || loss.inputs().contains(Loss.Input.OLD_LOG_PROBS)
                && cuts.size() * settings.epochs() > 1;
    double[][] oldLogProbs =
        old ? timed("old_log_prob", seconds, () -> oldLogProbs(rollouts, passes)) : null;
    double[][] reference =
        loss.reads(Loss.Input.REFERENCE_LOG_PROBS)
            ? timed("ref", seconds, () -> referenceLogProbs(rollouts, passes))
            : null;
    double[][] values =
        loss.reads(Loss.Input.VALUES)
            ? timed(
                "values",
                seconds,
                () ->
                    TokenRows.of(
                        models.critic(),
                        rollouts.size(),
                        passes,
                        (critic, tokens) -> critic.values(tokens)))
            : null;
    var batch =
        new RolloutBatch(
            oldLogProbs,
            reference,
            rollouts.stream().mapToDouble(Rollout::reward).toArray(),
            loss.reads(Loss.Input.V_STAR)
                ? rollouts.stream().mapToDouble(Rollout::vStar).toArray()
                : null,
            values,
            IntStream.range(0, groups.size())
                .flatMap(g -> groups.get(g).stream().mapToInt(rollout -> g))
                .toArray());
    Targets targets = timed("adv", seconds, () -> loss.targets(batch));
    return new Experience(rollouts, batch, targets);
  }

  /** As training computes them, to the bit: the ratio of the first optimizer step is 1. */
  private double[][] oldLogProbs(List<Rollout> rollouts, List<Pass> passes) {
    return TokenRows.of(
        models.policy(),
        rollouts.size(),
        passes,
        (decoder, tokens) -> decoder.forward(tokens, settings.temperature()).logProbs());
  }

  private double[][] referenceLogProbs(List<Rollout> rollouts, List<Pass> passes) {
    return TokenRows.of(
        models.policy(),
        rollouts.size(),
        passes,
        (decoder, tokens) -> decoder.score(tokens, settings.temperature(), true).logProbs());
  }

  private static <T> T timed(String part, BiConsumer<String, Double> seconds, Supplier<T> work) {
    long began = System.nanoTime();
    T result = work.get();
    seconds.accept(part, (System.nanoTime() - began) / 1e9);
    return result;
  }
}
