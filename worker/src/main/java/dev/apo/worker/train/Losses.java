package dev.apo.worker.train;

import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.AlgorithmSpec;
import dev.apo.api.v1alpha1.GrpoSpec;
import dev.apo.api.v1alpha1.GrpoVariant;
import dev.apo.api.v1alpha1.KlEstimatorType;
import dev.apo.api.v1alpha1.KlPlace;
import dev.apo.api.v1alpha1.LossAggregation;
import dev.apo.api.v1alpha1.PpoSpec;
import dev.apo.worker.algorithm.AStarPo;
import dev.apo.worker.algorithm.Aggregation;
import dev.apo.worker.algorithm.ClipRange;
import dev.apo.worker.algorithm.ClippedObjective;
import dev.apo.worker.algorithm.ClippedObjective.Ratio;
import dev.apo.worker.algorithm.Gae;
import dev.apo.worker.algorithm.GroupAdvantage;
import dev.apo.worker.algorithm.GroupAdvantage.Baseline;
import dev.apo.worker.algorithm.GroupAdvantage.Scale;
import dev.apo.worker.algorithm.Grpo;
import dev.apo.worker.algorithm.KlEstimator;
import dev.apo.worker.algorithm.KlPenalty;
import dev.apo.worker.algorithm.Loss;
import dev.apo.worker.algorithm.Ppo;
import dev.apo.worker.algorithm.Rebel;
import dev.apo.worker.algorithm.ValueLoss;

/** The loss that a manifest asks for. What it leaves open about GRPO, the variant decides. */
final class Losses {
  /** As in verl. */
  private static final double STD_EPSILON = 1e-6;

  private Losses() {}

  static Loss of(APOTrainingSpec spec) {
    AlgorithmSpec algorithm = spec.algorithm();
    int longest = spec.sampling().maxNewTokens();
    return switch (algorithm.type()) {
      case APO -> new AStarPo(algorithm.beta2());
      case GRPO -> grpo(algorithm.grpo(), longest);
      case PPO -> ppo(algorithm.ppo(), longest);
      case REBEL -> new Rebel(algorithm.rebel().eta(), algorithm.rebel().klCoefficient());
    };
  }

  private static Grpo grpo(GrpoSpec spec, int longest) {
    GrpoVariant variant = spec.variant();
    boolean leaveOneOut = variant == GrpoVariant.RLOO;
    var advantage =
        new GroupAdvantage(
            leaveOneOut ? Baseline.LEAVE_ONE_OUT : Baseline.GROUP_MEAN,
            spec.scale() == null ? scale(variant) : Scale.valueOf(spec.scale().name()),
            STD_EPSILON);
    boolean inReward = spec.klIn() == null ? leaveOneOut : spec.klIn() == KlPlace.REWARD;
    var objective =
        new ClippedObjective(
            new ClipRange(
                orElse(spec.clipLow(), variant == GrpoVariant.GSPO ? 3e-4 : 0.2),
                orElse(spec.clipHigh(), clipHigh(variant)),
                orElse(spec.dualClip(), Double.POSITIVE_INFINITY)),
            variant == GrpoVariant.GSPO ? Ratio.SEQUENCE : Ratio.TOKEN,
            spec.aggregation() == null ? aggregation(variant) : aggregation(spec.aggregation()),
            longest,
            kl(inReward, spec.klEstimator(), orElse(spec.klCoefficient(), klCoefficient(variant))));
    boolean dynamic =
        spec.dynamicSampling() == null ? variant == GrpoVariant.DAPO : spec.dynamicSampling();
    return new Grpo(advantage, objective, dynamic);
  }

  private static Scale scale(GrpoVariant variant) {
    return switch (variant) {
      case DR_GRPO, RLOO -> Scale.NONE;
      case GRPO, DAPO, GSPO -> Scale.GROUP;
    };
  }

  private static double clipHigh(GrpoVariant variant) {
    return switch (variant) {
      case DAPO -> 0.28;
      case GSPO -> 4e-4;
      case GRPO, DR_GRPO, RLOO -> 0.2;
    };
  }

  private static double klCoefficient(GrpoVariant variant) {
    return switch (variant) {
      case GRPO -> 0.04;
      case RLOO -> 0.001;
      case DR_GRPO, DAPO, GSPO -> 0;
    };
  }

  private static Aggregation aggregation(GrpoVariant variant) {
    return switch (variant) {
      case GRPO, GSPO -> Aggregation.SEQ_MEAN_TOKEN_MEAN;
      case DR_GRPO -> Aggregation.SEQ_MEAN_TOKEN_SUM_NORM;
      case DAPO, RLOO -> Aggregation.TOKEN_MEAN;
    };
  }

  private static Ppo ppo(PpoSpec spec, int longest) {
    return new Ppo(
        new Gae(spec.gamma(), spec.lambda()),
        new ClippedObjective(
            new ClipRange(spec.clipLow(), spec.clipHigh(), spec.dualClip()),
            Ratio.TOKEN,
            aggregation(spec.aggregation()),
            longest,
            kl(spec.klIn() == KlPlace.REWARD, spec.klEstimator(), spec.klCoefficient())),
        new ValueLoss(spec.valueClip()));
  }

  private static KlPenalty kl(boolean inReward, KlEstimatorType estimator, double coefficient) {
    return inReward
        ? KlPenalty.inReward(coefficient)
        : KlPenalty.inLoss(
            switch (estimator) {
              case K2 -> KlEstimator.K2;
              case K3 -> KlEstimator.K3_CLAMPED;
              case K3_PLUS -> KlEstimator.K3_STRAIGHT_THROUGH;
            },
            coefficient);
  }

  private static Aggregation aggregation(LossAggregation aggregation) {
    return Aggregation.valueOf(aggregation.name());
  }

  private static double orElse(Double given, double otherwise) {
    return given == null ? otherwise : given;
  }
}
