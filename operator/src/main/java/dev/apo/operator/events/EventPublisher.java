package dev.apo.operator.events;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.operator.Sentence;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.jboss.logging.Logger;

/**
 * Publishes transitions as Kubernetes Events. One that is lost is logged and costs nothing else.
 */
public final class EventPublisher {
  private static final Logger LOG = Logger.getLogger(EventPublisher.class);
  private static final int MAX_MESSAGE = 1024;

  private final KubernetesClient client;
  private final String instance;

  /**
   * @param instance name of this operator's pod
   */
  public EventPublisher(KubernetesClient client, String instance) {
    this.client = client;
    this.instance = instance;
  }

  public void publish(APOTraining training, List<Transition> transitions) {
    for (Transition transition : transitions) {
      LOG.infof("%s: %s", transition.reason().word(), transition.message());
      try {
        client.v1().events().resource(event(training, transition).build()).create();
      } catch (KubernetesClientException e) {
        LOG.warnf("an Event is lost (%s): %s", transition.reason().word(), e.getMessage());
      }
    }
  }

  private EventBuilder event(APOTraining training, Transition transition) {
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    return new EventBuilder()
        .withNewMetadata()
        .withName(training.getMetadata().getName() + "." + UUID.randomUUID())
        .withNamespace(training.getMetadata().getNamespace())
        .endMetadata()
        .withNewInvolvedObject()
        .withApiVersion(APOTraining.API_VERSION)
        .withKind(APOTraining.KIND)
        .withName(training.getMetadata().getName())
        .withNamespace(training.getMetadata().getNamespace())
        .withUid(training.getMetadata().getUid())
        .endInvolvedObject()
        .withType(transition.reason().isTrouble() ? "Warning" : "Normal")
        .withReason(transition.reason().word())
        .withMessage(Sentence.cut(transition.message(), MAX_MESSAGE))
        .withFirstTimestamp(now)
        .withLastTimestamp(now)
        .withCount(1)
        .withReportingComponent("apo-operator")
        .withReportingInstance(instance)
        .withNewSource()
        .withComponent("apo-operator")
        .endSource();
  }
}
