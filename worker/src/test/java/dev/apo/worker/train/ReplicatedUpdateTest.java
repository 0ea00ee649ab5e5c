package dev.apo.worker.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.TestModels;
import dev.apo.worker.algorithm.AStarPo;
import dev.apo.worker.algorithm.Aggregation;
import dev.apo.worker.algorithm.ClipRange;
import dev.apo.worker.algorithm.ClippedObjective;
import dev.apo.worker.algorithm.EntropyBonus;
import dev.apo.worker.algorithm.Gae;
import dev.apo.worker.algorithm.GroupAdvantage;
import dev.apo.worker.algorithm.Grpo;
import dev.apo.worker.algorithm.KlEstimator;
import dev.apo.worker.algorithm.KlPenalty;
import dev.apo.worker.algorithm.Loss;
import dev.apo.worker.algorithm.Ppo;
import dev.apo.worker.algorithm.StepMetrics;
import dev.apo.worker.algorithm.ValueLoss;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.engine.AdamW;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Devices;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.TokenBatch.Sequence;
import dev.apo.worker.engine.Trainable;
import dev.apo.worker.model.Lora;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Optimizer steps on replicas with weights of their own, beside those of one model. */
@Tag("slow")
class ReplicatedUpdateTest {
  private static final double ROUNDING = 1e-6;

  private static final ClippedObjective CLIPPED =
      new ClippedObjective(
          ClipRange.of(0.2, 0.2),
          ClippedObjective.Ratio.TOKEN,
          Aggregation.TOKEN_MEAN,
          12,
          KlPenalty.inLoss(KlEstimator.K3, 0.04));

  enum Kind {
    A_STAR_PO(new AStarPo(0.1), Trainable.WEIGHTS),
    LORA(
        new AStarPo(0.1),
        Trainable.adapters(new Lora(4, 8, List.of("q_proj", "v_proj", "gate_proj", "down_proj")))),
    GRPO(
        new Grpo(
            new GroupAdvantage(
                GroupAdvantage.Baseline.GROUP_MEAN, GroupAdvantage.Scale.GROUP, 1e-6),
            CLIPPED,
            false),
        Trainable.WEIGHTS),
    PPO(new Ppo(new Gae(1, 0.95), CLIPPED, new ValueLoss(0.5)), Trainable.WEIGHTS);

    final Loss loss;
    final Trainable trainable;

    Kind(Loss loss, Trainable trainable) {
      this.loss = loss;
      this.trainable = trainable;
    }
  }

  @ParameterizedTest
  @EnumSource
  void theGradientIsThatOfOneModelUpToTheOrderOfSums(Kind kind) {
    Map<String, List<FloatBuffer>> one = learn(kind, 1, 1);

    // A first step leaves a tenth of the gradient in the first moment.
    assertAlike(learn(kind, 2, 1), one, Decoder.State.MOMENT1);
    assertAlike(learn(kind, 3, 1), one, Decoder.State.MOMENT1);
  }

  @ParameterizedTest
  @EnumSource
  void soAreTheWeightsAfterSomeSteps(Kind kind) {
    Map<String, List<FloatBuffer>> one = learn(kind, 1, 2);

    assertAlike(learn(kind, 2, 2), one, Decoder.State.WEIGHTS);
    assertAlike(learn(kind, 3, 2), one, Decoder.State.WEIGHTS);
  }

  @ParameterizedTest
  @EnumSource
  void theSameNumberGivesTheSameBits(Kind kind) {
    assertThat(learn(kind, 2, 2)).isEqualTo(learn(kind, 2, 2));
  }

  private static void assertAlike(
      Map<String, List<FloatBuffer>> actual,
      Map<String, List<FloatBuffer>> expected,
      Decoder.State state) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (part, values) -> {
          if (part.endsWith(state.name())) {
            assertThat(distance(actual.get(part), values)).as(part).isLessThan(ROUNDING);
          }
        });
  }

  /**
   * Weights and moments of the policy and, if there is one, the critic.
   *
   * @param steps in an epoch, and as many epochs
   */
  private static Map<String, List<FloatBuffer>> learn(Kind kind, int count, int steps) {
    var adamW = AdamW.of(0.01, 1);
    Replicas policy =
        Replicas.load(
            TestModels.open("f32-qwen3"), Precision.FP32, 64, kind.trainable, Devices.cpus(count));
    try (Models models = Models.of(policy, kind.loss, 3)) {
      models.weightsChanged();
      var entropy = new EntropyBonus(0.001, EntropyBonus.Mean.MICRO_BATCH_TOKENS);
      var update =
          new Update(
              models,
              kind.loss,
              new PolicyUpdate(policy, kind.loss, entropy, adamW, 1),
              kind.loss
                  .valueLoss()
                  .map(loss -> new CriticUpdate(models.critic(), loss, adamW))
                  .orElse(null),
              new Update.Settings(6 / steps, steps, 64, 1));
      update.apply(
          rollouts(),
          0,
          new Update.Rates(1e-3, 1e-3),
          new StepMetrics(),
          (part, seconds) -> {},
          (rollout, figures) -> {});
      var learnt = new LinkedHashMap<String, List<FloatBuffer>>();
      models
          .checkpointed()
          .forEach(
              (name, model) -> {
                for (Decoder.State state : Decoder.State.values()) {
                  learnt.put(name + state, read(model, state));
                }
              });
      return learnt;
    }
  }

  /** Six prompts with two responses each, of which one is right. */
  private static List<List<Rollout>> rollouts() {
    var random = new Random(7);
    var groups = new ArrayList<List<Rollout>>();
    for (int row = 0; row < 6; row++) {
      var prompt = new Prompt(row, "", "", tokens(random, 2 + row % 3));
      var group = new ArrayList<Rollout>();
      for (int reward = 0; reward <= 1; reward++) {
        int[] response = tokens(random, 3 + random.nextInt(9));
        var sequence = Sequence.of(prompt.tokens(), response);
        group.add(new Rollout(prompt, "", sequence, false, reward, 0.3));
      }
      groups.add(group);
    }
    return groups;
  }

  private static int[] tokens(Random random, int count) {
    return random.ints(count, 3, 40).toArray();
  }

  private static List<FloatBuffer> read(Decoder model, Decoder.State state) {
    return IntStream.range(0, model.trained().size())
        .mapToObj(p -> model.read(state, p, 0, (int) model.trained().get(p).size()))
        .toList();
  }

  /** Norm of the difference, relative to the norm. */
  private static double distance(List<FloatBuffer> actual, List<FloatBuffer> expected) {
    double difference = 0;
    double norm = 0;
    for (int p = 0; p < expected.size(); p++) {
      for (int i = 0; i < expected.get(p).remaining(); i++) {
        difference += Math.pow(actual.get(p).get(i) - expected.get(p).get(i), 2);
        norm += Math.pow(expected.get(p).get(i), 2);
      }
    }
    return Math.sqrt(difference / norm);
  }
}
