package dev.apo.worker.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.JsonErrors;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A model in Hugging Face layout on the local disk.
 *
 * @param config the parsed {@code config.json}
 * @param eosIds token ids that end a response, from {@code generation_config.json} or, failing
 *     that, {@code config.json}
 * @param weightFiles the safetensors files, in a fixed order
 */
public record ModelDirectory(
    Path path, ModelConfig config, Set<Integer> eosIds, List<Path> weightFiles) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final String INDEX = "model.safetensors.index.json";

  /** Files that belong to a model beside its weights, and that an export copies. */
  public static final List<String> COMPANIONS =
      List.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "chat_template.jinja",
          "vocab.json",
          "merges.txt",
          "LICENSE");

  /**
   * Reads and checks everything but the weights' values.
   *
   * @throws ApoException NOT_FOUND if a file is missing, BAD_DATA if one does not fit
   */
  public static ModelDirectory open(Path path) {
    if (Files.notExists(path) || Files.isRegularFile(path)) {
      throw new ApoException(
          ExitCode.NOT_FOUND,
          "The model directory "
              + path
              + (Files.isRegularFile(path) ? " is a file" : " does not exist")
              + "; check spec.model.uri.");
    }
    Path configFile = path.resolve("config.json");
    JsonNode json = readJson(configFile);
    ModelConfig config = ModelConfig.parse(json, configFile.toString());
    if (Files.notExists(path.resolve("tokenizer.json"))) {
      throw new ApoException(
          ExitCode.NOT_FOUND,
          "The model directory " + path + " has no tokenizer.json; save the fast tokenizer there.");
    }
    Set<Integer> eos = eosIds(path, json, config);
    return new ModelDirectory(path, config, eos, weightFiles(path));
  }

  private static Set<Integer> eosIds(Path path, JsonNode config, ModelConfig sizes) {
    Path generation = path.resolve("generation_config.json");
    JsonNode node =
        Files.exists(generation)
            ? readJson(generation).path("eos_token_id")
            : config.path("eos_token_id");
    if (node.isMissingNode() || node.isNull()) {
      node = config.path("eos_token_id");
    }
    var ids = new TreeSet<Integer>();
    if (node.isArray()) {
      node.forEach(id -> ids.add(id.asInt(-1)));
    } else if (node.isInt()) {
      ids.add(node.asInt());
    }
    for (int id : ids) {
      if (id < 0 || id >= sizes.vocabSize()) {
        throw new ApoException(
            ExitCode.BAD_DATA,
            path
                + " names "
                + node
                + " as eos_token_id; ids must be from 0 to "
                + (sizes.vocabSize() - 1)
                + ".");
      }
    }
    if (ids.isEmpty()) {
      throw new ApoException(
          ExitCode.BAD_DATA,
          path
              + " names no eos_token_id in generation_config.json or config.json, so no response would end.");
    }
    return Set.copyOf(ids);
  }

  private static List<Path> weightFiles(Path path) {
    Path index = path.resolve(INDEX);
    if (Files.exists(index)) {
      var names = new TreeSet<String>();
      readJson(index).path("weight_map").forEach(file -> names.add(file.asText()));
      if (names.isEmpty()) {
        throw new ApoException(ExitCode.BAD_DATA, index + " lists no weight files.");
      }
      var files = new ArrayList<Path>();
      for (String name : names) {
        Path file = weightFile(path, index, name);
        requireFile(file, "which " + INDEX + " names");
        files.add(file);
      }
      return files;
    }
    Path single = path.resolve("model.safetensors");
    requireFile(single, "and " + INDEX + " is not there either");
    return List.of(single);
  }

  private static Path weightFile(Path path, Path index, String name) {
    try {
      Path file = path.resolve(name).normalize();
      if (path.normalize().equals(file.getParent())) {
        return file;
      }
    } catch (InvalidPathException e) {
      throw new ApoException(
          ExitCode.BAD_DATA, index + " names a file as no file can be named: " + name + ".", e);
    }
    throw new ApoException(
        ExitCode.BAD_DATA, index + " names a file outside the model directory: " + name + ".");
  }

  private static void requireFile(Path file, String why) {
    if (Files.notExists(file)) {
      throw new ApoException(ExitCode.NOT_FOUND, file + " does not exist, " + why + ".");
    }
  }

  static JsonNode readJson(Path file) {
    String text;
    try {
      text = Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new ApoException(ExitCode.BAD_DATA, file + " is not text in UTF-8.", e);
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new ApoException(
          ExitCode.BAD_DATA, file + " is not valid JSON: " + JsonErrors.reason(e) + ".", e);
    }
  }

  /** Whether the embedding is stored in a 16-bit format; an export then is, too. */
  public boolean isHalfPrecision() {
    String name = Parameters.of(config).get(0).parts().get(0).name();
    for (Path file : weightFiles) {
      try (Safetensors tensors = Safetensors.open(file)) {
        if (tensors.entry(name) != null) {
          return !tensors.entry(name).dtype().equals("F32");
        }
      }
    }
    return false;
  }

  /**
   * A weight tensor's values are handed on with the parameter and the part of it that they belong
   * to.
   */
  @FunctionalInterface
  public interface WeightSink {
    /**
     * @param parameter index in {@link Parameters#of}
     * @param offset index of the first value within the parameter
     */
    void accept(int parameter, long offset, java.nio.FloatBuffer values);
  }

  /**
   * Checks that the weight files hold the tensors that the configuration asks for, with the right
   * shapes and in a number format that can be read.
   *
   * @throws ApoException BAD_DATA naming the first tensor of which this is not so
   */
  public void checkWeights() {
    forEachPart((file, parameter, offset, part) -> {});
  }

  /** Reads all weights as float32, in bounded pieces. */
  public void readWeights(WeightSink sink) {
    forEachPart(
        (file, parameter, offset, part) ->
            file.read(
                part.name(), (first, values) -> sink.accept(parameter, offset + first, values)));
  }

  private interface PartVisitor {
    void visit(Safetensors file, int parameter, long offset, Parameter.Part part);
  }

  private void forEachPart(PartVisitor visitor) {
    var opened = new ArrayList<Safetensors>();
    try {
      Map<String, Safetensors> byName = new HashMap<>();
      for (Path file : weightFiles) {
        Safetensors tensors = Safetensors.open(file);
        opened.add(tensors);
        tensors.names().forEach(name -> byName.put(name, tensors));
      }
      List<Parameter> parameters = Parameters.of(config);
      for (int i = 0; i < parameters.size(); i++) {
        long offset = 0;
        for (Parameter.Part part : parameters.get(i).parts()) {
          checkPart(byName, part);
          visitor.visit(byName.get(part.name()), i, offset, part);
          offset += part.size();
        }
      }
    } finally {
      opened.forEach(Safetensors::close);
    }
  }

  private void checkPart(Map<String, Safetensors> byName, Parameter.Part part) {
    Safetensors file = byName.get(part.name());
    if (file == null) {
      var some = new TreeSet<>(new HashSet<>(byName.keySet())).stream().limit(3).toList();
      throw new ApoException(
          ExitCode.BAD_DATA,
          "The weights in "
              + path
              + " lack the tensor "
              + part.name()
              + ", which config.json asks for (there are "
              + byName.size()
              + " tensors, such as "
              + String.join(", ", some)
              + ").");
    }
    List<Long> shape = file.entry(part.name()).shape();
    List<Long> expected = java.util.Arrays.stream(part.shape()).boxed().toList();
    if (!shape.equals(expected)) {
      throw new ApoException(
          ExitCode.BAD_DATA,
          "The weights in "
              + path
              + " give "
              + part.name()
              + " the shape "
              + shape
              + "; config.json asks for "
              + expected
              + ".");
    }
    file.checkFormat(part.name());
  }
}
