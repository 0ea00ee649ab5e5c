package dev.apo.worker.train;

import dev.apo.worker.algorithm.LossResult;
import dev.apo.worker.algorithm.MiniBatch;
import dev.apo.worker.algorithm.StepMetrics;
import dev.apo.worker.algorithm.ValueLoss;
import dev.apo.worker.engine.AdamW;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.train.MicroBatches.Pass;
import java.util.List;

/** One optimizer step of the critic on a mini-batch. */
final class CriticUpdate {
  private final Replicas critics;
  private final ValueLoss loss;
  private final OptimizerStep optimizer;

  CriticUpdate(Replicas critics, ValueLoss loss, AdamW adamW) {
    this.critics = critics;
    this.loss = loss;
    this.optimizer = OptimizerStep.ofCritic(critics, adamW);
  }

  /**
   * @param passes of the mini-batch
   * @param optimizerStep number of this step, from 1
   * @return the gradient's norm before clipping
   */
  double apply(
      Experience experience,
      List<Pass> passes,
      MiniBatch miniBatch,
      int optimizerStep,
      double learningRate,
      StepMetrics metrics) {
    critics
        .map(passes, (critic, pass) -> accumulate(critic, experience, pass, miniBatch))
        .forEach(metrics::add);
    return optimizer.take(optimizerStep, learningRate);
  }

  private LossResult accumulate(
      Decoder critic, Experience experience, Pass pass, MiniBatch miniBatch) {
    double[][] values = TokenRows.split(critic.valueForward(pass.tokens()), pass.tokens());
    LossResult result =
        loss.compute(
            miniBatch,
            values,
            experience.batch().rows(pass.rows()),
            experience.targets().rows(pass.rows()));
    critic.valueBackward(TokenRows.join(result.gradient(), pass.tokens().targets().length));
    return result;
  }
}
