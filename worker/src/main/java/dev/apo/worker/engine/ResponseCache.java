package dev.apo.worker.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * Keys and values of responses under way, one slot a response, each at a position of its own; and
 * how their tokens are drawn. Not thread-safe, and for the thread that drives its decoder.
 */
public final class ResponseCache implements AutoCloseable {
  private final TorchModule module;
  private final NDManager manager;
  private final NDArray controls;

  ResponseCache(
      TorchModule module, NDManager parent, int slots, int length, Decoder.Controls controls) {
    this.module = module;
    this.manager = parent.newSubManager();
    this.controls =
        manager.create(new double[] {controls.temperature(), controls.topP(), controls.topK()});
    reserve(slots, length);
  }

  private void reserve(long slots, long length) {
    try (NDManager scope = manager.newSubManager()) {
      module.infer(scope, "reserve", scope.create(slots), scope.create(length));
    }
  }

  /** Keeps the named slots and renumbers them in that order. */
  public void keep(int[] slots) {
    try (NDManager scope = manager.newSubManager()) {
      module.infer(scope, "keep", scope.create(widen(slots)));
    }
  }

  /**
   * Runs prompts once each and starts responses from them.
   *
   * @param prompts [P] token ids
   * @param source [M] which prompt each response continues
   * @param slots [M] where each response lives
   * @param uniforms [M] in [0, 1)
   * @return [M] first tokens
   */
  public int[] prefill(List<int[]> prompts, int[] source, int[] slots, float[] uniforms) {
    int width = prompts.stream().mapToInt(p -> p.length).max().orElseThrow();
    long[] ids = new long[prompts.size() * width];
    long[] lengths = new long[prompts.size()];
    for (int p = 0; p < prompts.size(); p++) {
      lengths[p] = prompts.get(p).length;
      for (int t = 0; t < lengths[p]; t++) {
        ids[p * width + t] = prompts.get(p)[t];
      }
    }
    try (NDManager scope = manager.newSubManager()) {
      return narrow(
          module.infer(
              scope,
              "prefill",
              scope.create(ids, new Shape(prompts.size(), width)),
              scope.create(lengths),
              scope.create(widen(source)),
              scope.create(widen(slots)),
              scope.create(uniforms),
              controls));
    }
  }

  /**
   * Advances every slot by one token.
   *
   * @param tokens [slots] last token of each response
   * @param positions [slots] where those tokens stand, counted from the prompt's start
   * @param span more than every position
   * @return [slots] next tokens
   */
  public int[] decode(int[] tokens, int[] positions, float[] uniforms, int span) {
    try (NDManager scope = manager.newSubManager()) {
      return narrow(
          module.infer(
              scope,
              "decode",
              scope.create(widen(tokens)),
              scope.create(widen(positions)),
              scope.create(uniforms),
              scope.create((long) span),
              controls));
    }
  }

  private static long[] widen(int[] values) {
    return Arrays.stream(values).asLongStream().toArray();
  }

  private static int[] narrow(NDArray array) {
    return Arrays.stream(array.toLongArray()).mapToInt(Math::toIntExact).toArray();
  }

  /** Gives the room back. */
  @Override
  public void close() {
    reserve(0, 0);
    manager.close();
  }
}
