package dev.apo.worker.manifest;

/** Manifests for tests. */
final class Manifests {
  /** All that must be said. */
  static final String MINIMAL =
      """
      apiVersion: apo.dev/v1alpha1
      kind: APOTraining
      metadata: {name: tiny}
      spec:
        model: {uri: ./model}
        data:
          train: {uri: ./train.jsonl}
        reward: {type: Math}
        storage: {uri: ../out}
      """;

  private Manifests() {}

  /** The minimal manifest with further lines in its spec, indented by two. */
  static String with(String lines) {
    return MINIMAL + lines.indent(2);
  }
}
