package dev.apo.api.v1alpha1;

/**
 * Bounds, patterns and descriptions that several fields share. Patterns keep to what Java and RE2
 * both read.
 */
final class Limits {
  /** The largest value of an {@code Integer} field. */
  static final int INT = Integer.MAX_VALUE;

  /** The largest whole number that survives JSON readers that know doubles only. */
  static final double EXACT = 9007199254740991.0;

  /** The longest address. */
  static final int URI = 1024;

  /** What may stand in a {@code file:} address unescaped, or escaped. */
  private static final String PATH = "([^\\s?#%<>\"{}|\\\\^`\\[\\]]|%[0-9A-Fa-f]{2})";

  private static final String STORED =
      "s3://[a-z0-9][a-z0-9.-]*(/[^\\s]*)?|file:///" + PATH + "+|[.][.]?/[^\\s]*";

  /** Something that the storage holds, or a path relative to the manifest. */
  static final String STORED_URI = "^(" + STORED + ")$";

  /** A repository of the hub, perhaps with a revision. */
  private static final String REPOSITORY = "[A-Za-z0-9._-]+/[A-Za-z0-9._-]+(@[A-Za-z0-9._-]+)?";

  /** The same, or a model of the hub. */
  static final String MODEL_URI = "^(" + STORED + "|hf://" + REPOSITORY + "(/[^\\s]+[.]gguf)?)$";

  /** Something that the storage holds, or a file of a data set of the hub. */
  static final String DATA_URI = "^(" + STORED + "|hf://datasets/" + REPOSITORY + "/[^\\s]+)$";

  static final String HTTP_URL = "^https?://.+$";

  /** The same without a user, whose password would be written down with it. */
  static final String SERVICE_URL = "^https?://[^\\s/?#@]+([/?][^\\s#]*)?$";

  /** A name of a Kubernetes object. */
  static final String DNS_NAME = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";

  /** The end of what is said about a change of what decides the result. */
  static final String FIXED = " decides the result and cannot change: create another APOTraining";

  static final String EPOCHS_PER_BATCH =
      "Passes over the responses of a step; above 1 the later ones learn from an older policy.";

  static final String CLIP_LOW = "How far the ratio to the old policy may fall below 1";

  static final String CLIP_HIGH = "How far the ratio to the old policy may rise above 1";

  static final String DUAL_CLIP =
      "Ratio to the old policy above which a token of negative advantage has no gradient";

  static final String AGGREGATION = "How the losses of tokens become one";

  static final String KL_IN = "Where divergence from the starting model is charged";

  static final String KL_COEFFICIENT = "What divergence from the starting model costs";

  static final String KL_ESTIMATOR = "Estimate of the divergence, where klIn is Loss.";

  private Limits() {}
}
