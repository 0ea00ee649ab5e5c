package dev.apo.worker.evaluate;

import dev.apo.worker.data.Prompt;
import dev.apo.worker.data.RandomStream;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.reward.Candidate;
import dev.apo.worker.reward.Reward;
import dev.apo.worker.sampling.ReplicaSampler;
import dev.apo.worker.sampling.Request;
import dev.apo.worker.sampling.Response;
import dev.apo.worker.sampling.SamplingSettings;
import java.util.ArrayList;
import java.util.Arrays;
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
    var candidates = new ArrayList<Candidate>();
    for (int p = 0; p < prompts.size(); p++) {
      for (Response response : responses.get(p)) {
        candidates.add(Candidate.of(prompts.get(p), response, tokenizer));
      }
    }
    double[] rewards = reward.score(candidates);
    var shown = new ArrayList<Sample>();
    for (int i = 0; i < rewards.length; i += samples) {
      Candidate c = candidates.get(i);
      shown.add(new Sample(c.prompt(), c.response(), c.answer(), rewards[i]));
    }
    double sum = Arrays.stream(rewards).sum();
    long tokens = candidates.stream().mapToLong(Candidate::tokens).sum();
    return new Result(sum / responses(), shown, tokens);
  }
}
