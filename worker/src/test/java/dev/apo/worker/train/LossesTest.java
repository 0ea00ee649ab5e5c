package dev.apo.worker.train;

import static org.assertj.core.api.Assertions.assertThat;

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
import dev.apo.worker.manifest.ManifestReader;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LossesTest {
  private static final int LONGEST = 1024;

  private static Loss loss(String algorithm) {
    return Losses.of(
        ManifestReader.parse(
                """
                apiVersion: apo.dev/v1alpha1
                kind: APOTraining
                metadata: {name: tiny}
                spec:
                  model: {uri: ./model}
                  data: {train: {uri: ./train.jsonl}}
                  reward: {type: Math}
                  algorithm: %s
                  storage: {uri: ../out}
                """
                    .formatted(algorithm),
                Path.of("apo.yaml"))
            .spec());
  }

  static Stream<Arguments> variants() {
    return Stream.of(
        Arguments.of(
            "GRPO",
            grpo(
                Baseline.GROUP_MEAN,
                Scale.GROUP,
                ClipRange.of(0.2, 0.2),
                Ratio.TOKEN,
                Aggregation.SEQ_MEAN_TOKEN_MEAN,
                KlPenalty.inLoss(KlEstimator.K3_CLAMPED, 0.04),
                false)),
        Arguments.of(
            "DrGRPO",
            grpo(
                Baseline.GROUP_MEAN,
                Scale.NONE,
                ClipRange.of(0.2, 0.2),
                Ratio.TOKEN,
                Aggregation.SEQ_MEAN_TOKEN_SUM_NORM,
                KlPenalty.inLoss(KlEstimator.K3_CLAMPED, 0),
                false)),
        Arguments.of(
            "DAPO",
            grpo(
                Baseline.GROUP_MEAN,
                Scale.GROUP,
                ClipRange.of(0.2, 0.28),
                Ratio.TOKEN,
                Aggregation.TOKEN_MEAN,
                KlPenalty.inLoss(KlEstimator.K3_CLAMPED, 0),
                true)),
        Arguments.of(
            "RLOO",
            grpo(
                Baseline.LEAVE_ONE_OUT,
                Scale.NONE,
                ClipRange.of(0.2, 0.2),
                Ratio.TOKEN,
                Aggregation.TOKEN_MEAN,
                KlPenalty.inReward(0.001),
                false)),
        Arguments.of(
            "GSPO",
            grpo(
                Baseline.GROUP_MEAN,
                Scale.GROUP,
                ClipRange.of(3e-4, 4e-4),
                Ratio.SEQUENCE,
                Aggregation.SEQ_MEAN_TOKEN_MEAN,
                KlPenalty.inLoss(KlEstimator.K3_CLAMPED, 0),
                false)));
  }

  @ParameterizedTest
  @MethodSource("variants")
  void aVariantDecidesWhatIsLeftOpen(String variant, Grpo expected) {
    assertThat(loss("{type: GRPO, grpo: {variant: " + variant + "}}")).isEqualTo(expected);
  }

  @Test
  void whatIsWrittenGoesBeforeTheVariant() {
    assertThat(
            loss(
                """
                {type: GRPO, grpo: {variant: GSPO, clipLow: 0.1, clipHigh: 0.3, dualClip: 5,
                    aggregation: TokenMean, scale: Batch, klIn: Loss, klCoefficient: 0.5,
                    klEstimator: K3Plus, dynamicSampling: true}}\
                """))
        .isEqualTo(
            grpo(
                Baseline.GROUP_MEAN,
                Scale.BATCH,
                new ClipRange(0.1, 0.3, 5),
                Ratio.SEQUENCE,
                Aggregation.TOKEN_MEAN,
                KlPenalty.inLoss(KlEstimator.K3_STRAIGHT_THROUGH, 0.5),
                true));
  }

  @Test
  void theOtherTypesTakeTheirBlocks() {
    assertThat(loss("{beta2: 0.25}")).isEqualTo(new AStarPo(0.25));
    assertThat(loss("{type: REBEL, rebel: {eta: 2, klCoefficient: 0}}")).isEqualTo(new Rebel(2, 0));
    assertThat(
            loss(
                "{type: PPO, ppo: {gamma: 0.9, lambda: 0.8, valueClip: 0.2, klIn: Loss, klEstimator: K2}}"))
        .isEqualTo(
            new Ppo(
                new Gae(0.9, 0.8),
                new ClippedObjective(
                    new ClipRange(0.2, 0.2, 3),
                    Ratio.TOKEN,
                    Aggregation.TOKEN_MEAN,
                    LONGEST,
                    KlPenalty.inLoss(KlEstimator.K2, 0.001)),
                new ValueLoss(0.2)));
    assertThat(((Ppo) loss("{type: PPO}")).objective().kl()).isEqualTo(KlPenalty.inReward(0.001));
  }

  private static Grpo grpo(
      Baseline baseline,
      Scale scale,
      ClipRange clip,
      Ratio ratio,
      Aggregation aggregation,
      KlPenalty kl,
      boolean dynamicSampling) {
    return new Grpo(
        new GroupAdvantage(baseline, scale, 1e-6),
        new ClippedObjective(clip, ratio, aggregation, LONGEST, kl),
        dynamicSampling);
  }
}
