package dev.apo.worker.train;

import dev.apo.worker.data.Prompt;
import dev.apo.worker.engine.TokenBatch;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.reward.Candidate;
import dev.apo.worker.reward.Reward;
import dev.apo.worker.sampling.ReplicaSampler;
import dev.apo.worker.sampling.Request;
import dev.apo.worker.sampling.Response;
import java.util.ArrayList;
import java.util.List;

/** Samples responses from the current policy and scores them. */
final class Rollouts {
  private final ReplicaSampler sampler;
  private final Tokenizer tokenizer;
  private final Reward reward;

  Rollouts(ReplicaSampler sampler, Tokenizer tokenizer, Reward reward) {
    this.sampler = sampler;
    this.tokenizer = tokenizer;
    this.reward = reward;
  }

  /**
   * One response for each prompt.
   *
   * @param vStar [prompts] their optimal values
   * @param seeds [prompts]
   */
  List<Rollout> sample(List<Prompt> prompts, double[] vStar, long[] seeds) {
    var requests = new ArrayList<Request>();
    for (int i = 0; i < prompts.size(); i++) {
      requests.add(new Request(prompts.get(i).tokens(), new long[] {seeds[i]}));
    }
    List<List<Response>> responses = sampler.sample(requests);
    var candidates = new ArrayList<Candidate>();
    for (int i = 0; i < prompts.size(); i++) {
      candidates.add(Candidate.of(prompts.get(i), responses.get(i).get(0), tokenizer));
    }
    double[] rewards = reward.score(candidates);
    var rollouts = new ArrayList<Rollout>();
    for (int i = 0; i < prompts.size(); i++) {
      Prompt prompt = prompts.get(i);
      Response response = responses.get(i).get(0);
      rollouts.add(
          new Rollout(
              prompt.row(),
              prompt.text(),
              candidates.get(i).response(),
              TokenBatch.Sequence.of(prompt.tokens(), response.tokens()),
              response.truncated(),
              rewards[i],
              vStar[i]));
    }
    return rollouts;
  }
}
