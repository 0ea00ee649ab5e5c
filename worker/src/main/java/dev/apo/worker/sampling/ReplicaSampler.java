package dev.apo.worker.sampling;

import dev.apo.worker.engine.Replicas;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/** Spreads requests over replicas: each samples a run of neighbours. */
public final class ReplicaSampler {
  private final Replicas replicas;
  private final SamplingSettings settings;

  public ReplicaSampler(Replicas replicas, SamplingSettings settings) {
    this.replicas = replicas;
    this.settings = settings;
  }

  /** Samples all responses; results stand in the order of the requests and of their seeds. */
  public List<List<Response>> sample(List<Request> requests) {
    return sample(requests, ended -> {});
  }

  /**
   * @param ended told the number of responses that have ended so far, by one thread at a time
   */
  public List<List<Response>> sample(List<Request> requests, IntConsumer ended) {
    var total = new EndedTotal(replicas.count(), ended);
    var parts = new ArrayList<Part>();
    for (int i = 0; i < replicas.count(); i++) {
      parts.add(new Part(i, share(requests, i)));
    }
    return replicas
        .map(
            parts,
            (decoder, part) ->
                new Sampler(decoder, settings)
                    .sample(part.requests(), n -> total.set(part.index(), n)))
        .stream()
        .flatMap(List::stream)
        .toList();
  }

  private record Part(int index, List<Request> requests) {}

  private List<Request> share(List<Request> requests, int part) {
    int n = replicas.count();
    return requests.subList(requests.size() * part / n, requests.size() * (part + 1) / n);
  }
}
