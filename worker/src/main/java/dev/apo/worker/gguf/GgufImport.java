package dev.apo.worker.gguf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.gguf.GgufFile.Tensor;
import dev.apo.worker.model.ModelConfig;
import dev.apo.worker.model.ModelExport;
import dev.apo.worker.model.Parameter;
import dev.apo.worker.model.Parameters;
import dev.apo.worker.model.SafetensorsWriter;
import dev.apo.worker.storage.Sha256;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Turns a GGUF file into a Hugging Face directory. Weights become bfloat16, in which nearly every
 * model was trained, unless they are float32 in the file.
 */
public final class GgufImport {
  private static final String ENDING = ".gguf";

  private static final String ROTARY_FACTORS = "rope_freqs.weight";
  private static final Map<String, String> ARCHITECTURES =
      Map.of(
          "llama", "LlamaForCausalLM",
          "qwen2", "Qwen2ForCausalLM",
          "qwen3", "Qwen3ForCausalLM");

  /** Parts of a layer and of what is around the layers, in Hugging Face's words and in GGUF's. */
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("model.embed_tokens", "token_embd"),
          Map.entry("model.norm", "output_norm"),
          Map.entry("lm_head", "output"),
          Map.entry("input_layernorm", "attn_norm"),
          Map.entry("post_attention_layernorm", "ffn_norm"),
          Map.entry("self_attn.q_proj", "attn_q"),
          Map.entry("self_attn.k_proj", "attn_k"),
          Map.entry("self_attn.v_proj", "attn_v"),
          Map.entry("self_attn.o_proj", "attn_output"),
          Map.entry("self_attn.q_norm", "attn_q_norm"),
          Map.entry("self_attn.k_norm", "attn_k_norm"),
          Map.entry("mlp.gate_proj", "ffn_gate"),
          Map.entry("mlp.up_proj", "ffn_up"),
          Map.entry("mlp.down_proj", "ffn_down"));

  private static final ObjectMapper JSON = new ObjectMapper();

  private final GgufFile file;
  private final String architecture;

  private GgufImport(GgufFile file) {
    this.file = file;
    this.architecture = file.text("general.architecture");
  }

  /** Whether a model's address or path names such a file. */
  public static boolean isFile(String name) {
    return name.endsWith(ENDING);
  }

  /**
   * Writes the directory.
   *
   * @param to a directory that does not exist; it appears when all of it is there
   * @throws dev.apo.worker.ApoException BAD_DATA if the file is damaged or holds what is not
   *     supported
   */
  public static void write(Path from, Path to) {
    Path unfinished = to.resolveSibling(to.getFileName() + ".part");
    try (GgufFile file = GgufFile.open(from)) {
      new GgufImport(file).write(unfinished);
      Files.move(unfinished, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw FileErrors.explain("write", to, e);
    }
  }

  /**
   * The directory that is made of a file, made now if it is not in the cache.
   *
   * @param cache where directories are kept, by the file's path, size and time
   * @param messages is told if it is made
   */
  public static Path directory(Path file, Path cache, Consumer<String> messages) {
    String version;
    try {
      version =
          file.toAbsolutePath() + " " + Files.size(file) + " " + Files.getLastModifiedTime(file);
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
    byte[] name = version.getBytes(StandardCharsets.UTF_8);
    Path directory = cache.resolve("gguf-" + Sha256.of(name).substring(0, 24));
    if (Files.notExists(directory)) {
      messages.accept("Unpacking " + file + ".");
      write(file, directory);
    }
    return directory;
  }

  private void write(Path to) throws IOException {
    long parts = file.number("split.count", 1).longValue();
    if (parts > 1) {
      throw file.bad("is one of " + parts + " parts of a model; merge them into one file first");
    }
    if (!ARCHITECTURES.containsKey(architecture)) {
      throw file.bad(
          "holds a model of the architecture " + architecture + "; supported: llama, qwen2, qwen3");
    }
    var tokenizer = new GgufTokenizer(file);
    ObjectNode tokens = tokenizer.json();
    boolean full = tensor("token_embd.weight").format() == BlockFormat.F32;
    ObjectNode json = config(full);
    ModelConfig config = ModelConfig.parse(json, file.path().toString());
    List<Parameter> parameters = Parameters.of(config);
    check(parameters);
    Files.createDirectories(to);
    store(to, "tokenizer.json", tokens);
    store(to, "tokenizer_config.json", tokenizer.config());
    store(to, "generation_config.json", tokenizer.generation());
    store(to, "config.json", json);
    ModelExport.writeWeights(
        to.resolve("model.safetensors"),
        parameters,
        full ? SafetensorsWriter.Format.F32 : SafetensorsWriter.Format.BF16,
        (parameter, offset, count) -> values(config, parameters.get(parameter), offset, count));
  }

  private static void store(Path directory, String name, ObjectNode json) throws IOException {
    Files.write(
        directory.resolve(name), JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
  }

  private Number field(String name) {
    return file.number(architecture + "." + name);
  }

  private Number field(String name, Number otherwise) {
    return file.number(architecture + "." + name, otherwise);
  }

  private ObjectNode config(boolean full) {
    if (field("expert_count", 0).longValue() > 0) {
      throw file.bad("holds a mixture of experts, which is not supported");
    }
    long hidden = field("embedding_length").longValue();
    long heads = field("attention.head_count").longValue();
    long headDim = field("attention.key_length", heads > 0 ? hidden / heads : 0).longValue();
    long rotated = field("rope.dimension_count", headDim).longValue();
    if (rotated != headDim) {
      throw file.bad("rotates " + rotated + " of " + headDim + " dimensions of a head");
    }
    ObjectNode json = JSON.createObjectNode();
    json.putArray("architectures").add(ARCHITECTURES.get(architecture));
    json.put("model_type", architecture);
    json.put("hidden_size", hidden);
    json.put("intermediate_size", field("feed_forward_length").longValue());
    json.put("num_hidden_layers", field("block_count").longValue());
    json.put("num_attention_heads", heads);
    json.put("num_key_value_heads", field("attention.head_count_kv", heads).longValue());
    json.put("head_dim", headDim);
    json.put("vocab_size", tensor("token_embd.weight").shape().get(0));
    json.put("max_position_embeddings", field("context_length").longValue());
    json.put("rms_norm_eps", shortest(field("attention.layer_norm_rms_epsilon")));
    json.put("rope_theta", shortest(field("rope.freq_base", 10_000.0)));
    json.set("rope_scaling", rotaryScaling(headDim));
    json.put("hidden_act", "silu");
    json.put("tie_word_embeddings", !file.tensors().containsKey("output.weight"));
    json.put("torch_dtype", full ? "float32" : "bfloat16");
    new GgufTokenizer(file)
        .generation()
        .properties()
        .forEach(e -> json.set(e.getKey(), e.getValue()));
    return json;
  }

  /** GGUF has floats of 32 bits: 1e-5 is meant, not 9.99999974e-6. */
  private static double shortest(Number number) {
    return Double.parseDouble(Float.toString(number.floatValue()));
  }

  private ObjectNode rotaryScaling(long headDim) {
    if (file.tensors().containsKey(ROTARY_FACTORS)) {
      return llama3(headDim);
    }
    Object type = file.field(architecture + ".rope.scaling.type");
    if (type == null || type.equals("none")) {
      return null;
    }
    if (!type.equals("linear") && !type.equals("yarn")) {
      throw file.bad("scales positions by " + type + "; supported: linear, yarn, Llama 3's");
    }
    ObjectNode scaling = JSON.createObjectNode();
    scaling.put("rope_type", String.valueOf(type));
    scaling.put("factor", shortest(field("rope.scaling.factor")));
    if (type.equals("yarn")) {
      scaling.put(
          "original_max_position_embeddings",
          field("rope.scaling.original_context_length").longValue());
    }
    return scaling;
  }

  /**
   * Llama 3's scaling, of which the file has only what it comes to: a divisor for each frequency.
   * All models have the same settings but for the factor, which is the largest divisor.
   */
  private ObjectNode llama3(long headDim) {
    Tensor tensor = tensor(ROTARY_FACTORS);
    float[] divisors = new float[tensor.columns()];
    file.row(tensor, 0, divisors);
    double factor = 1;
    for (float divisor : divisors) {
      factor = Math.max(factor, divisor);
    }
    double base = field("rope.freq_base", 10_000.0).doubleValue();
    boolean same = divisors.length == headDim / 2;
    for (int i = 0; i < divisors.length; i++) {
      double frequency = Math.pow(base, -2.0 * i / headDim);
      same &= Math.abs(divisor(frequency, factor) / divisors[i] - 1) < 1e-3;
    }
    if (!same) {
      throw file.bad("scales positions by " + ROTARY_FACTORS + " in another way than Llama 3");
    }
    return JSON.createObjectNode()
        .put("rope_type", "llama3")
        .put("factor", factor)
        .put("low_freq_factor", 1.0)
        .put("high_freq_factor", 4.0)
        .put("original_max_position_embeddings", 8192);
  }

  /** By what Llama 3 divides a frequency: 1 for high ones, the factor for low ones. */
  private static double divisor(double frequency, double factor) {
    double wavelengths = 8192 * frequency / (2 * Math.PI);
    double smooth = Math.max(0, Math.min(1, (wavelengths - 1) / (4 - 1)));
    return 1 / ((1 - smooth) / factor + smooth);
  }

  private Tensor tensor(String name) {
    Tensor tensor = file.tensors().get(name);
    if (tensor == null) {
      throw file.bad("lacks the tensor " + name);
    }
    return tensor;
  }

  /** {@code model.layers.3.mlp.up_proj.weight} is {@code blk.3.ffn_up.weight}. */
  private static String name(String part) {
    int dot = part.lastIndexOf('.');
    String stem = part.substring(0, dot);
    String prefix = "";
    if (stem.startsWith("model.layers.")) {
      String[] words = stem.split("\\.", 4);
      prefix = "blk." + words[2] + ".";
      stem = words[3];
    }
    return prefix + NAMES.get(stem) + part.substring(dot);
  }

  /** Refuses files that lack a tensor, or have one that would be left out. */
  private void check(List<Parameter> parameters) {
    Set<String> left = new HashSet<>(file.tensors().keySet());
    left.remove(ROTARY_FACTORS);
    for (Parameter parameter : parameters) {
      for (Parameter.Part part : parameter.parts()) {
        Tensor tensor = tensor(name(part.name()));
        List<Long> shape = Arrays.stream(part.shape()).boxed().toList();
        if (!tensor.shape().equals(shape)) {
          throw file.bad(
              "gives "
                  + tensor.name()
                  + " the shape "
                  + tensor.shape()
                  + "; its sizes ask for "
                  + shape);
        }
        left.remove(tensor.name());
      }
    }
    if (!left.isEmpty()) {
      throw file.bad(
          "has the tensor "
              + left.stream().sorted().findFirst().orElseThrow()
              + ", which a model of the architecture "
              + architecture
              + " here does not");
    }
  }

  /** Some values of a parameter, all within one of its parts. */
  private FloatBuffer values(ModelConfig config, Parameter parameter, long offset, int count) {
    long first = offset;
    int p = 0;
    while (first >= parameter.parts().get(p).size()) {
      first -= parameter.parts().get(p++).size();
    }
    String name = parameter.parts().get(p).name();
    Tensor tensor = tensor(name(name));
    int columns = tensor.columns();
    float[] row = new float[columns];
    FloatBuffer values = FloatBuffer.allocate(count);
    for (long at = first; values.hasRemaining(); ) {
      file.row(tensor, storedRow(config, name, at / columns), row);
      int from = (int) (at % columns);
      int n = Math.min(columns - from, values.remaining());
      values.put(row, from, n);
      at += n;
    }
    return values.flip();
  }

  /**
   * Where a row of queries or keys is in the file: Llama's have the two halves of a head's rotated
   * pairs interleaved there.
   */
  private long storedRow(ModelConfig config, String name, long row) {
    boolean interleaved =
        architecture.equals("llama")
            && (name.endsWith("q_proj.weight") || name.endsWith("k_proj.weight"));
    if (!interleaved) {
      return row;
    }
    int size = config.headDim();
    long inHead = row % size;
    return row - inHead + inHead % (size / 2) * 2 + inHead / (size / 2);
  }
}
