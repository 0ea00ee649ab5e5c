package dev.apo.worker.evaluate;

import dev.apo.worker.data.Prompt;
import dev.apo.worker.data.RandomStream;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.reward.Reward;
import dev.apo.worker.sampling.ReplicaSampler;
import dev.apo.worker.sampling.Request;
import dev.apo.worker.sampling.Response;
import dev.apo.worker.sampling.SamplingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Measures a policy on held-out prompts: greedy accuracy with temperature 0 and one sample, avg@k
 * with k samples. The same policy always gives the same figure.
 */
public final class Evaluator {
  /** Keeps the random numbers of evaluation apart from those of training with the same seed. */
  private static final long STREAM = 0x6576616c;

  private final List<Prompt> prompts;
  private final int samples;
  private final long seed;
  private final Tokenizer tokenizer;
  private final Reward reward;
  private final SamplingSettings settings;

  /**
   * @param samples responses for each prompt
   */
  public Evaluator(
      List<Prompt> prompts,
      int samples,
      long seed,
      Tokenizer tokenizer,
      Reward reward,
      SamplingSettings settings) {
    this.prompts = prompts;
    this.samples = samples;
    this.seed = seed;
    this.tokenizer = tokenizer;
    this.reward = reward;
    this.settings = settings;
  }

  /** A response as a person reads it. */
  public record Sample(String prompt, String response, String answer, double reward) {}

  /**
   * @param accuracy mean reward over prompts and samples
   * @param samples the first response to each prompt
   * @param generatedTokens all response tokens
   */
  public record Result(double accuracy, List<Sample> samples, long generatedTokens) {}

  /** Number of responses that an evaluation samples. */
  public int responses() {
    return prompts.size() * samples;
  }

  public Result evaluate(Replicas replicas, IntConsumer progress) {
    var requests = new ArrayList<Request>();
    for (Prompt prompt : prompts) {
      long[] seeds = new long[samples];
      for (int i = 0; i < samples; i++) {
        seeds[i] = RandomStream.of(seed, STREAM, prompt.row(), i).key();
      }
      requests.add(new Request(prompt.tokens(), seeds));
    }
    List<List<Response>> responses =
        new ReplicaSampler(replicas, settings).sample(requests, progress);
    var shown = new ArrayList<Sample>();
    double sum = 0;
    long tokens = 0;
    for (int p = 0; p < prompts.size(); p++) {
      Prompt prompt = prompts.get(p);
      for (int i = 0; i < samples; i++) {
        Response response = responses.get(p).get(i);
        String text = tokenizer.decode(response.tokens());
        double score = reward.score(prompt.text(), text, prompt.answer());
        sum += score;
        tokens += response.tokens().length;
        if (i == 0) {
          shown.add(new Sample(prompt.text(), text, prompt.answer(), score));
        }
      }
    }
    return new Result(sum / responses(), shown, tokens);
  }
}
