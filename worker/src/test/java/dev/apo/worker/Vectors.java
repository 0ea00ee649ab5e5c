package dev.apo.worker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The test vectors: inputs and what reference implementations make of them. */
public final class Vectors {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Vectors() {}

  /** The cases of one file. */
  public static Stream<JsonNode> cases(String file) {
    return list(file, "cases");
  }

  /** The elements of one list of a file. */
  public static Stream<JsonNode> list(String file, String name) {
    try (InputStream in = Vectors.class.getResourceAsStream("/vectors/" + file + ".json")) {
      return StreamSupport.stream(JSON.readTree(in).get(name).spliterator(), false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The cases of one file whose names start with the prefix; at least one. */
  public static Stream<JsonNode> cases(String file, String prefix) {
    var found = cases(file).filter(c -> c.get("name").asText().startsWith(prefix)).toList();
    if (found.isEmpty()) {
      throw new NoSuchElementException(prefix + " in " + file);
    }
    return found.stream();
  }

  public static JsonNode onlyCase(String file, String name) {
    return cases(file, name).filter(c -> c.get("name").asText().equals(name)).findAny().get();
  }

  public static double[] vector(JsonNode node) {
    return JSON.convertValue(node, double[].class);
  }

  public static double[][] matrix(JsonNode node) {
    return JSON.convertValue(node, double[][].class);
  }

  public static double[][][] tensor(JsonNode node) {
    return JSON.convertValue(node, double[][][].class);
  }

  public static long[][] ids(JsonNode node) {
    return JSON.convertValue(node, long[][].class);
  }
}
