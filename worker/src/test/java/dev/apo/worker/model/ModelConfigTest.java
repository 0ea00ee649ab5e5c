package dev.apo.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** All that must be said. */
  private static final String MINIMAL =
      """
      {"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "intermediate_size": 96,
       "num_hidden_layers": 3, "num_attention_heads": 8, "vocab_size": 100}
      """;

  @Test
  void whatIsNotSaidHasTheDefaultsOfTransformers() {
    ModelConfig config = with("{}");

    assertThat(config)
        .isEqualTo(
            new ModelConfig(
                64, 96, 3, 8, 8, 8, 100, 2048, 1e-6, Rotary.unscaled(10_000), false, false, false));
  }

  @Test
  void readsWhatTransformers4Writes() {
    ModelConfig config =
        with(
            """
            {"num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 512,
             "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "rope_scaling": null,
             "tie_word_embeddings": true, "torch_dtype": "bfloat16"}
            """);

    assertThat(config)
        .isEqualTo(
            new ModelConfig(
                64, 96, 3, 8, 2, 16, 100, 512, 1e-5, Rotary.unscaled(500_000), true, false, false));
  }

  @Test
  void readsWhatTransformers5Writes() {
    ModelConfig config =
        with(
            """
            {"num_key_value_heads": 4, "head_dim": null, "dtype": "float32",
             "rope_parameters": {"rope_theta": 500000.0, "rope_type": "default"}}
            """);

    assertThat(config.headDim()).isEqualTo(8);
    assertThat(config.kvHeads()).isEqualTo(4);
    assertThat(config.rotary().theta()).isEqualTo(500_000);
  }

  @Test
  void theModelTypeStandsInForMissingArchitectures() {
    assertThat(with("{\"architectures\": null, \"model_type\": \"llama\"}").layers()).isEqualTo(3);
  }

  @Test
  void aSlidingWindowBoundsTheLengthWhereItIsUsed() {
    String window = "\"sliding_window\": 128, \"architectures\": ";

    assertThat(with("{" + window + "[\"MistralForCausalLM\"]}").maxPositions()).isEqualTo(128);
    assertThat(with("{" + window + "[\"Qwen2ForCausalLM\"]}").maxPositions()).isEqualTo(2048);
    assertThat(
            with("{\"use_sliding_window\": true, " + window + "[\"Qwen2ForCausalLM\"]}")
                .maxPositions())
        .isEqualTo(128);
  }

  @Test
  void knowsWhatTheFamiliesOfQwenHaveBeyondLlama() {
    ModelConfig qwen2 = with("{\"architectures\": [\"Qwen2ForCausalLM\"]}");
    ModelConfig qwen3 = with("{\"architectures\": null, \"model_type\": \"qwen3\"}");

    assertThat(qwen2.projectionBias()).isTrue();
    assertThat(qwen2.headNorms()).isFalse();
    assertThat(qwen3.projectionBias()).isFalse();
    assertThat(qwen3.headNorms()).isTrue();
  }

  @Test
  void countsATiedEmbeddingOnce() {
    long untied = with("{}").parameterCount();

    assertThat(with("{\"tie_word_embeddings\": true}").parameterCount())
        .isEqualTo(untied - 64 * 100);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"architectures": ["GPT2LMHeadModel"]}          | architecture GPT2LMHeadModel; supported: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM.
          {"architectures": [], "model_type": "mamba"}    | architecture mamba
          {"architectures": []}                           | architecture none
          {"attention_bias": true}                        | sets attention_bias, which is not supported
          {"mlp_bias": true}                              | sets mlp_bias, which is not supported
          {"hidden_act": "gelu"}                          | hidden_act gelu; supported: silu
          {"architectures": ["LlamaForCausalLM", "X"]}    | architecture LlamaForCausalLM, X; supported
          {"rope_scaling": {"rope_type": "dynamic"}}      | rotary scaling dynamic; supported: default (none), linear, llama3, yarn
          {"rope_scaling": {"type": "linear"}}            | rotary scaling without factor
          {"rope_scaling": {"type": "linear", "factor": 0}}             | has factor 0; it must be a number above 0
          {"rope_scaling": {"rope_type": "llama3", "factor": 8}}        | rotary scaling without low_freq_factor
          {"rope_parameters": {"rope_type": "yarn"}}      | rotary scaling without factor
          {"partial_rotary_factor": 0.5}                  | partial_rotary_factor 0.5; supported: 1
          {"hidden_size": null}                           | hidden_size null; it must be a whole number from 1
          {"hidden_size": 0}                              | hidden_size 0
          {"hidden_size": -64}                            | hidden_size -64
          {"hidden_size": 64.5}                           | hidden_size 64.5
          {"hidden_size": "64"}                           | hidden_size "64"
          {"hidden_size": 16777217}                       | from 1 to 16777216
          {"hidden_size": 99999999999999999999}           | hidden_size 99999999999999999999
          {"num_hidden_layers": 100000000}                | num_hidden_layers 100000000; it must be a whole number from 1 to 1024
          {"vocab_size": []}                              | vocab_size []
          {"hidden_size": 65}                             | hidden_size 65, which num_attention_heads 8 does not divide
          {"num_key_value_heads": 3}                      | num_attention_heads 8, which num_key_value_heads 3 does not divide
          {"num_key_value_heads": 16}                     | num_key_value_heads 16 does not divide
          {"head_dim": 7}                                 | head_dim 7; rotary positions need an even one
          {"head_dim": 16777216}                          | num_attention_heads 8 of head_dim 16777216; their product must be at most
          {"rms_norm_eps": 0}                             | rms_norm_eps 0; it must be a number above 0
          {"rms_norm_eps": "small"}                       | rms_norm_eps "small"
          {"rope_theta": -1}                              | rope_theta -1
          {"rope_theta": 1e999}                           | rope_theta
          """)
  void refuses(String change, String message) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> with(change))
        .withMessageStartingWith("config.json ")
        .withMessageContaining(message)
        .withMessageEndingWith(".")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "vocab_size"
      })
  void namesTheSizeThatIsMissing(String field) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(
            () -> {
              ObjectNode json = (ObjectNode) JSON.readTree(MINIMAL);
              json.remove(field);
              ModelConfig.parse(json, "config.json");
            })
        .withMessageContaining("has no " + field + ";");
  }

  @Test
  void refusesWhatIsNoObject() {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> ModelConfig.parse(JSON.readTree("[]"), "config.json"))
        .withMessageContaining("is not a JSON object");
  }

  private static ModelConfig with(String changes) {
    try {
      ObjectNode json = (ObjectNode) JSON.readTree(MINIMAL);
      json.setAll((ObjectNode) JSON.readTree(changes));
      return ModelConfig.parse(json, "config.json");
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
