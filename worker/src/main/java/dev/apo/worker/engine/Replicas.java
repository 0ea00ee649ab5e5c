package dev.apo.worker.engine;

import ai.djl.Device;
import ai.djl.pytorch.jni.JniUtils;
import dev.apo.worker.model.ModelDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * Decoders of the same weights that work at once, each on a device and on a thread of its own. Work
 * is dealt out by its place in a list and never by who is free, so that results do not depend on
 * timing.
 *
 * <p>The first one has the optimizer. Between devices go only gradients, summed onto the first one
 * in the order of the replicas, and changed weights, copied from there: once a step each.
 */
public final class Replicas implements AutoCloseable {
  private final List<Device> devices;
  private final List<Decoder> decoders = new ArrayList<>();
  private final List<ExecutorService> threads = new ArrayList<>();

  private Replicas(Decoder first, List<Device> devices) {
    this.devices = devices;
    decoders.add(first);
    try {
      for (Device device : devices.subList(1, devices.size())) {
        decoders.add(first.replica(device));
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    if (devices.size() > 1) {
      devices.forEach(device -> threads.add(Executors.newSingleThreadExecutor(Replicas::daemon)));
      // The CPU's replicas share its cores; a GPU's needs one to drive it. The number of the
      // engine's
      // threads belongs to the thread that sets it.
      int cores = devices.get(0).isGpu() ? 1 : JniUtils.getNumThreads() / devices.size();
      onEach(replica -> JniUtils.setNumThreads(Math.max(1, cores)));
    }
  }

  /**
   * Loads a model's weights onto devices.
   *
   * @see Decoder#load
   */
  public static Replicas load(
      ModelDirectory model,
      Precision precision,
      int maxLength,
      Trainable trainable,
      Devices devices) {
    List<Device> all = devices.forModel(model.config());
    return new Replicas(Decoder.load(model, precision, maxLength, trainable, all.get(0)), all);
  }

  /**
   * Replicas of a loaded model; closes it in the end.
   *
   * @param devices that of the model first
   */
  public static Replicas of(Decoder first, Devices devices) {
    return new Replicas(first, devices.named());
  }

  /** A critic that starts from the present weights, on the same devices. */
  public Replicas critic() {
    return new Replicas(first().critic(), devices);
  }

  private static Thread daemon(Runnable work) {
    var thread = new Thread(work, "replica");
    thread.setDaemon(true);
    return thread;
  }

  public int count() {
    return decoders.size();
  }

  /** How many devices they are on, each with memory of its own. */
  public int devices() {
    return (int) devices.stream().distinct().count();
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
