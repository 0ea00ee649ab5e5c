package dev.apo.worker.estimate;

import dev.apo.worker.StopSignal;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.data.RandomStream;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.reward.Candidate;
import dev.apo.worker.reward.Reward;
import dev.apo.worker.sampling.EndedTotal;
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
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.Stream;

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
  public int run(Replicas replicas, int shard, int shards) {
    List<VStarPlan.Block> blocks = plan.blocksOfShard(shard, shards);
    Set<Integer> finished = store.finishedBlocks(blocks);
    int total = responses(blocks.stream());
    int before = responses(blocks.stream().filter(block -> finished.contains(block.index())));
    reporter.stageStarted("estimate", total, "responses", before);
    var headline = new LinkedHashMap<String, Double>();
    int sampled = 0;
    double rewards = 0;
    List<VStarPlan.Block> missing =
        blocks.stream().filter(block -> !finished.contains(block.index())).toList();
    for (int from = 0; from < missing.size(); from += replicas.count()) {
      stop.check();
      int done = before + sampled;
      var progress =
          new EndedTotal(
              replicas.count(),
              ended -> {
                stop.check();
                reporter.advanced(done + ended, headline);
              });
      List<VStarPlan.Block> together =
          missing.subList(from, Math.min(missing.size(), from + replicas.count()));
      List<List<VStarRow>> sampledNow =
          replicas.map(
              together,
              (decoder, block) ->
                  sample(decoder, block, ended -> progress.set(together.indexOf(block), ended)));
      for (int i = 0; i < together.size(); i++) {
        store.writeBlock(together.get(i).index(), sampledNow.get(i));
        for (VStarRow row : sampledNow.get(i)) {
          sampled += row.samples().size();
          rewards += row.samples().stream().mapToDouble(Sample::reward).sum();
        }
      }
      headline.put("reward", rewards / sampled);
      reporter.advanced(before + sampled, headline);
    }
    reporter.stageFinished(headline);
    return sampled;
  }

  private int responses(Stream<VStarPlan.Block> blocks) {
    return blocks.mapToInt(VStarPlan.Block::rows).sum() * plan.samplesPerPrompt();
  }

  private List<Prompt> rows(VStarPlan.Block block) {
    return prompts.subList(block.firstRow(), block.firstRow() + block.rows());
  }

  private List<VStarRow> sample(Decoder decoder, VStarPlan.Block block, IntConsumer progress) {
    List<Prompt> prompts = rows(block);
    var requests = new ArrayList<Request>();
    for (int p = 0; p < prompts.size(); p++) {
      long[] seeds = new long[plan.samplesPerPrompt()];
      for (int i = 0; i < seeds.length; i++) {
        seeds[i] = seed(plan.key(), block.firstRow() + p, i);
      }
      requests.add(new Request(prompts.get(p).tokens(), seeds));
    }
    List<List<Response>> responses = new Sampler(decoder, settings).sample(requests, progress);
    var candidates = new ArrayList<Candidate>();
    for (int p = 0; p < prompts.size(); p++) {
      for (Response response : responses.get(p)) {
        candidates.add(Candidate.of(prompts.get(p), response, tokenizer));
      }
    }
    double[] rewards = reward.score(candidates);
    var rows = new ArrayList<VStarRow>();
    for (int p = 0; p < prompts.size(); p++) {
      var samples = new ArrayList<Sample>();
      for (int i = 0; i < plan.samplesPerPrompt(); i++) {
        int index = p * plan.samplesPerPrompt() + i;
        Candidate c = candidates.get(index);
        samples.add(new Sample(c.response(), rewards[index], c.tokens(), c.truncated()));
      }
      Prompt prompt = prompts.get(p);
      rows.add(
          new VStarRow(block.firstRow() + p, prompt.text(), prompt.answer(), List.copyOf(samples)));
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
}
