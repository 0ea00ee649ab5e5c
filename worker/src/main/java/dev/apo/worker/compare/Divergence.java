package dev.apo.worker.compare;

import dev.apo.worker.StopSignal;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.data.RandomStream;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.TokenBatch;
import dev.apo.worker.engine.Trainable;
import dev.apo.worker.manifest.Manifest;
import dev.apo.worker.run.Launch;
import dev.apo.worker.run.Session;
import dev.apo.worker.sampling.ReplicaSampler;
import dev.apo.worker.sampling.Request;
import dev.apo.worker.sampling.Response;
import dev.apo.worker.telemetry.Reporter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How far a trained policy is from the model that it started from, measured in the same way
 * whatever trained it: KL(π ‖ π_ref) of whole responses, in nats. It is the mean of log π(y|x) −
 * log π_ref(y|x), an unbiased estimate, over one response y of the trained policy to each
 * evaluation prompt x, sampled as in training with random numbers that are the same for all.
 */
final class Divergence {
  /** Keeps its random numbers apart from those of training and evaluation. */
  private static final long STREAM = 0x646976;

  /** Tokens that are scored at once, padding included. */
  private static final int BATCH_TOKENS = 8192;

  private final Launch launch;
  private final StopSignal stop;

  Divergence(Launch launch, StopSignal stop) {
    this.launch = launch;
    this.stop = stop;
  }

  /**
   * @param mean nats a response
   * @param responses that it is the mean of
   */
  record Measured(double mean, int responses) {}

  /**
   * @param manifest of the run, which names the starting model
   * @param trained address of the trained model
   */
  Measured measure(Manifest manifest, String trained) {
    List<TokenBatch.Sequence> sequences;
    double[] policy;
    try (Session session = open(manifest.withModel(trained));
        Replicas replicas = session.loadModel(Trainable.NOTHING)) {
      sequences = sample(session, replicas);
      policy = score(session, replicas, sequences);
    }
    try (Session session = open(manifest);
        Replicas replicas = session.loadModel(Trainable.NOTHING)) {
      double[] reference = score(session, replicas, sequences);
      double sum = 0;
      for (int i = 0; i < policy.length; i++) {
        sum += policy[i] - reference[i];
      }
      return new Measured(sum / policy.length, policy.length);
    }
  }

  private Session open(Manifest manifest) {
    stop.check();
    return Session.open(manifest, launch, Reporter.SILENT, stop);
  }

  private static List<TokenBatch.Sequence> sample(Session session, Replicas replicas) {
    List<Prompt> all = session.eval().prompts();
    Integer limit = session.spec().evaluate().limit();
    List<Prompt> prompts = limit == null || limit > all.size() ? all : all.subList(0, limit);
    var requests = new ArrayList<Request>();
    for (Prompt prompt : prompts) {
      long[] seed = {RandomStream.of(STREAM, prompt.row()).key()};
      requests.add(new Request(prompt.tokens(), seed));
    }
    List<List<Response>> responses =
        new ReplicaSampler(replicas, session.sampling()).sample(requests);
    var sequences = new ArrayList<TokenBatch.Sequence>();
    for (int i = 0; i < responses.size(); i++) {
      int[] response = responses.get(i).get(0).tokens();
      sequences.add(TokenBatch.Sequence.of(prompts.get(i).tokens(), response));
    }
    return sequences;
  }

  /** Log-probability of each response. */
  private static double[] score(
      Session session, Replicas replicas, List<TokenBatch.Sequence> sequences) {
    double temperature = session.spec().sampling().temperature();
    int rows = Math.max(1, BATCH_TOKENS / session.maxLength());
    var batches = new ArrayList<List<TokenBatch.Sequence>>();
    for (int from = 0; from < sequences.size(); from += rows) {
      batches.add(sequences.subList(from, Math.min(sequences.size(), from + rows)));
    }
    return replicas
        .map(
            batches,
            (decoder, batch) ->
                sums(decoder.score(TokenBatch.of(batch), temperature, false).logProbs(), batch))
        .stream()
        .flatMapToDouble(Arrays::stream)
        .toArray();
  }

  private static double[] sums(float[] logProbs, List<TokenBatch.Sequence> batch) {
    double[] sums = new double[batch.size()];
    int n = 0;
    for (int row = 0; row < sums.length; row++) {
      for (int t = 0; t < batch.get(row).responseLength(); t++) {
        sums[row] += logProbs[n++];
      }
    }
    return sums;
  }
}
