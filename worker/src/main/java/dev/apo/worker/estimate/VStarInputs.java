package dev.apo.worker.estimate;

import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.reward.Reward;
import dev.apo.worker.storage.Sha256;
import dev.apo.worker.vstar.VStarPlan;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Everything that a V* table depends on; its hash is the table's key, so equal inputs share a
 * table. What is applied when a table is read (beta1, filters, the learning rate and all of
 * training) is not among them.
 */
public final class VStarInputs {
  /** The input that only a given table has. */
  public static final String TABLE = "table";

  /** Changes whenever the same inputs would be sampled differently. */
  private static final String SAMPLER_VERSION = "2";

  /**
   * Blocks are a sixteenth of the prompts, so that shards have something to share, within these
   * bounds.
   */
  private static final int BLOCKS = 16;

  private static final int MIN_BLOCK_ROWS = 4;
  private static final int MAX_BLOCK_ROWS = 64;

  private VStarInputs() {}

  /**
   * @param modelDigest of weights and configuration
   * @param tokenizerDigest of tokenizer.json
   * @param eosIds tokens that end a response
   * @param tableDigest of the files of spec.estimate.table; null if responses are sampled
   */
  public static VStarPlan plan(
      APOTrainingSpec spec,
      String modelDigest,
      String tokenizerDigest,
      Collection<Integer> eosIds,
      List<Prompt> prompts,
      Reward reward,
      String tableDigest) {
    int blockRows =
        Math.max(MIN_BLOCK_ROWS, Math.min(MAX_BLOCK_ROWS, (prompts.size() + BLOCKS - 1) / BLOCKS));
    var inputs = new TreeMap<String, String>();
    inputs.put("model", modelDigest);
    inputs.put("tokenizer", tokenizerDigest);
    inputs.put("eos", new TreeSet<>(eosIds).toString());
    inputs.put("prompts", digest(prompts));
    inputs.put("samplesPerPrompt", spec.estimate().samplesPerPrompt().toString());
    inputs.put("blockRows", Integer.toString(blockRows));
    if (tableDigest != null) {
      inputs.put(TABLE, tableDigest + " by " + spec.estimate().table().promptField());
    } else {
      inputs.put("precision", spec.train().precision().name());
      inputs.put("temperature", spec.sampling().temperature().toString());
      inputs.put("topP", spec.sampling().topP().toString());
      inputs.put("topK", spec.sampling().topK().toString());
      inputs.put("maxNewTokens", spec.sampling().maxNewTokens().toString());
      inputs.put("reward", reward.id() + " " + reward.version());
      inputs.put("sampler", SAMPLER_VERSION);
    }
    return new VStarPlan(
        key(inputs), prompts.size(), spec.estimate().samplesPerPrompt(), blockRows, inputs);
  }

  /** SHA-256 over the texts, tokens and answers of prompts, hexadecimal. */
  public static String digest(List<Prompt> prompts) {
    var text = new StringBuilder();
    for (Prompt p : prompts) {
      // Lengths keep texts apart that would read the same when joined.
      text.append(p.row()).append(' ').append(p.text().length()).append(' ').append(p.text());
      text.append(' ').append(p.answer().length()).append(' ').append(p.answer());
      text.append(' ').append(Arrays.toString(p.tokens())).append('\n');
    }
    return Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String key(Map<String, String> inputs) {
    var text = new StringBuilder();
    inputs.forEach((name, value) -> text.append(name).append('=').append(value).append('\n'));
    return Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8));
  }
}
