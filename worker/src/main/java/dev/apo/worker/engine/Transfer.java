package dev.apo.worker.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Copies float32 values between Java and the flattened arrays of a decoder's module. */
final class Transfer {
  private final TorchModule module;
  private final NDManager manager;

  /** One for all: a buffer for each piece would be freed only when Java collects garbage. */
  private ByteBuffer buffer = ByteBuffer.allocateDirect(0);

  Transfer(TorchModule module, NDManager manager) {
    this.module = module;
    this.manager = manager;
  }

  /** Overwrites values of an array. */
  void store(NDArray target, long offset, FloatBuffer values) {
    int count = values.remaining();
    if (buffer.capacity() < count * Float.BYTES) {
      buffer = ByteBuffer.allocateDirect(count * Float.BYTES);
    }
    ByteBuffer bytes = buffer.slice(0, count * Float.BYTES).order(ByteOrder.nativeOrder());
    bytes.asFloatBuffer().put(values);
    try (NDManager scope = manager.newSubManager()) {
      NDArray piece = scope.create(bytes, new Shape(count), DataType.FLOAT32);
      module.record(scope, "store", target, scope.create(offset), piece);
    }
  }

  /** Reads values of an array; a copy. */
  FloatBuffer fetch(NDArray source, long offset, int count) {
    try (NDManager scope = manager.newSubManager()) {
      return floats(
          module.record(scope, "fetch", source, scope.create(offset), scope.create((long) count)));
    }
  }

  /** Reads values of one of the policy's own arrays with its adapters merged; a copy. */
  FloatBuffer fetchPolicy(int parameter, long offset, int count) {
    try (NDManager scope = manager.newSubManager()) {
      return floats(
          module.record(
              scope,
              "fetch_policy",
              scope.create((long) parameter),
              scope.create(offset),
              scope.create((long) count)));
    }
  }

  private static FloatBuffer floats(NDArray values) {
    return values.toByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
  }
}
