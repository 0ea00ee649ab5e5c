package dev.apo.worker.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.worker.FileErrors;
import dev.apo.worker.manifest.Manifest;
import dev.apo.worker.manifest.ManifestReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A manifest with another seed, as a run of its own.
 *
 * @param method name of the manifest
 * @param manifest whose addresses are absolute
 * @param file that holds it
 */
record SeededRun(String method, long seed, Manifest manifest, Path file) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Writes the manifest of the run.
   *
   * @param directory for the file
   * @throws dev.apo.worker.ApoException BAD_MANIFEST if the name gets too long
   */
  static SeededRun write(Manifest of, long seed, Path directory) {
    String name = of.name() + "-seed-" + seed;
    Path file = directory.resolve(name + ".yaml");
    String text = document(of.namespace(), name, spec(of, seed)).toPrettyString();
    Manifest manifest = ManifestReader.parse(text, file);
    try {
      Files.createDirectories(directory);
      // JSON is YAML.
      Files.writeString(file, text);
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
    return new SeededRun(of.name(), seed, manifest, file);
  }

  private static ObjectNode spec(Manifest of, long seed) {
    ObjectNode spec = JSON.valueToTree(of.spec());
    List.of("/model", "/data/train", "/data/eval", "/storage")
        .forEach(block -> resolve(of, spec.at(block)));
    spec.withObjectProperty("train").put("seed", seed);
    return spec;
  }

  /** Makes the block's addresses absolute: one, or a list of them. */
  private static void resolve(Manifest of, JsonNode block) {
    if (block.path("uri").isTextual()) {
      ((ObjectNode) block).put("uri", of.resolve(block.get("uri").textValue()));
    }
    if (block.path("uris") instanceof ArrayNode all) {
      for (int i = 0; i < all.size(); i++) {
        all.set(i, new TextNode(of.resolve(all.get(i).textValue())));
      }
    }
  }

  /** An APOTraining. */
  static ObjectNode document(String namespace, String name, JsonNode spec) {
    ObjectNode document =
        JSON.createObjectNode()
            .put("apiVersion", APOTraining.API_VERSION)
            .put("kind", APOTraining.KIND);
    document.putObject("metadata").put("name", name).put("namespace", namespace);
    document.set("spec", spec);
    return document;
  }
}
