package dev.apo.worker.estimate;

import dev.apo.worker.StopSignal;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.data.RandomStream;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.reward.Reward;
import dev.apo.worker.sampling.Request;
import dev.apo.worker.sampling.Response;
import dev.apo.worker.sampling.Sampler;
import dev.apo.worker.sampling.SamplingSettings;
import dev.apo.worker.telemetry.Reporter;
import dev.apo.worker.vstar.Sample;
import dev.apo.worker.vstar.VStarPlan;
import dev.apo.worker.vstar.VStarRow;
import dev.apo.worker.vstar.VStarStore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Stage 1 of A*-PO: samples N responses to every prompt from the frozen reference policy and stores
 * them with their raw rewards. A block of prompts is sampled by itself, so that its rows are the
 * same whoever samples it and whatever was sampled before.
 */
public final class ValueEstimator {
  private final VStarStore store;
  private final VStarPlan plan;
  private final List<Prompt> prompts;
  private final Tokenizer tokenizer;
  private final Reward reward;
  private final SamplingSettings settings;
  private final Reporter reporter;
  private final StopSignal stop;

  public ValueEstimator(
      VStarStore store,
      VStarPlan plan,
      List<Prompt> prompts,
      Tokenizer tokenizer,
      Reward reward,
      SamplingSettings settings,
      Reporter reporter,
      StopSignal stop) {
    this.store = store;
    this.plan = plan;
    this.prompts = prompts;
    this.tokenizer = tokenizer;
    this.reward = reward;
    this.settings = settings;
    this.reporter = reporter;
    this.stop = stop;
  }

  /**
   * Samples the blocks of one shard that are not stored yet.
   *
   * @return the number of responses sampled now
   */
  public int run(Decoder decoder, int shard, int shards) {
    Set<Integer> finished = store.finishedBlocks();
    List<Integer> blocks = plan.blocksOfShard(shard, shards);
    int total =
        blocks.stream().mapToInt(block -> rows(block).size()).sum() * plan.samplesPerPrompt();
    int before =
        blocks.stream().filter(finished::contains).mapToInt(block -> rows(block).size()).sum()
            * plan.samplesPerPrompt();
    reporter.stageStarted("estimate", total, "responses", before);
    var sampler = new Sampler(decoder, settings);
    var headline = new LinkedHashMap<String, Double>();
    int sampled = 0;
    double rewards = 0;
    for (int block : blocks) {
      if (finished.contains(block)) {
        continue;
      }
      stop.check();
      int done = before + sampled;
      List<VStarRow> rows =
          sample(
              sampler,
              rows(block),
              ended -> {
                stop.check();
                reporter.advanced(done + ended, headline);
              });
      store.writeBlock(block, rows);
      for (VStarRow row : rows) {
        sampled += row.samples().size();
        rewards += row.samples().stream().mapToDouble(Sample::reward).sum();
      }
      headline.put("reward", rewards / sampled);
      reporter.advanced(before + sampled, headline);
    }
    reporter.stageFinished(headline);
    return sampled;
  }

  private List<Prompt> rows(int block) {
    int from = block * plan.blockRows();
    return prompts.subList(from, Math.min(prompts.size(), from + plan.blockRows()));
  }

  private List<VStarRow> sample(
      Sampler sampler, List<Prompt> block, java.util.function.IntConsumer progress) {
    var requests = new ArrayList<Request>();
    for (Prompt prompt : block) {
      long[] seeds = new long[plan.samplesPerPrompt()];
      for (int i = 0; i < seeds.length; i++) {
        seeds[i] = seed(plan.key(), prompt.row(), i);
      }
      requests.add(new Request(prompt.tokens(), seeds));
    }
    List<List<Response>> responses = sampler.sample(requests, progress);
    var rows = new ArrayList<VStarRow>();
    for (int p = 0; p < block.size(); p++) {
      Prompt prompt = block.get(p);
      var samples = new ArrayList<Sample>();
      for (Response response : responses.get(p)) {
        String text = tokenizer.decode(response.tokens());
        samples.add(
            new Sample(
                text,
                reward.score(prompt.text(), text, prompt.answer()),
                response.tokens().length,
                response.truncated()));
      }
      rows.add(new VStarRow(prompt.row(), prompt.text(), prompt.answer(), List.copyOf(samples)));
    }
    return rows;
  }

  /**
   * The seed of a response comes from the table's key, its row and its number, and from nothing
   * else.
   */
  static long seed(String key, int row, int sample) {
    return RandomStream.of(Long.parseUnsignedLong(key.substring(0, 16), 16), row, sample).key();
  }

  /** Rewards of a table by row, in sampling order. */
  public static Map<Integer, double[]> rewards(List<VStarRow> table) {
    var rewards = new LinkedHashMap<Integer, double[]>();
    for (VStarRow row : table) {
      rewards.put(row.row(), row.samples().stream().mapToDouble(Sample::reward).toArray());
    }
    return rewards;
  }
}
