package dev.apo.worker.manifest;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.api.v1alpha1.APOTrainingSpec;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * A valid manifest.
 *
 * @param namespace its namespace; {@code default} when it names none
 * @param name its name, at most 40 characters, fit for a directory
 * @param spec what to do; every field that has a default is set
 * @param baseDirectory the directory of the manifest, absolute, which relative addresses start from
 */
public record Manifest(String namespace, String name, APOTrainingSpec spec, Path baseDirectory) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** An address of this manifest as an absolute one; see {@link Addresses#resolve}. */
  public String resolve(String uri) {
    return Addresses.resolve(baseDirectory, uri);
  }

  /** The same run of another model, tokenizer included. */
  public Manifest withModel(Path directory) {
    return withModel(directory.toUri().toString());
  }

  /**
   * The same.
   *
   * @param uri address of a model directory
   */
  public Manifest withModel(String uri) {
    return edited(json -> json.putObject("model").put("uri", uri));
  }

  /** The same run that keeps its artifacts elsewhere. */
  public Manifest withStorage(String uri) {
    return edited(json -> json.putObject("storage").put("uri", uri));
  }

  /** The same run with another seed of training. */
  public Manifest withSeed(long seed) {
    return edited(json -> json.withObjectProperty("train").put("seed", seed));
  }

  private Manifest edited(Consumer<ObjectNode> edit) {
    ObjectNode json = JSON.valueToTree(spec);
    edit.accept(json);
    return new Manifest(
        namespace, name, JSON.convertValue(json, APOTrainingSpec.class), baseDirectory);
  }
}
