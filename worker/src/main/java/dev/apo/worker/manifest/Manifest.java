package dev.apo.worker.manifest;

import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.ModelSpec;
import java.nio.file.Path;

/**
 * A valid manifest.
 *
 * @param namespace its namespace; {@code default} when it names none
 * @param name its name, at most 40 characters, fit for a directory
 * @param spec what to do; every field that has a default is set
 * @param baseDirectory the directory of the manifest, absolute, which relative addresses start from
 */
public record Manifest(String namespace, String name, APOTrainingSpec spec, Path baseDirectory) {

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
    var s = spec;
    var model = new ModelSpec(uri, null, null);
    var other =
        new APOTrainingSpec(
            s.suspend(),
            model,
            s.data(),
            s.reward(),
            s.sampling(),
            s.preset(),
            s.algorithm(),
            s.estimate(),
            s.train(),
            s.evaluate(),
            s.storage(),
            s.runPolicy(),
            s.queueName(),
            s.tracking());
    return new Manifest(namespace, name, other, baseDirectory);
  }
}
