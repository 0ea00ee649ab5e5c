package dev.apo.operator.jobs;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.StagePod;
import dev.apo.operator.Labels;
import dev.apo.operator.Stage;
import dev.apo.operator.decide.Action;
import dev.apo.operator.decide.FailureRule;
import dev.apo.operator.decide.JobNames;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicy;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyRule;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyRuleBuilder;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Makes the Job of an attempt. A Job is created once and never changed; with its pods' annotations
 * it holds all that it works on, so that later changes of the resource cannot reach it.
 */
public final class JobFactory {
  private final PodFactory pods;

  /**
   * @param defaultImage of the worker, where a resource names none
   * @param gracePeriod time that pods have to save their work
   */
  public JobFactory(String defaultImage, Duration gracePeriod) {
    this.pods = new PodFactory(defaultImage, gracePeriod);
  }

  /** The Job that an action asks for. */
  public Job create(APOTraining training, Action.CreateJob action) {
    Stage stage = action.stage();
    APOTrainingSpec spec = training.getSpec();
    String manifest = ManifestJson.of(training);
    Map<String, String> labels = labels(training, action);
    Map<String, String> jobLabels = new LinkedHashMap<>(labels);
    if (spec.queueName() != null) {
      jobLabels.put(Labels.QUEUE, spec.queueName());
    }
    int shards = stage == Stage.ESTIMATE ? spec.estimate().shards() : 1;
    Integer parallelism = spec.estimate().parallelism();
    return new JobBuilder()
        .withNewMetadata()
        .withName(JobNames.of(training.getMetadata().getName(), stage, action.attempt()))
        .withNamespace(training.getMetadata().getNamespace())
        .withLabels(jobLabels)
        .addToAnnotations(Labels.SPEC_HASH, specHash(training, action))
        .addToAnnotations(Labels.POD_SETTINGS, podSettings(training).get(stage))
        .addNewOwnerReference()
        .withApiVersion(APOTraining.API_VERSION)
        .withKind(APOTraining.KIND)
        .withName(training.getMetadata().getName())
        .withUid(training.getMetadata().getUid())
        .withController(true)
        .endOwnerReference()
        .endMetadata()
        .withNewSpec()
        .withCompletions(shards)
        .withParallelism(
            stage != Stage.ESTIMATE || parallelism == null ? shards : Math.min(parallelism, shards))
        .withCompletionMode(stage == Stage.ESTIMATE ? "Indexed" : "NonIndexed")
        .withBackoffLimit(action.retries())
        .withPodReplacementPolicy("Failed")
        .withPodFailurePolicy(failurePolicy(stage))
        // A queue must not be passed by, not even while its webhook is down.
        .withSuspend(spec.queueName() != null)
        .withTemplate(pods.template(training, action, manifest, labels))
        .endSpec()
        .build();
  }

  /** Digest of what decides an attempt's result; it does not change with the operator's version. */
  public static String specHash(APOTraining training, Action.CreateJob action) {
    return ManifestJson.digest(
        Map.of(
            "manifest", ManifestJson.of(training),
            "stage", action.stage().word(),
            "attempt", action.attempt()));
  }

  /** Digest of what the resource says of each stage's pods and queue. */
  public static Map<Stage, String> podSettings(APOTraining training) {
    Map<Stage, String> digests = new EnumMap<>(Stage.class);
    for (Stage stage : Stage.values()) {
      StagePod pod = PodFactory.settings(training.getSpec(), stage);
      String queue = training.getSpec().queueName();
      digests.put(
          stage,
          ManifestJson.digest(
              Map.of("pod", pod == null ? Map.of() : pod, "queue", queue == null ? "" : queue)));
    }
    return digests;
  }

  private static Map<String, String> labels(APOTraining training, Action.CreateJob action) {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("app.kubernetes.io/name", "apo-worker");
    labels.put(Labels.MANAGED_BY, Labels.OPERATOR);
    labels.put(Labels.TRAINING, training.getMetadata().getName());
    labels.put(Labels.UID, training.getMetadata().getUid());
    labels.put(Labels.STAGE, action.stage().word());
    labels.put(Labels.ATTEMPT, Integer.toString(action.attempt()));
    return labels;
  }

  /**
   * Shards go on by themselves where the run is not to blame; the other stages get a new attempt,
   * with a number of its own.
   */
  private static PodFailurePolicy failurePolicy(Stage stage) {
    return new PodFailurePolicyBuilder()
        .withRules(
            Arrays.stream(FailureRule.values())
                .map(
                    rule ->
                        rule(
                            rule, rule.isFinal() || stage != Stage.ESTIMATE ? "FailJob" : "Ignore"))
                .toList())
        .build();
  }

  private static PodFailurePolicyRule rule(FailureRule rule, String action) {
    var builder = new PodFailurePolicyRuleBuilder().withAction(action);
    if (rule.exitCodes().isEmpty()) {
      builder
          .addNewOnPodCondition()
          .withType("DisruptionTarget")
          .withStatus("True")
          .endOnPodCondition();
    } else {
      builder
          .withNewOnExitCodes()
          .withContainerName(PodFactory.CONTAINER)
          .withOperator("In")
          .withValues(rule.exitCodes())
          .endOnExitCodes();
    }
    return builder.build();
  }
}
