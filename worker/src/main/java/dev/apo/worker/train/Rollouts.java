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
   * A response to each prompt for each of its seeds.
   *
   * @param vStar [prompts] their optimal values
   * @param seeds [prompts][responses]
   * @return [prompts][responses]
   */
  List<List<Rollout>> sample(List<Prompt> prompts, double[] vStar, List<long[]> seeds) {
    var requests = new ArrayList<Request>();
    for (int i = 0; i < prompts.size(); i++) {
      requests.add(new Request(prompts.get(i).tokens(), seeds.get(i)));
    }
    List<List<Response>> responses = sampler.sample(requests);
    var candidates = new ArrayList<Candidate>();
    for (int i = 0; i < prompts.size(); i++) {
      for (Response response : responses.get(i)) {
        candidates.add(Candidate.of(prompts.get(i), response, tokenizer));
      }
    }
    double[] rewards = reward.score(candidates);
    var groups = new ArrayList<List<Rollout>>();
    int n = 0;
    for (int i = 0; i < prompts.size(); i++) {
      var group = new ArrayList<Rollout>();
      for (Response response : responses.get(i)) {
        group.add(
            new Rollout(
                prompts.get(i),
                candidates.get(n).response(),
                TokenBatch.Sequence.of(prompts.get(i).tokens(), response.tokens()),
                response.truncated(),
                rewards[n],
                vStar[i]));
        n++;
      }
      groups.add(List.copyOf(group));
    }
    return groups;
  }
}
