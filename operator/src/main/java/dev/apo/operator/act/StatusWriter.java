package dev.apo.operator.act;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.APOTrainingStatus;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.net.HttpURLConnection;
import java.util.Optional;

/**
 * Stores statuses by server-side apply, so that what others write stays. The resource's version
 * goes along: a status that was decided from an old resource is refused.
 *
 * <p>This does not go through the framework's own update, whose filter of its own events can
 * swallow a change of the spec that happens meanwhile.
 */
public final class StatusWriter {
  public static final String FIELD_MANAGER = "apo-operator";

  private final KubernetesClient client;

  public StatusWriter(KubernetesClient client) {
    this.client = client;
  }

  /**
   * Stores a status.
   *
   * @return the resource's version now; nothing if it is not the one that the status was decided
   *     for
   */
  public Optional<String> write(APOTraining training, APOTrainingStatus status) {
    APOTraining patch = new APOTraining();
    patch.setMetadata(
        new ObjectMetaBuilder()
            .withName(training.getMetadata().getName())
            .withNamespace(training.getMetadata().getNamespace())
            .withUid(training.getMetadata().getUid())
            .withResourceVersion(training.getMetadata().getResourceVersion())
            .build());
    patch.setStatus(status);
    try {
      APOTraining written =
          client
              .resource(patch)
              .subresource("status")
              .patch(
                  new PatchContext.Builder()
                      .withPatchType(PatchType.SERVER_SIDE_APPLY)
                      .withFieldManager(FIELD_MANAGER)
                      .withForce(true)
                      .build());
      return Optional.of(written.getMetadata().getResourceVersion());
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT
          || e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Whether the API server holds the same version: asked before anything is done. */
  public boolean isCurrent(APOTraining training) {
    APOTraining there =
        client
            .resources(APOTraining.class)
            .inNamespace(training.getMetadata().getNamespace())
            .withName(training.getMetadata().getName())
            .get();
    return there != null
        && there
            .getMetadata()
            .getResourceVersion()
            .equals(training.getMetadata().getResourceVersion());
  }
}
