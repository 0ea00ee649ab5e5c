package dev.apo.worker.mlflow;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import okhttp3.Credentials;
import okhttp3.HttpUrl;

/**
 * Where and as what to track, from the variables that MLflow itself knows.
 *
 * @param uri of the tracking server
 * @param experiment name of the experiment, created if it is not there; unused with an id
 * @param experimentId null to go by the name
 * @param runName null for the training's own
 * @param authorization value of the header, or null
 */
record MlflowSettings(
    HttpUrl uri, String experiment, String experimentId, String runName, String authorization) {

  /**
   * Reads {@code MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME, MLFLOW_EXPERIMENT_ID,
   * MLFLOW_RUN_NAME, MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME} and {@code
   * MLFLOW_TRACKING_PASSWORD}.
   *
   * @return nothing without an address
   * @throws IllegalArgumentException if the address is not one of a server
   */
  static Optional<MlflowSettings> from(Map<String, String> env) {
    String address = value(env, "MLFLOW_TRACKING_URI");
    if (address == null) {
      return Optional.empty();
    }
    HttpUrl uri = HttpUrl.parse(address);
    if (uri == null) {
      throw new IllegalArgumentException(
          "MLFLOW_TRACKING_URI is no http:// or https:// address of a server");
    }
    String name = value(env, "MLFLOW_EXPERIMENT_NAME");
    return Optional.of(
        new MlflowSettings(
            uri.newBuilder().username("").password("").query(null).fragment(null).build(),
            name == null ? "Default" : name,
            value(env, "MLFLOW_EXPERIMENT_ID"),
            value(env, "MLFLOW_RUN_NAME"),
            authorization(env, uri)));
  }

  private static String authorization(Map<String, String> env, HttpUrl uri) {
    String token = value(env, "MLFLOW_TRACKING_TOKEN");
    if (token != null) {
      return "Bearer " + token;
    }
    String user = value(env, "MLFLOW_TRACKING_USERNAME");
    String password = value(env, "MLFLOW_TRACKING_PASSWORD");
    if (user != null && password != null) {
      return Credentials.basic(user, password, StandardCharsets.UTF_8);
    }
    return uri.username().isEmpty()
        ? null
        : Credentials.basic(uri.username(), uri.password(), StandardCharsets.UTF_8);
  }

  private static String value(Map<String, String> env, String name) {
    return Optional.ofNullable(env.get(name))
        .map(String::strip)
        .filter(Predicate.not(String::isEmpty))
        .orElse(null);
  }

  /** Secrets are not shown. */
  @Override
  public String toString() {
    return uri.toString();
  }
}
