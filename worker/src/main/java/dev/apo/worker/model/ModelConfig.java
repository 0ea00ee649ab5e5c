package dev.apo.worker.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.util.List;
import java.util.Set;

/**
 * The sizes of a decoder of the Llama family, as {@code config.json} of a Hugging Face directory
 * gives them.
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
 * @param ropeTheta base of the rotary position embedding
 * @param tiedEmbeddings whether the embedding is also the output head
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
    double ropeTheta,
    boolean tiedEmbeddings) {

  private static final Set<String> ARCHITECTURES = Set.of("LlamaForCausalLM");
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
    checkArchitecture(config, where);
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
        config.hasNonNull("max_position_embeddings")
            ? size(config, "max_position_embeddings", where)
            : 2048,
        positive(config.path("rms_norm_eps"), 1e-6, "rms_norm_eps", where),
        ropeTheta(config, where),
        config.path("tie_word_embeddings").asBoolean(false));
  }

  private static void checkArchitecture(JsonNode config, String where) {
    List<String> names =
        config.path("architectures").isArray()
            ? config.path("architectures").valueStream().map(JsonNode::asText).toList()
            : List.of();
    boolean known =
        names.isEmpty()
            ? "llama".equals(config.path("model_type").asText())
            : ARCHITECTURES.containsAll(names);
    if (!known) {
      String found =
          names.isEmpty() ? config.path("model_type").asText("none") : String.join(", ", names);
      throw bad(
          where,
          "names the architecture " + found + "; supported: " + String.join(", ", ARCHITECTURES));
    }
    for (String flag : List.of("attention_bias", "mlp_bias")) {
      if (config.path(flag).asBoolean(false)) {
        throw bad(where, "sets " + flag + ", which is not supported; use a model without biases");
      }
    }
    String activation = config.path("hidden_act").asText("silu");
    if (!activation.equals("silu")) {
      throw bad(where, "sets hidden_act " + activation + "; supported: silu");
    }
  }

  private static double ropeTheta(JsonNode config, String where) {
    // Older files have rope_theta and rope_scaling; newer ones put both into rope_parameters.
    JsonNode parameters = config.path("rope_parameters");
    JsonNode scaling = config.path("rope_scaling");
    for (JsonNode node : List.of(parameters, scaling)) {
      String type = node.path("rope_type").asText(node.path("type").asText("default"));
      if (!type.equals("default")) {
        throw bad(where, "sets the rotary scaling " + type + "; supported: default (none)");
      }
    }
    JsonNode theta =
        parameters.has("rope_theta") ? parameters.path("rope_theta") : config.path("rope_theta");
    return positive(theta, 10_000, "rope_theta", where);
  }

  private static double positive(JsonNode value, double otherwise, String field, String where) {
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

  private static ApoException bad(String where, String problem) {
    return new ApoException(ExitCode.BAD_DATA, where + " " + problem + ".");
  }

  /** The number of weights, counted once where the embedding is tied. */
  public long parameterCount() {
    return Parameters.of(this).stream().mapToLong(Parameter::size).sum();
  }
}
