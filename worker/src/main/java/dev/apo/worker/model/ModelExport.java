package dev.apo.worker.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes weights in Hugging Face layout, each fused array taken apart into the tensors that it is
 * made of.
 */
public final class ModelExport {
  /** Values moved at once. */
  private static final int PIECE = 1 << 22;

  /** The older and the newer name of the same field. */
  private static final List<String> DTYPE_FIELDS = List.of("torch_dtype", "dtype");

  private static final ObjectMapper JSON = new ObjectMapper();

  private ModelExport() {}

  /** Where values come from: one parameter's, flattened. */
  @FunctionalInterface
  public interface Source {
    FloatBuffer read(int parameter, long offset, int count);
  }

  /** Writes one safetensors file with every tensor under its Hugging Face name. */
  public static void writeWeights(
      Path file, List<Parameter> parameters, SafetensorsWriter.Format format, Source source)
      throws IOException {
    var tensors = new ArrayList<SafetensorsWriter.Tensor>();
    for (Parameter parameter : parameters) {
      for (Parameter.Part part : parameter.parts()) {
        tensors.add(new SafetensorsWriter.Tensor(part.name(), part.shape()));
      }
    }
    try (var writer = new SafetensorsWriter(file, format, tensors)) {
      for (int p = 0; p < parameters.size(); p++) {
        long offset = 0;
        for (Parameter.Part part : parameters.get(p).parts()) {
          for (long first = 0; first < part.size(); first += PIECE) {
            int count = (int) Math.min(PIECE, part.size() - first);
            writer.write(part.name(), first, source.read(p, offset + first, count));
          }
          offset += part.size();
        }
      }
    }
  }

  /**
   * Copies what belongs to a model beside its weights: configuration and tokenizer.
   *
   * @param format of the weights; the configuration's number format follows it
   */
  public static void copyCompanions(ModelDirectory from, Path to, SafetensorsWriter.Format format)
      throws IOException {
    for (String name : ModelDirectory.COMPANIONS) {
      Path file = from.path().resolve(name);
      if (Files.exists(file)) {
        Files.copy(file, to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Path config = to.resolve("config.json");
    ObjectNode json = (ObjectNode) JSON.readTree(Files.readAllBytes(config));
    String dtype = format == SafetensorsWriter.Format.F32 ? "float32" : "bfloat16";
    for (String field : DTYPE_FIELDS) {
      if (json.has(field) && !json.path(field).asText().equals(dtype)) {
        json.put(field, dtype);
        Files.write(config, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
      }
    }
  }
}
