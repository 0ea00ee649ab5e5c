package dev.apo.worker.pretrain;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.worker.data.RandomStream;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.model.ModelConfig;
import dev.apo.worker.model.Parameter;
import dev.apo.worker.model.Rotary;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A new, small Llama: its configuration, its first weights and the files beside them. */
final class SmallModel {
  /**
   * As the Llama family does: norms at one, everything else from a normal distribution of this
   * width.
   */
  private static final double INITIAL_STD = 0.02;

  private static final int MAX_POSITIONS = 128;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private SmallModel() {}

  static ModelConfig config(int layers, int hidden) {
    int heads = Math.max(2, hidden / 32);
    return new ModelConfig(
        hidden,
        hidden * 11 / 4,
        layers,
        heads,
        Math.max(1, heads / 2),
        hidden / heads,
        CharacterTokenizer.vocabSize(),
        MAX_POSITIONS,
        1e-6,
        Rotary.unscaled(10_000),
        true,
        false,
        false);
  }

  /** Fills the decoder with first weights that depend on the seed alone. */
  static void initialise(Decoder decoder, long seed) {
    List<Parameter> parameters = decoder.parameters();
    for (int p = 0; p < parameters.size(); p++) {
      boolean norm = parameters.get(p).shape().length == 1;
      var random = new Random(RandomStream.of(seed, p).key());
      float[] values = new float[Math.toIntExact(parameters.get(p).size())];
      for (int i = 0; i < values.length; i++) {
        values[i] = norm ? 1 : (float) (INITIAL_STD * random.nextGaussian());
      }
      decoder.write(Decoder.State.WEIGHTS, p, 0, FloatBuffer.wrap(values));
    }
    decoder.weightsChanged();
  }

  /**
   * Writes configuration and tokenizer, so that the directory is a Hugging Face model once the
   * weights are there.
   */
  static void writeCompanions(Path directory, ModelConfig c, String dtype) throws IOException {
    ObjectNode config = JSON.createObjectNode();
    config.putArray("architectures").add("LlamaForCausalLM");
    config
        .put("model_type", "llama")
        .put("hidden_act", "silu")
        .put("hidden_size", c.hiddenSize())
        .put("intermediate_size", c.intermediateSize())
        .put("num_hidden_layers", c.layers())
        .put("num_attention_heads", c.heads())
        .put("num_key_value_heads", c.kvHeads())
        .put("head_dim", c.headDim())
        .put("vocab_size", c.vocabSize())
        .put("max_position_embeddings", c.maxPositions())
        .put("rms_norm_eps", c.normEps())
        .put("rope_theta", c.rotary().theta())
        .put("tie_word_embeddings", c.tiedEmbeddings())
        .put("attention_bias", false)
        .put("mlp_bias", false)
        .put("bos_token_id", CharacterTokenizer.EOS)
        .put("eos_token_id", CharacterTokenizer.EOS)
        .put("pad_token_id", CharacterTokenizer.PAD)
        .put("torch_dtype", dtype);
    write(directory.resolve("config.json"), config);
    write(
        directory.resolve("generation_config.json"),
        Map.of("eos_token_id", CharacterTokenizer.EOS, "pad_token_id", CharacterTokenizer.PAD));
    write(directory.resolve("tokenizer.json"), CharacterTokenizer.json(JSON));
    write(
        directory.resolve("tokenizer_config.json"),
        Map.of(
            "tokenizer_class", "PreTrainedTokenizerFast",
            "eos_token", "<eos>",
            "pad_token", "<pad>",
            "padding_side", "left",
            "model_max_length", c.maxPositions()));
  }

  private static void write(Path file, Object content) throws IOException {
    Files.writeString(
        file,
        JSON.writer()
                .with(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
                .writeValueAsString(content)
            + "\n");
  }
}
