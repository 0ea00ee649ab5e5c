package dev.apo.worker.engine;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.apo.worker.data.RandomStream;
import dev.apo.worker.model.Lora;
import dev.apo.worker.model.ModelConfig;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.model.Parameter;
import dev.apo.worker.model.Parameters;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A language model in the engine: its weights, what sampling keeps between tokens and what training
 * keeps between steps. The arithmetic is the TorchScript program {@code decoder.py}; this class
 * gives its methods Java types. Not thread-safe: one thread drives a decoder.
 */
public final class Decoder implements AutoCloseable {
  /** Values copied at once from model to model. */
  private static final int COPIED = 1 << 22;

  /** Keeps the random numbers of adapters apart from those of sampling with the same seed. */
  private static final long ADAPTERS = 0x6c6f7261;

  /** Tokens of a micro-batch that keep a processor busy. */
  private static final int FEWEST_TOKENS = 512;

  /** Tokens of a micro-batch that keep a GPU busy. */
  private static final int MOST_TOKENS = 8192;

  private final Room room;
  private Activations activations;

  /**
   * Bounds memory, whatever the batch and the vocabulary: so many in 32 bits, and derivatives by
   * four times as many.
   */
  private int logitsAtOnce = 1 << 23;

  private final NDManager manager;
  private final TorchModule module;
  private final Transfer transfer;
  private final ModelConfig config;
  private final Precision precision;
  private final int maxLength;
  private final Trainable trainable;
  private final List<Parameter> parameters;
  private final List<Parameter> trained;
  private final List<NDArray> master;
  private final List<NDArray> trainedArrays;
  private List<NDArray> gradient = List.of();
  private List<NDArray> moment1 = List.of();
  private List<NDArray> moment2 = List.of();

  /**
   * @param owner whose weights and adapters this decoder follows with copies of its own, or null
   */
  private Decoder(
      ModelConfig config,
      List<Parameter> parameters,
      Precision precision,
      int maxLength,
      Trainable trainable,
      Device device,
      Decoder owner) {
    this.manager = NDManager.newBaseManager(device);
    this.config = config;
    this.maxLength = maxLength;
    this.trainable = trainable;
    this.parameters = parameters;
    this.module = TorchModule.load(manager, "decoder.py");
    this.transfer = new Transfer(module, manager);
    this.precision = precision == Precision.BF16 && !computesHalf() ? Precision.FP32 : precision;
    configure(owner != null);
    packMatrices(isOnCpu() && !Devices.isSmall(config));
    this.room = Room.on(device);
    this.activations =
        new Activations(config, valueBytes(), plainAttention(), room.activationBytes());
    keepActivations(room.activationBytes());
    this.master =
        owner != null
            ? owner.master
            : trainable.weights()
                ? zeros(parameters)
                : parameters.stream().map(this::blank).toList();
    module.recordLists("adopt", Map.of("master", master));
    if (!trainable.weights()) {
      call("freeze");
    }
    if (trainable.lora() == null) {
      this.trained = trainable.weights() ? parameters : List.of();
      this.trainedArrays = trainable.weights() ? master : List.of();
    } else {
      this.trained = trainable.lora().parameters(config);
      this.trainedArrays = owner != null ? owner.trainedArrays : zeros(trained);
      adoptAdapters(trainable.lora());
    }
  }

  /**
   * Loads a model's weights to sample and to train them.
   *
   * @param maxLength longest sequence to come, prompt and response, in tokens
   */
  public static Decoder load(ModelDirectory model, Precision precision, int maxLength) {
    return load(model, precision, maxLength, Trainable.WEIGHTS);
  }

  /** Loads a model's weights onto the engine's own choice of a device. */
  public static Decoder load(
      ModelDirectory model, Precision precision, int maxLength, Trainable trainable) {
    return load(model, precision, maxLength, trainable, Engine.getInstance().defaultDevice());
  }

  /**
   * Loads a model's weights. Adapters start at zero ({@link #startAdapters}).
   *
   * @param maxLength longest sequence to come, prompt and response, in tokens
   */
  static Decoder load(
      ModelDirectory model,
      Precision precision,
      int maxLength,
      Trainable trainable,
      Device device) {
    List<Parameter> parameters = Parameters.of(model.config());
    var decoder =
        new Decoder(model.config(), parameters, precision, maxLength, trainable, device, null);
    try {
      model.readWeights(
          (parameter, offset, values) ->
              decoder.transfer.store(decoder.master.get(parameter), offset, values));
      decoder.weightsChanged();
      return decoder;
    } catch (RuntimeException e) {
      decoder.close();
      throw e;
    }
  }

  /** A model whose weights are all zero, to be filled by {@link #write}. */
  public static Decoder empty(ModelConfig config, Precision precision, int maxLength) {
    return new Decoder(
        config,
        Parameters.of(config),
        precision,
        maxLength,
        Trainable.WEIGHTS,
        Engine.getInstance().defaultDevice(),
        null);
  }

  /**
   * A decoder of the same weights on another device, or for another thread. It computes with a copy
   * of this one's weights, which {@link #weightsChanged}, called on the replica, fetches anew; only
   * those that training changes ever are. It has a gradient of its own, which {@link #takeGradient}
   * adds to this one's, and no optimizer.
   */
  Decoder replica(Device device) {
    return new Decoder(config, parameters, precision, maxLength, trainable, device, this);
  }

  /**
   * A critic that starts from this model's weights: a model of its own whose head, zero at first,
   * gives a value for each position. It has {@link #values}, {@link #valueForward} and {@link
   * #valueBackward} in place of log-probs.
   */
  public Decoder critic() {
    var critic =
        new Decoder(
            config,
            Parameters.ofCritic(config),
            precision,
            maxLength,
            Trainable.WEIGHTS,
            manager.getDevice(),
            null);
    try {
      for (int p = 0; p < critic.parameters.size(); p++) {
        int from = indexOf(critic.parameters.get(p).parts().get(0).name());
        long size = critic.parameters.get(p).size();
        for (long first = 0; from >= 0 && first < size; first += COPIED) {
          int count = (int) Math.min(COPIED, size - first);
          critic.write(State.WEIGHTS, p, first, readPolicy(from, first, count));
        }
      }
      critic.weightsChanged();
      return critic;
    } catch (RuntimeException e) {
      critic.close();
      throw e;
    }
  }

  private int indexOf(String firstPart) {
    for (int p = 0; p < parameters.size(); p++) {
      if (parameters.get(p).parts().get(0).name().equals(firstPart)) {
        return p;
      }
    }
    return -1;
  }

  private void adoptAdapters(Lora lora) {
    try (NDManager scope = manager.newSubManager()) {
      var lists = new LinkedHashMap<String, List<NDArray>>();
      lists.put("trained", trainedArrays);
      lists.put("at", List.of(scope.create(lora.places(config))));
      lists.put("rows", List.of(scope.create(lora.rows(config))));
      lists.put("rank", List.of(scope.create((long) lora.rank())));
      lists.put("scale", List.of(scope.create(lora.scale())));
      module.recordLists("adopt_adapters", lists);
    }
  }

  /**
   * Draws the adapters that training starts from, if there are any: every a uniform within 1 /
   * √columns, as PEFT does, and every b zero, so that the policy is the model as it was loaded.
   */
  public void startAdapters(long seed) {
    if (trainable.lora() == null) {
      return;
    }
    for (int p = 0; p < trained.size(); p += 2) {
      RandomStream random = RandomStream.of(seed, ADAPTERS, p);
      int size = (int) trained.get(p).size();
      float bound = (float) (1 / Math.sqrt(trained.get(p).shape()[1]));
      FloatBuffer a = FloatBuffer.allocate(size);
      for (int i = 0; i < size; i++) {
        a.put(bound * (2 * random.uniform(i) - 1));
      }
      write(State.WEIGHTS, p, 0, a.flip());
    }
    weightsChanged();
  }

  private void configure(boolean replica) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray sizes =
          scope.create(
              new long[] {
                config.layers(),
                config.heads(),
                config.kvHeads(),
                config.headDim(),
                hasHead() ? 0 : 1,
                precision == Precision.BF16 ? 1 : 0,
                isOnCpu() ? 1 : 0,
                config.projectionBias() ? 1 : 0,
                config.headNorms() ? 1 : 0,
                replica ? 1 : 0,
                plainAttention()
              });
      module.record(
          scope,
          "configure",
          sizes,
          scope.create(config.normEps()),
          scope.create(config.rotary().inverseFrequencies(config.headDim())),
          scope.create(config.rotary().attentionFactor()),
          scope.create((long) maxLength));
    }
  }

  /**
   * Longest sequences whose attention is plain products. The engine's fused kernel keeps less, but
   * takes 3 times as long for the forward and backward pass of 128 tokens in BF16, and twice as
   * long in FP32; it breaks even near these lengths. A GPU has no such kernel here.
   */
  private int plainAttention() {
    if (!isOnCpu()) {
      return maxLength;
    }
    return precision == Precision.BF16 ? 512 : 128;
  }

  /**
   * Whether BF16 is computed in BF16: a processor without kernels for it would take ten times as
   * long.
   */
  private boolean computesHalf() {
    if (!isOnCpu()) {
      return true;
    }
    try {
      call("try_half");
      return true;
    } catch (EngineException e) {
      return false;
    }
  }

  /** Whether the head has weights of its own. */
  private boolean hasHead() {
    return parameters.size() > 2
        && !parameters.get(2).parts().get(0).name().startsWith("model.layers.");
  }

  private int valueBytes() {
    return precision == Precision.BF16 ? 2 : 4;
  }

  private boolean isOnCpu() {
    return !manager.getDevice().isGpu();
  }

  public ModelConfig config() {
    return config;
  }

  /** What is computed in: FP32 too if BF16 is asked for and the processor has no kernels for it. */
  public Precision precision() {
    return precision;
  }

  /** All arrays of the model. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** The arrays that training changes: the model's own, or those of its adapters. */
  public List<Parameter> trained() {
    return trained;
  }

  // ---- weights and optimizer state ------------------------------------------------------------

  /** What training keeps for each array that it changes. */
  public enum State {
    WEIGHTS,
    MOMENT1,
    MOMENT2
  }

  private NDArray array(State state, int parameter) {
    return switch (state) {
      case WEIGHTS -> trainedArrays.get(parameter);
      case MOMENT1 -> moment1.get(parameter);
      case MOMENT2 -> moment2.get(parameter);
    };
  }

  /** Reads values of one of the {@link #trained} arrays, flattened; a copy. */
  public FloatBuffer read(State state, int parameter, long offset, int count) {
    return transfer.fetch(array(state, parameter), offset, count);
  }

  /** Reads values of one of the model's arrays with its adapters merged, flattened; a copy. */
  public FloatBuffer readPolicy(int parameter, long offset, int count) {
    return transfer.fetchPolicy(parameter, offset, count);
  }

  /** Reads the accumulated gradient of one parameter, flattened; a copy. */
  FloatBuffer gradient(int parameter, long offset, int count) {
    return transfer.fetch(gradient.get(parameter), offset, count);
  }

  /** Overwrites the accumulated gradient of one parameter, flattened. */
  void writeGradient(int parameter, long offset, FloatBuffer values) {
    call("ready_gradient");
    transfer.store(gradient.get(parameter), offset, values);
  }

  /**
   * Overwrites values of one of the {@link #trained} arrays, flattened; after weights, {@link
   * #weightsChanged} must follow.
   */
  public void write(State state, int parameter, long offset, FloatBuffer values) {
    transfer.store(array(state, parameter), offset, values);
  }

  /** Brings the copy that computations use up to date. */
  public void weightsChanged() {
    call("refresh");
  }

  /** Makes the present weights the reference policy, for good. */
  public void freezeReference() {
    call("freeze_reference");
  }

  private void call(String method) {
    try (NDManager scope = manager.newSubManager()) {
      module.record(scope, method, scope.zeros(new Shape(1)));
    }
  }

  /**
   * Sets how many bytes of activations may be kept for a backward pass before layers are computed
   * again. Copies of the weights that would take more are not kept while training, either.
   */
  void keepActivations(long bytes) {
    activations = activations.within(bytes);
    boolean lean = trainable.weights() && activations.areFewerThanWeights();
    try (NDManager scope = manager.newSubManager()) {
      module.record(scope, "be_lean", scope.create(lean ? 1L : 0L));
    }
  }

  /**
   * Sets whether forward passes read matrices in an order of their own, which pays for large ones
   * on a processor. Before the reference policy is frozen.
   */
  void packMatrices(boolean packs) {
    try (NDManager scope = manager.newSubManager()) {
      module.record(scope, "pack_matrices", scope.create(packs ? 1L : 0L));
    }
  }

  /** Sets how many logits the head gives at once, at the least those of 32 positions. */
  void readLogitsAtOnce(int values) {
    logitsAtOnce = values;
  }

  /** Allocates gradients and AdamW's moments, all zero. */
  public void prepareTraining() {
    prepareGradient();
    moment1 = zeros(trained);
    moment2 = zeros(trained);
    var lists = new LinkedHashMap<String, List<NDArray>>();
    lists.put("moment1", moment1);
    lists.put("moment2", moment2);
    module.recordLists("adopt_moments", lists);
  }

  /** What a replica needs for {@link #backward}. */
  void prepareGradient() {
    gradient = trained.stream().map(p -> manager.zeros(new Shape(0), DataType.FLOAT32)).toList();
    module.recordLists("adopt_gradient", Map.of("gradient", gradient));
  }

  /** Moves a replica's accumulated gradient into this decoder's. */
  void takeGradient(Decoder replica) {
    module.recordLists("take_gradient", Map.of("other", replica.gradient));
  }

  private List<NDArray> zeros(List<Parameter> arrays) {
    return arrays.stream().map(p -> manager.zeros(new Shape(p.shape()), DataType.FLOAT32)).toList();
  }

  /** Zeros in the precision of computing: weights that are not trained need no more. */
  private NDArray blank(Parameter parameter) {
    try (NDManager scope = manager.newSubManager()) {
      return module.record(manager, "blank", scope.create(parameter.shape()));
    }
  }

  // ---- logits and log-probs -------------------------------------------------------------------

  /** Logits of whole sequences, for inspection: ids [rows][width] → [rows * width][vocabulary]. */
  public float[][] logits(int[][] ids) {
    try (NDManager scope = manager.newSubManager()) {
      int width = ids[0].length;
      long[] flat = new long[ids.length * width];
      for (int i = 0; i < flat.length; i++) {
        flat[i] = ids[i / width][i % width];
      }
      float[] all =
          module
              .infer(scope, "forward", scope.create(flat, new Shape(ids.length, width)))
              .toFloatArray();
      float[][] rows = new float[flat.length][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = Arrays.copyOfRange(all, i * config.vocabSize(), (i + 1) * config.vocabSize());
      }
      return rows;
    }
  }

  /**
   * Numbers of rows are rounded up to a multiple of this: the engine compiles its kernels for each
   * size that it meets.
   */
  private static final int ROWS = 32;

  private static long[] padded(long[] values) {
    return Arrays.copyOf(values, (values.length + ROWS - 1) / ROWS * ROWS);
  }

  /** Scores responses under the policy or the frozen reference policy, with nothing kept. */
  public TokenScores score(TokenBatch batch, double temperature, boolean reference) {
    try (NDManager scope = manager.newSubManager()) {
      return TokenScores.of(
          module.infer(
              scope,
              "score",
              ids(scope, batch),
              scope.create(padded(batch.at())),
              scope.create(padded(batch.targets())),
              scope.create(temperature),
              scope.create(chunk()),
              scope.create(reference ? 1L : 0L)),
          batch.targets().length);
    }
  }

  /** Scores responses under the policy and keeps what {@link #backward} needs. */
  public TokenScores forward(TokenBatch batch, double temperature) {
    try (NDManager scope = manager.newSubManager()) {
      return TokenScores.of(
          module.record(
              scope,
              "train_forward",
              ids(scope, batch),
              scope.create(padded(batch.at())),
              scope.create(padded(batch.targets())),
              scope.create(temperature),
              scope.create(chunk()),
              scope.create(layersComputedAgain(batch))),
          batch.targets().length);
    }
  }

  /**
   * Adds to the gradient, from the loss's derivatives by what the last {@link #forward} returned.
   *
   * @param coefficients [tokens] derivative by each log-prob
   * @param entropyCoefficients [tokens] derivative by each entropy; empty if it does not count
   */
  public void backward(float[] coefficients, float[] entropyCoefficients, double temperature) {
    // Rows that only pad count for nothing.
    int rows = (coefficients.length + ROWS - 1) / ROWS * ROWS;
    float[] entropy =
        entropyCoefficients.length == 0 ? new float[0] : Arrays.copyOf(entropyCoefficients, rows);
    try (NDManager scope = manager.newSubManager()) {
      module.record(
          scope,
          "train_backward",
          scope.create(Arrays.copyOf(coefficients, rows)),
          scope.create(entropy),
          scope.create(temperature),
          scope.create(chunk()));
    }
  }

  /**
   * A critic's values, one for each response token, read where the token before it stands: what it
   * expects of the token and all that follow.
   *
   * @return [tokens] in the order of {@link TokenBatch#targets}
   */
  public float[] values(TokenBatch batch) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray values =
          module.infer(scope, "value", ids(scope, batch), scope.create(padded(batch.at())));
      return Arrays.copyOf(values.toFloatArray(), batch.targets().length);
    }
  }

  /** As {@link #values}, and keeps what {@link #valueBackward} needs. */
  public float[] valueForward(TokenBatch batch) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray values =
          module.record(
              scope,
              "value_forward",
              ids(scope, batch),
              scope.create(padded(batch.at())),
              scope.create(layersComputedAgain(batch)));
      return Arrays.copyOf(values.toFloatArray(), batch.targets().length);
    }
  }

  /**
   * Adds to the gradient.
   *
   * @param coefficients [tokens] the loss's derivative by each value of the last {@link
   *     #valueForward}
   */
  public void valueBackward(float[] coefficients) {
    int rows = (coefficients.length + ROWS - 1) / ROWS * ROWS;
    try (NDManager scope = manager.newSubManager()) {
      module.record(scope, "value_backward", scope.create(Arrays.copyOf(coefficients, rows)));
    }
  }

  /**
   * One AdamW step on the accumulated gradient, clipped to a global norm; clears the gradient.
   *
   * @param step number of this optimizer step, from 1
   * @return the gradient's norm before clipping
   */
  public double optimize(int step, AdamW adamW, double learningRate) {
    try (NDManager scope = manager.newSubManager()) {
      return module.record(
              scope,
              "adamw",
              scope.create((float) step),
              scope.create(learningRate),
              scope.create(adamW.beta1()),
              scope.create(adamW.beta2()),
              scope.create(adamW.epsilon()),
              scope.create(adamW.weightDecay()),
              scope.create(adamW.maxGradNorm()))
          .toFloatArray()[0];
    }
  }

  private long layersComputedAgain(TokenBatch batch) {
    return activations.layersComputedAgain(batch.ids().length, batch.width());
  }

  private NDArray ids(NDManager scope, TokenBatch batch) {
    return scope.create(batch.ids(), new Shape(batch.rows(), batch.width()));
  }

  private long chunk() {
    return Math.max(ROWS, logitsAtOnce / config.vocabSize() / ROWS * ROWS);
  }

  /**
   * Tokens of a micro-batch where nobody names a number: a processor is as fast with few as with
   * many, and computes fewer layers again.
   */
  public int microBatchTokens() {
    return isOnCpu()
        ? (int) Math.max(FEWEST_TOKENS, Math.min(MOST_TOKENS, activations.tokensKept()))
        : MOST_TOKENS;
  }

  // ---- sampling -------------------------------------------------------------------------------

  /** How tokens are drawn; temperature 0 takes the most probable one. */
  public record Controls(double temperature, double topP, int topK) {
    public static final Controls GREEDY = new Controls(0, 1, 0);
  }

  /**
   * Makes room for {@code slots} responses at once, each with its prompt at most {@code length}
   * tokens long. A decoder has one such cache at a time.
   */
  public ResponseCache cache(int slots, int length, Controls controls) {
    return new ResponseCache(module, manager, slots, length, controls);
  }

  /** How many responses of {@code length} tokens, each with its prompt, the cache has room for. */
  public long slots(int length) {
    long values = 2L * config.layers() * length * config.kvHeads() * config.headDim();
    return room.cacheBytes() / (values * valueBytes());
  }

  @Override
  public void close() {
    module.close();
    manager.close();
  }
}
