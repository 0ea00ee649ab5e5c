package dev.apo.worker.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import dev.apo.worker.FileErrors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A TorchScript module, loaded from source text, whose methods take and give arrays only. DJL picks
 * the method from the name of an extra last argument and groups arguments by name into lists; this
 * class hides both.
 */
final class TorchModule implements AutoCloseable {
  private final NDManager manager;
  private final PtSymbolBlock block;
  private final Map<String, NDArray> methods = new HashMap<>();

  private TorchModule(NDManager manager, PtSymbolBlock block) {
    this.manager = manager;
    this.block = block;
  }

  /** Loads the module whose source is the class path resource {@code name} beside this class. */
  static TorchModule load(NDManager parent, String name) {
    NDManager manager = parent.newSubManager();
    // The profiling executor costs seconds at the start and gains nothing on a module without
    // control flow to specialise.
    JniUtils.setGraphExecutorOptimize(false);
    try {
      Path archive = Files.createTempFile("apo-module", ".pt");
      try {
        TorchScriptArchive.write(archive, source(name));
        PtSymbolBlock block =
            JniUtils.loadModule(
                (PtNDManager) manager, archive, true, new String[0], new String[0], true);
        return new TorchModule(manager, block);
      } finally {
        Files.deleteIfExists(archive);
      }
    } catch (IOException e) {
      manager.close();
      throw FileErrors.explain("write", Path.of(System.getProperty("java.io.tmpdir")), e);
    }
  }

  static String source(String name) throws IOException {
    try (InputStream in = TorchModule.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Runs a method outside autograd; the result belongs to {@code owner}. */
  NDArray infer(NDManager owner, String method, NDArray... arguments) {
    return run(owner, method, false, new NDList(arguments));
  }

  /**
   * Runs a method that may record or walk an autograd graph, or makes arrays that a later graph
   * uses.
   */
  NDArray record(NDManager owner, String method, NDArray... arguments) {
    return run(owner, method, true, new NDList(arguments));
  }

  /** As {@link #record}, for a method whose parameters are lists of arrays. */
  void recordLists(String method, Map<String, List<NDArray>> arguments) {
    var inputs = new NDList();
    arguments.forEach(
        (name, arrays) -> {
          for (NDArray array : arrays) {
            array.setName(name + "[]");
            inputs.add(array);
          }
        });
    try (NDManager scope = manager.newSubManager()) {
      run(scope, method, true, inputs);
    } finally {
      arguments.values().forEach(arrays -> arrays.forEach(array -> array.setName(null)));
    }
  }

  private NDArray run(NDManager owner, String method, boolean grad, NDList inputs) {
    inputs.add(methods.computeIfAbsent(method, this::selector));
    // Grad mode belongs to the thread, and the engine switches it off on the thread that starts it.
    JniUtils.setGradMode(grad);
    NDArray result = IValueUtils.forward(block, inputs, grad).get(0);
    result.attach(owner);
    return result;
  }

  private NDArray selector(String method) {
    NDArray array = manager.zeros(new Shape(1), DataType.FLOAT32);
    array.setName("module_method:" + method);
    return array;
  }

  @Override
  public void close() {
    methods.values().forEach(NDArray::close);
    block.close();
    manager.close();
  }
}
