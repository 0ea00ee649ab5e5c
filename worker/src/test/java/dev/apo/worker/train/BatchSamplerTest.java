package dev.apo.worker.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.TestModels;
import dev.apo.worker.algorithm.AStarPo;
import dev.apo.worker.algorithm.Aggregation;
import dev.apo.worker.algorithm.ClipRange;
import dev.apo.worker.algorithm.ClippedObjective;
import dev.apo.worker.algorithm.GroupAdvantage;
import dev.apo.worker.algorithm.Grpo;
import dev.apo.worker.algorithm.KlPenalty;
import dev.apo.worker.algorithm.Loss;
import dev.apo.worker.data.Batches;
import dev.apo.worker.data.EpochOrder;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Devices;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.Trainable;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.reward.Candidate;
import dev.apo.worker.reward.Reward;
import dev.apo.worker.sampling.ReplicaSampler;
import dev.apo.worker.sampling.SamplingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BatchSamplerTest {
  private static final int PROMPTS = 12;
  private static final int RESPONSES = 4;
  private static final int BATCH = 4;

  private static Replicas replicas;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() {
    ModelDirectory model = TestModels.open("f32-tied-own-head-dim");
    tokenizer = Tokenizer.load(model);
    replicas = Replicas.load(model, Precision.FP32, 32, Trainable.NOTHING, Devices.cpus(1));
  }

  @AfterAll
  static void close() {
    replicas.close();
    tokenizer.close();
  }

  /** Rewards every second response to a prompt, or all or none. */
  private record ByText() implements Reward {
    @Override
    public String id() {
      return "by-text";
    }

    @Override
    public String version() {
      return "1";
    }

    @Override
    public double[] score(List<Candidate> candidates) {
      double[] rewards = new double[candidates.size()];
      for (int i = 0; i < rewards.length; i++) {
        rewards[i] =
            switch (candidates.get(i).prompt()) {
              case "always" -> 1;
              case "never" -> 0;
              default -> i % 2;
            };
      }
      return rewards;
    }
  }

  /** The last rows are worth a step, the others are not. */
  private static BatchSampler sampler(Loss loss, int responses, int worth) {
    var prompts = new ArrayList<Prompt>();
    for (int row = 0; row < PROMPTS; row++) {
      String text = row >= PROMPTS - worth ? "mixed" : row % 2 == 0 ? "always" : "never";
      prompts.add(new Prompt(row, text, "", new int[] {3 + row, 9}));
    }
    var settings = new SamplingSettings(new Decoder.Controls(1, 1, 0), 5, Set.of());
    return new BatchSampler(
        prompts,
        new double[PROMPTS],
        new Batches(PROMPTS, BATCH, EpochOrder.shuffled(PROMPTS, 7)),
        new Rollouts(new ReplicaSampler(replicas, settings), tokenizer, new ByText()),
        loss,
        responses,
        1);
  }

  private static Loss grpo(boolean dynamicSampling) {
    return new Grpo(
        new GroupAdvantage(GroupAdvantage.Baseline.GROUP_MEAN, GroupAdvantage.Scale.GROUP, 1e-6),
        new ClippedObjective(
            new ClipRange(0.2, 0.28, Double.POSITIVE_INFINITY),
            ClippedObjective.Ratio.TOKEN,
            Aggregation.TOKEN_MEAN,
            5,
            KlPenalty.NONE),
        dynamicSampling);
  }

  private static Set<Integer> rows(BatchSampler.Sampled sampled) {
    return sampled.groups().stream()
        .map(group -> group.get(0).prompt().row())
        .collect(Collectors.toSet());
  }

  @Test
  void eachPromptOfTheBatchGetsItsResponsesWithSeedsOfTheirOwn() {
    BatchSampler.Sampled sampled = sampler(grpo(false), RESPONSES, 0).sample(0);

    assertThat(sampled.groups()).hasSize(BATCH).allSatisfy(group -> assertThat(group).hasSize(4));
    assertThat(sampled.generated()).isEqualTo(BATCH * RESPONSES);
    assertThat(sampled.generatedTokens()).isEqualTo(BATCH * RESPONSES * 5L);
    assertThat(sampled.groups().get(0).stream().map(Rollout::response).distinct().count())
        .isGreaterThan(1);
  }

  @Test
  void theFirstOfManyResponsesIsTheOnlyOneOfOne() {
    List<List<Rollout>> many = sampler(grpo(false), RESPONSES, 0).sample(3).groups();
    List<List<Rollout>> one = sampler(new AStarPo(0.1), 1, 0).sample(3).groups();

    for (int i = 0; i < BATCH; i++) {
      assertThat(one.get(i).get(0).response()).isEqualTo(many.get(i).get(0).response());
    }
  }

  @Test
  void promptsWhoseResponsesAreRewardedAlikeAreReplaced() {
    BatchSampler.Sampled sampled = sampler(grpo(true), RESPONSES, BATCH).sample(0);

    assertThat(rows(sampled)).containsExactlyInAnyOrder(8, 9, 10, 11);
    assertThat(sampled.generated()).isBetween(BATCH * RESPONSES, PROMPTS * RESPONSES);
    assertThat(sampled.generated()).isGreaterThan(BATCH * RESPONSES);
    assertThat(sampled.generatedTokens()).isEqualTo(5L * sampled.generated());
  }

  @Test
  void aBatchIsSmallerWhereTooFewPromptsAreWorthAStep() {
    BatchSampler.Sampled sampled = sampler(grpo(true), RESPONSES, 2).sample(0);

    assertThat(rows(sampled)).containsExactlyInAnyOrder(10, 11);
    assertThat(sampled.generated()).isEqualTo(PROMPTS * RESPONSES);
  }

  @Test
  void aBatchOfWhichNoPromptIsWorthAStepIsKeptAsItIs() {
    BatchSampler.Sampled sampled = sampler(grpo(true), RESPONSES, 0).sample(2);

    assertThat(sampled.groups()).hasSize(BATCH);
    assertThat(rows(sampled)).isEqualTo(rows(sampler(grpo(false), RESPONSES, 0).sample(2)));
  }

  @Test
  void aStepIsAFunctionOfTheSeed() {
    List<String> once = responses(sampler(grpo(true), RESPONSES, 5).sample(1));
    List<String> again = responses(sampler(grpo(true), RESPONSES, 5).sample(1));

    assertThat(again).isEqualTo(once).hasSize(BATCH * RESPONSES);
  }

  private static List<String> responses(BatchSampler.Sampled sampled) {
    return sampled.rollouts().stream().map(Rollout::response).toList();
  }
}
