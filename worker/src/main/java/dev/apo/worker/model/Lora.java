package dev.apo.worker.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Low-rank adapters (Hu et al., arXiv 2106.09685): the weights w of a matrix stay as they are, and
 * the policy computes with {@code w + alpha / rank · b a}. Without its adapters a policy is the
 * model that it started from.
 *
 * @param rank rows of each a, columns of each b
 * @param alpha the adapters' weight, times rank
 * @param targets names of the matrices that get an adapter, such as q_proj
 */
public record Lora(int rank, double alpha, List<String> targets) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Matrices of a layer that may have an adapter, as the engine fuses them. */
  private static final List<List<String>> FUSED =
      List.of(
          List.of("q_proj", "k_proj", "v_proj"),
          List.of("o_proj"),
          List.of("gate_proj", "up_proj"),
          List.of("down_proj"));

  /** Most parts of a fused matrix. */
  public static final int MOST_PARTS = 3;

  public Lora {
    targets = List.copyOf(targets);
  }

  /** What each b a is multiplied by. */
  public double scale() {
    return alpha / rank;
  }

  /**
   * An adapter of one fused matrix.
   *
   * @param matrix its place among a layer's fused matrices: q|k|v, output, gate|up, down
   * @param parts what of it has an adapter
   */
  record Placed(int matrix, List<Part> parts) {}

  /**
   * @param name such as q_proj
   * @param tensor as {@link Parameters} has it
   * @param firstRow in the fused matrix
   */
  record Part(String name, Parameter.Part tensor, long firstRow) {
    String prefix() {
      return "base_model.model." + tensor.name().replaceFirst("\\.weight$", "");
    }
  }

  /** The adapters of one layer, from the layer's parameters. */
  private List<Placed> place(List<Parameter> layer) {
    var placed = new ArrayList<Placed>();
    for (int matrix = 0; matrix < FUSED.size(); matrix++) {
      String first = "." + FUSED.get(matrix).get(0) + ".weight";
      Parameter fused =
          layer.stream().filter(p -> p.parts().get(0).name().endsWith(first)).findFirst().get();
      var parts = new ArrayList<Part>();
      long row = 0;
      for (int i = 0; i < fused.parts().size(); i++) {
        String name = FUSED.get(matrix).get(i);
        if (targets.contains(name)) {
          parts.add(new Part(name, fused.parts().get(i), row));
        }
        row += fused.parts().get(i).shape()[0];
      }
      if (!parts.isEmpty()) {
        placed.add(new Placed(matrix, parts));
      }
    }
    return placed;
  }

  private static List<List<Parameter>> layers(ModelConfig config) {
    var layers = new LinkedHashMap<String, List<Parameter>>();
    for (Parameter parameter : Parameters.of(config)) {
      String name = parameter.parts().get(0).name();
      if (name.startsWith("model.layers.")) {
        layers.computeIfAbsent(name.split("\\.")[2], i -> new ArrayList<>()).add(parameter);
      }
    }
    return List.copyOf(layers.values());
  }

  /**
   * What is trained, layer by layer, two arrays for each fused matrix: the a of its parts, [parts ·
   * rank, columns of the matrix], then their b, [rows of the parts, rank]. Names are those of PEFT.
   */
  public List<Parameter> parameters(ModelConfig config) {
    var all = new ArrayList<Parameter>();
    for (List<Parameter> layer : layers(config)) {
      for (Placed adapter : place(layer)) {
        all.add(stack(adapter, "lora_A", part -> new long[] {rank, part.tensor().shape()[1]}));
        all.add(stack(adapter, "lora_B", part -> new long[] {part.tensor().shape()[0], rank}));
      }
    }
    return List.copyOf(all);
  }

  private interface ShapeOf {
    long[] of(Part part);
  }

  private static Parameter stack(Placed adapter, String name, ShapeOf shape) {
    var parts = new ArrayList<Parameter.Part>();
    long rows = 0;
    for (Part part : adapter.parts()) {
      parts.add(new Parameter.Part(part.prefix() + "." + name + ".weight", shape.of(part)));
      rows += shape.of(part)[0];
    }
    return new Parameter(
        List.copyOf(parts), new long[] {rows, shape.of(adapter.parts().get(0))[1]});
  }

  /** [4] the place of each fused matrix' adapter among those of a layer, or -1. */
  public long[] places(ModelConfig config) {
    long[] places = new long[FUSED.size()];
    Arrays.fill(places, -1);
    List<Placed> placed = place(layers(config).get(0));
    for (int i = 0; i < placed.size(); i++) {
      places[placed.get(i).matrix()] = i;
    }
    return places;
  }

  /**
   * [adapters of a layer · {@link #MOST_PARTS} · 2] first row and end of each part in its fused
   * matrix; zeros where an adapter has fewer parts.
   */
  public long[] rows(ModelConfig config) {
    List<Placed> placed = place(layers(config).get(0));
    long[] rows = new long[placed.size() * MOST_PARTS * 2];
    for (int i = 0; i < placed.size(); i++) {
      List<Part> parts = placed.get(i).parts();
      for (int n = 0; n < parts.size(); n++) {
        int at = (i * MOST_PARTS + n) * 2;
        rows[at] = parts.get(n).firstRow();
        rows[at + 1] = rows[at] + parts.get(n).tensor().shape()[0];
      }
    }
    return rows;
  }

  /**
   * The file adapter_config.json that PEFT reads beside the adapters' weights.
   *
   * @param baseModel where the model lies that the adapters belong to
   */
  public byte[] peftConfig(String baseModel) {
    var fields = new LinkedHashMap<String, Object>();
    fields.put("peft_type", "LORA");
    fields.put("task_type", "CAUSAL_LM");
    fields.put("base_model_name_or_path", baseModel);
    fields.put("r", rank);
    fields.put("lora_alpha", alpha);
    fields.put("lora_dropout", 0.0);
    fields.put("bias", "none");
    fields.put("fan_in_fan_out", false);
    fields.put("inference_mode", true);
    fields.put("init_lora_weights", true);
    fields.put("target_modules", targets);
    return json(fields);
  }

  private static byte[] json(Map<String, Object> fields) {
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
