package dev.apo.worker.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The sizes of a decoder of the Llama or Qwen family, as {@code config.json} of a Hugging Face
 * directory gives them.
 *
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the gated feed-forward layer
 * @param layers number of decoder layers
 * @param heads number of query heads
 * @param kvHeads number of key and value heads; divides {@code heads}
 * @param headDim width of one head; even
 * @param vocabSize rows of the embedding
 * @param maxPositions longest sequence the model was made for, in tokens
 * @param normEps epsilon of the RMS norms
 * @param rotary position embedding
 * @param tiedEmbeddings whether the embedding is also the output head
 * @param projectionBias whether queries, keys and values have a bias (Qwen2)
 * @param headNorms whether queries and keys pass an RMS norm, head by head (Qwen3)
 */
public record ModelConfig(
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int vocabSize,
    int maxPositions,
    double normEps,
    Rotary rotary,
    boolean tiedEmbeddings,
    boolean projectionBias,
    boolean headNorms) {

  /** Architectures by the model type that files without them name. */
  private static final Map<String, String> ARCHITECTURES =
      new TreeMap<>(
          Map.of(
              "llama", "LlamaForCausalLM",
              "mistral", "MistralForCausalLM",
              "qwen2", "Qwen2ForCausalLM",
              "qwen3", "Qwen3ForCausalLM"));

  private static final int MAX_SIZE = 1 << 24;
  private static final int MAX_LAYERS = 1 << 10;

  /**
   * Reads and checks a parsed {@code config.json}.
   *
   * @param where the file's name, for messages
   * @throws ApoException BAD_DATA if the architecture is not supported, or a size is missing or
   *     impossible
   */
  public static ModelConfig parse(JsonNode config, String where) {
    if (!config.isObject()) {
      throw bad(where, "is not a JSON object; give a Hugging Face model directory");
    }
    String architecture = architecture(config, where);
    checkVariant(config, where);
    int hidden = size(config, "hidden_size", where);
    int heads = size(config, "num_attention_heads", where);
    int kvHeads =
        config.hasNonNull("num_key_value_heads")
            ? size(config, "num_key_value_heads", where)
            : heads;
    boolean ownHeadDim = config.hasNonNull("head_dim");
    if (!ownHeadDim && hidden % heads != 0) {
      throw bad(
          where,
          "has hidden_size "
              + hidden
              + ", which num_attention_heads "
              + heads
              + " does not divide");
    }
    int headDim = ownHeadDim ? size(config, "head_dim", where) : hidden / heads;
    if (heads % kvHeads != 0) {
      throw bad(
          where,
          "has num_attention_heads "
              + heads
              + ", which num_key_value_heads "
              + kvHeads
              + " does not divide");
    }
    if ((long) heads * headDim > MAX_SIZE) {
      throw bad(
          where,
          "has num_attention_heads "
              + heads
              + " of head_dim "
              + headDim
              + "; their product must be at most "
              + MAX_SIZE);
    }
    if (headDim % 2 != 0) {
      throw bad(where, "has head_dim " + headDim + "; rotary positions need an even one");
    }
    return new ModelConfig(
        hidden,
        size(config, "intermediate_size", where),
        size(config, "num_hidden_layers", MAX_LAYERS, where),
        heads,
        kvHeads,
        headDim,
        size(config, "vocab_size", where),
        Math.min(maxPositions(config, where), window(config, architecture, where)),
        positive(config.path("rms_norm_eps"), 1e-6, "rms_norm_eps", where),
        RotaryConfig.parse(config, maxPositions(config, where), where),
        config.path("tie_word_embeddings").asBoolean(false),
        architecture.startsWith("Qwen2"),
        architecture.startsWith("Qwen3"));
  }

  private static String architecture(JsonNode config, String where) {
    List<String> names =
        config.path("architectures").isArray()
            ? config.path("architectures").valueStream().map(JsonNode::asText).toList()
            : List.of();
    String type = config.path("model_type").asText("none");
    String name = names.size() == 1 ? names.get(0) : ARCHITECTURES.get(type);
    if (names.size() > 1 || !ARCHITECTURES.containsValue(name)) {
      throw bad(
          where,
          "names the architecture "
              + (names.isEmpty() ? type : String.join(", ", names))
              + "; supported: "
              + String.join(", ", ARCHITECTURES.values()));
    }
    return name;
  }

  private static void checkVariant(JsonNode config, String where) {
    for (String flag : List.of("attention_bias", "mlp_bias")) {
      if (config.path(flag).asBoolean(false)) {
        throw bad(where, "sets " + flag + ", which is not supported; use a model without it");
      }
    }
    String activation = config.path("hidden_act").asText("silu");
    if (!activation.equals("silu")) {
      throw bad(where, "sets hidden_act " + activation + "; supported: silu");
    }
  }

  private static int maxPositions(JsonNode config, String where) {
    return config.hasNonNull("max_position_embeddings")
        ? size(config, "max_position_embeddings", where)
        : 2048;
  }

  /** Sequences within the window of sliding attention are attended to in full. */
  private static int window(JsonNode config, String architecture, String where) {
    boolean slides =
        config.hasNonNull("sliding_window")
            && (architecture.startsWith("Mistral")
                || config.path("use_sliding_window").asBoolean(false));
    return slides ? size(config, "sliding_window", where) : MAX_SIZE;
  }

  static double positive(JsonNode value, double otherwise, String field, String where) {
    if (value.isMissingNode() || value.isNull()) {
      return otherwise;
    }
    if (!value.isNumber() || !(value.asDouble() > 0) || Double.isInfinite(value.asDouble())) {
      throw bad(where, "has " + field + " " + value + "; it must be a number above 0");
    }
    return value.asDouble();
  }

  private static int size(JsonNode config, String field, String where) {
    return size(config, field, MAX_SIZE, where);
  }

  private static int size(JsonNode config, String field, int max, String where) {
    JsonNode value = config.path(field);
    if (!value.canConvertToInt()
        || !value.isIntegralNumber()
        || value.asInt() < 1
        || value.asInt() > max) {
      String found = value.isMissingNode() ? "no " + field : field + " " + value;
      throw bad(where, "has " + found + "; it must be a whole number from 1 to " + max);
    }
    return value.asInt();
  }

  static ApoException bad(String where, String problem) {
    return new ApoException(ExitCode.BAD_DATA, where + " " + problem + ".");
  }

  /** The number of weights, counted once where the embedding is tied. */
  public long parameterCount() {
    return Parameters.of(this).stream().mapToLong(Parameter::size).sum();
  }
}
