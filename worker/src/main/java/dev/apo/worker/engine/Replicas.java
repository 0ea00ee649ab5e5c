package dev.apo.worker.engine;

import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * Decoders of the same weights that work at once, each on a thread of its own. Work is dealt out by
 * its place in a list and never by who is free, so that results do not depend on timing.
 *
 * <p>A small model's operations are too short to be shared by several cores: one core per replica
 * does more. A large model's weights are better read once for all cores, so it has one replica.
 */
public final class Replicas implements AutoCloseable {
  /** Weights up to this size, in float32, stay in a core's caches. */
  private static final long SMALL_MODEL_BYTES = 16L << 20;

  private static final int MOST = 8;

  private final List<Decoder> decoders;
  private final List<ExecutorService> threads;

  private Replicas(List<Decoder> decoders, List<ExecutorService> threads) {
    this.decoders = decoders;
    this.threads = threads;
  }

  /** As many replicas of a loaded model as are worth it on this machine; closes it in the end. */
  public static Replicas of(Decoder decoder) {
    long bytes = Float.BYTES * decoder.parameters().stream().mapToLong(p -> p.size()).sum();
    boolean small = decoder.isOnCpu() && bytes <= SMALL_MODEL_BYTES;
    return of(decoder, small ? Math.min(MOST, JniUtils.getNumThreads()) : 1);
  }

  /**
   * A number of replicas; closes them all in the end.
   *
   * @param count replicas, the given decoder included
   */
  public static Replicas of(Decoder decoder, int count) {
    var decoders = new ArrayList<>(List.of(decoder));
    var threads = new ArrayList<ExecutorService>();
    for (int i = 1; i < count; i++) {
      decoders.add(decoder.replica());
    }
    for (int i = 0; i < count && count > 1; i++) {
      threads.add(Executors.newSingleThreadExecutor(Replicas::daemon));
    }
    var replicas = new Replicas(List.copyOf(decoders), List.copyOf(threads));
    if (count > 1) {
      // The number of the engine's threads belongs to the thread that sets it.
      replicas.onEach(replica -> JniUtils.setNumThreads(1));
    }
    return replicas;
  }

  private static Thread daemon(Runnable work) {
    var thread = new Thread(work, "replica");
    thread.setDaemon(true);
    return thread;
  }

  public int count() {
    return decoders.size();
  }

  /** The one that owns the weights and the optimizer's state. */
  public Decoder first() {
    return decoders.get(0);
  }

  /** Brings all copies of the weights up to date. */
  public void weightsChanged() {
    onEach(Decoder::weightsChanged);
  }

  /** Makes the present weights the reference policy, for good. */
  public void freezeReference() {
    onEach(Decoder::freezeReference);
  }

  /** Allocates gradients and AdamW's moments, all zero. */
  public void prepareTraining() {
    first().prepareTraining();
    decoders.stream().skip(1).forEach(Decoder::prepareGradient);
  }

  /**
   * One AdamW step on the sum of all accumulated gradients.
   *
   * @see Decoder#optimize
   */
  public double optimize(int step, AdamW adamW, double learningRate) {
    decoders.stream().skip(1).forEach(first()::takeGradient);
    double norm = first().optimize(step, adamW, learningRate);
    decoders.stream().skip(1).forEach(Decoder::weightsChanged);
    return norm;
  }

  /**
   * Does all work, item i on replica i modulo their number.
   *
   * @return what each item came to, in order
   * @throws RuntimeException what the first item that failed threw, after all others have ended
   */
  public <A, B> List<B> map(List<A> work, BiFunction<Decoder, A, B> task) {
    if (threads.isEmpty()) {
      return work.stream().map(item -> task.apply(first(), item)).toList();
    }
    var running = new ArrayList<Future<B>>();
    for (int i = 0; i < work.size(); i++) {
      A item = work.get(i);
      int replica = i % count();
      running.add(threads.get(replica).submit(() -> task.apply(decoders.get(replica), item)));
    }
    return join(running);
  }

  private static <B> List<B> join(List<Future<B>> running) {
    var results = new ArrayList<B>();
    RuntimeException failure = null;
    for (Future<B> one : running) {
      try {
        results.add(one.get());
      } catch (ExecutionException e) {
        if (failure == null) {
          failure =
              e.getCause() instanceof RuntimeException cause
                  ? cause
                  : new IllegalStateException(e.getCause());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
    if (failure != null) {
      throw failure;
    }
    return results;
  }

  private void onEach(Consumer<Decoder> task) {
    map(
        decoders,
        (decoder, same) -> {
          task.accept(decoder);
          return true;
        });
  }

  @Override
  public void close() {
    threads.forEach(ExecutorService::shutdownNow);
    for (int i = decoders.size(); i > 0; i--) {
      decoders.get(i - 1).close();
    }
  }
}
