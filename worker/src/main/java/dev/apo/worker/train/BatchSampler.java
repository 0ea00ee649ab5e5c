package dev.apo.worker.train;

import dev.apo.worker.algorithm.Loss;
import dev.apo.worker.data.Batches;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.data.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Samples what a step trains on: so many responses to each prompt of its batch. Prompts that the
 * loss finds not worth a step are replaced by others, for some rounds (DAPO's dynamic sampling). A
 * pure function of the policy, the seed and the step.
 */
final class BatchSampler {
  /** Rounds of other prompts, as in verl. */
  private static final int MOST_ROUNDS = 10;

  /** Keeps the random numbers of rollouts apart from those of shuffling and evaluation. */
  private static final long STREAM = 0x726f6c6c;

  /** Keeps a prompt's further responses apart from those of the same prompt later in a batch. */
  private static final long OTHERS = 0x6f746872;

  private final List<Prompt> prompts;
  private final double[] vStar;
  private final Batches batches;
  private final Rollouts rollouts;
  private final Loss loss;
  private final int responsesPerPrompt;
  private final long seed;

  /**
   * @param vStar [prompts] optimal values
   */
  BatchSampler(
      List<Prompt> prompts,
      double[] vStar,
      Batches batches,
      Rollouts rollouts,
      Loss loss,
      int responsesPerPrompt,
      long seed) {
    this.prompts = prompts;
    this.vStar = vStar;
    this.batches = batches;
    this.rollouts = rollouts;
    this.loss = loss;
    this.responsesPerPrompt = responsesPerPrompt;
    this.seed = seed;
  }

  /**
   * What a step trains on.
   *
   * @param groups [prompts][responses]
   * @param generated responses sampled for it, those that were replaced included
   * @param generatedTokens their tokens
   */
  record Sampled(List<List<Rollout>> groups, int generated, long generatedTokens) {
    List<Rollout> rollouts() {
      return groups.stream().flatMap(List::stream).toList();
    }
  }

  Sampled sample(int step) {
    int[] rows = batches.rows(step);
    List<List<Rollout>> all = new ArrayList<>(sample(rows, step));
    List<List<Rollout>> kept = new ArrayList<>(all.stream().filter(this::isKept).toList());
    int[] others = kept.size() < rows.length ? batches.others(step) : new int[0];
    int used = 0;
    for (int round = 1; kept.size() < rows.length && round < MOST_ROUNDS; round++) {
      int[] more =
          Arrays.copyOfRange(
              others, used, Math.min(others.length, used + rows.length - kept.size()));
      if (more.length == 0) {
        break;
      }
      used += more.length;
      List<List<Rollout>> groups = sample(more, step);
      all.addAll(groups);
      kept.addAll(groups.stream().filter(this::isKept).toList());
    }
    // A batch in which no prompt is worth a step still is one.
    List<List<Rollout>> groups = kept.isEmpty() ? all.subList(0, rows.length) : kept;
    return new Sampled(
        List.copyOf(groups),
        all.size() * responsesPerPrompt,
        all.stream()
            .flatMap(List::stream)
            .mapToLong(rollout -> rollout.sequence().responseLength())
            .sum());
  }

  private boolean isKept(List<Rollout> group) {
    return loss.keeps(group.stream().mapToDouble(Rollout::reward).toArray());
  }

  private List<List<Rollout>> sample(int[] rows, int step) {
    return rollouts.sample(
        IntStream.of(rows).mapToObj(prompts::get).toList(),
        IntStream.of(rows).mapToDouble(row -> vStar[row]).toArray(),
        seeds(seed, step, rows, responsesPerPrompt));
  }

  /**
   * [rows][responses] the seeds of a batch's responses. A row that the batch has more than once
   * gets other responses each time.
   */
  static List<long[]> seeds(long seed, int step, int[] rows, int responses) {
    Map<Integer, Integer> times = new HashMap<>();
    var seeds = new ArrayList<long[]>();
    for (int row : rows) {
      int before = times.merge(row, 1, Integer::sum) - 1;
      RandomStream stream =
          before == 0
              ? RandomStream.of(seed, STREAM, step, row)
              : RandomStream.of(seed, STREAM, step, row, before);
      seeds.add(
          LongStream.range(0, responses)
              .map(n -> n == 0 ? stream.key() : RandomStream.of(stream.key(), OTHERS, n).key())
              .toArray());
    }
    return seeds;
  }
}
