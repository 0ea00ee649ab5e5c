package dev.apo.operator;

/** Labels and annotations of Jobs and pods. None of them is copied from the resource. */
public final class Labels {
  public static final String MANAGED_BY = "app.kubernetes.io/managed-by";
  public static final String OPERATOR = "apo-operator";

  /** Selects everything that the operator made. */
  public static final String SELECTOR = MANAGED_BY + "=" + OPERATOR;

  public static final String TRAINING = "apo.dev/training";
  public static final String UID = "apo.dev/uid";
  public static final String STAGE = "apo.dev/stage";
  public static final String ATTEMPT = "apo.dev/attempt";

  /** Annotation: digest of what decides a Job's result. */
  public static final String SPEC_HASH = "apo.dev/spec-hash";

  /** Annotation: digest of the settings of a Job's pods. */
  public static final String POD_SETTINGS = "apo.dev/pod-settings";

  /** Annotation of pods: the manifest, which is mounted into them. */
  public static final String MANIFEST = "apo.dev/manifest";

  /** Kueue's label: the queue that admits a Job. */
  public static final String QUEUE = "kueue.x-k8s.io/queue-name";

  private Labels() {}
}
