package dev.apo.worker.model;

import com.fasterxml.jackson.databind.JsonNode;

/** Reads a model's rotary position embedding from its {@code config.json}. */
final class RotaryConfig {
  private final JsonNode config;
  private final JsonNode settings;
  private final int maxPositions;
  private final String where;

  private RotaryConfig(JsonNode config, int maxPositions, String where) {
    this.config = config;
    // Older files have rope_theta and rope_scaling; newer ones put both into rope_parameters.
    this.settings =
        config.hasNonNull("rope_parameters")
            ? config.path("rope_parameters")
            : config.path("rope_scaling");
    this.maxPositions = maxPositions;
    this.where = where;
  }

  /**
   * @param maxPositions longest sequence that the model reads, scaling included
   */
  static Rotary parse(JsonNode config, int maxPositions, String where) {
    return new RotaryConfig(config, maxPositions, where).rotary();
  }

  private Rotary rotary() {
    JsonNode theta =
        settings.has("rope_theta") ? settings.path("rope_theta") : config.path("rope_theta");
    JsonNode partial =
        settings.has("partial_rotary_factor")
            ? settings.path("partial_rotary_factor")
            : config.path("partial_rotary_factor");
    if (partial.isNumber() && partial.asDouble() != 1) {
      throw ModelConfig.bad(where, "sets partial_rotary_factor " + partial + "; supported: 1");
    }
    return new Rotary(ModelConfig.positive(theta, 10_000, "rope_theta", where), scaling());
  }

  private Rotary.Scaling scaling() {
    String type = settings.path("rope_type").asText(settings.path("type").asText("default"));
    return switch (type) {
      case "default" -> new Rotary.None();
      case "linear" -> new Rotary.Linear(required("factor"));
      case "llama3" ->
          new Rotary.Llama3(
              required("factor"),
              required("low_freq_factor"),
              required("high_freq_factor"),
              number("original_max_position_embeddings", maxPositions));
      case "yarn" -> yarn();
      default ->
          throw ModelConfig.bad(
              where,
              "sets the rotary scaling "
                  + type
                  + "; supported: default (none), linear, llama3, yarn");
    };
  }

  private Rotary.Yarn yarn() {
    double factor = required("factor");
    double scale = number("mscale", 0);
    double scaleAll = number("mscale_all_dim", 0);
    double usual =
        scale > 0 && scaleAll > 0
            ? Rotary.Yarn.defaultAttentionFactor(factor, scale)
                / Rotary.Yarn.defaultAttentionFactor(factor, scaleAll)
            : Rotary.Yarn.defaultAttentionFactor(factor, 1);
    return new Rotary.Yarn(
        factor,
        number("attention_factor", usual),
        number("beta_fast", 32),
        number("beta_slow", 1),
        number("original_max_position_embeddings", maxPositions),
        settings.path("truncate").asBoolean(true));
  }

  private double number(String field, double otherwise) {
    return ModelConfig.positive(settings.path(field), otherwise, field, where);
  }

  private double required(String field) {
    if (!settings.hasNonNull(field)) {
      throw ModelConfig.bad(where, "sets a rotary scaling without " + field);
    }
    return number(field, 0);
  }
}
