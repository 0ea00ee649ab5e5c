package dev.apo.operator.act;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.operator.Labels;
import dev.apo.operator.decide.Action;
import dev.apo.operator.decide.PodState;
import dev.apo.operator.decide.Reason;
import dev.apo.operator.jobs.JobFactory;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.List;
import org.jboss.logging.Logger;

/** Carries out decisions. Every action may be repeated. */
public final class Actor {
  private static final Logger LOG = Logger.getLogger(Actor.class);
  private static final int UNPROCESSABLE = 422;

  private final KubernetesClient client;
  private final JobFactory factory;

  public Actor(KubernetesClient client, JobFactory factory) {
    this.client = client;
    this.factory = factory;
  }

  /**
   * Carries actions out in their order.
   *
   * @throws JobRefusedException if the API server will not have a Job
   * @throws KubernetesClientException if it does not answer, or not now
   */
  public void act(APOTraining training, List<Action> actions) throws JobRefusedException {
    for (Action action : actions) {
      if (action instanceof Action.CreateJob create) {
        create(training, create);
      } else if (action instanceof Action.DeleteJob delete) {
        delete(training.getMetadata().getNamespace(), delete);
      }
    }
  }

  private void create(APOTraining training, Action.CreateJob action) throws JobRefusedException {
    Job job = factory.create(training, action);
    String name = job.getMetadata().getName();
    try {
      client.batch().v1().jobs().resource(job).create();
      LOG.infof("created Job %s", name);
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        adopt(training, action, name);
      } else if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN
          || e.getCode() == HttpURLConnection.HTTP_BAD_REQUEST
          || e.getCode() == UNPROCESSABLE) {
        throw new JobRefusedException(
            new PodState.Trouble(
                Reason.JOB_REFUSED, "Job %s is refused: %s".formatted(name, sentence(e))));
      } else {
        throw e;
      }
    }
  }

  private static String sentence(KubernetesClientException e) {
    return e.getStatus() != null && e.getStatus().getMessage() != null
        ? e.getStatus().getMessage()
        : e.getMessage();
  }

  /** A Job of this name is there. It is ours only if it is the one that we meant to create. */
  private void adopt(APOTraining training, Action.CreateJob action, String name)
      throws JobRefusedException {
    Job there =
        client
            .batch()
            .v1()
            .jobs()
            .inNamespace(training.getMetadata().getNamespace())
            .withName(name)
            .get();
    if (there == null) {
      return; // It has just gone; the next look creates it.
    }
    List<OwnerReference> owners = there.getMetadata().getOwnerReferences();
    boolean ours =
        owners != null
            && owners.stream()
                .anyMatch(owner -> training.getMetadata().getUid().equals(owner.getUid()));
    String hash =
        there.getMetadata().getAnnotations() == null
            ? null
            : there.getMetadata().getAnnotations().get(Labels.SPEC_HASH);
    if (ours && JobFactory.specHash(training, action).equals(hash)) {
      return;
    }
    boolean earlier =
        there.getMetadata().getLabels() != null
            && training
                .getMetadata()
                .getName()
                .equals(there.getMetadata().getLabels().get(Labels.TRAINING));
    throw new JobRefusedException(
        new PodState.Trouble(
            Reason.JOB_NAME_TAKEN,
            earlier
                ? "Job %s of an earlier APOTraining of this name is still there; it goes with its pods"
                    .formatted(name)
                : "There is another Job %s, which this APOTraining does not own; delete it or take another name"
                    .formatted(name)));
  }

  private void delete(String namespace, Action.DeleteJob action) {
    client
        .batch()
        .v1()
        .jobs()
        .inNamespace(namespace)
        .withName(action.name())
        .withPropagationPolicy(DeletionPropagation.FOREGROUND)
        .delete();
    LOG.infof("deleted Job %s", action.name());
  }
}
