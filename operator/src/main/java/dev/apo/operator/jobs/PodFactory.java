package dev.apo.operator.jobs;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.HttpRewardSpec;
import dev.apo.api.v1alpha1.RewardSpec;
import dev.apo.api.v1alpha1.RewardTermSpec;
import dev.apo.api.v1alpha1.SecretKeyReference;
import dev.apo.api.v1alpha1.StagePod;
import dev.apo.operator.Labels;
import dev.apo.operator.Stage;
import dev.apo.operator.decide.Action;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Makes pods that keep to the worker contract and to the restricted Pod Security Standard. */
final class PodFactory {
  static final String CONTAINER = "worker";

  /** Where workers serve their progress. */
  static final int PORT = 8080;

  private static final String MANIFEST_DIRECTORY = "/etc/apo";
  private static final String WORK_DIRECTORY = "/work";
  private static final String MEMORY = "memory";
  private static final String CA_DIRECTORY = "/etc/apo-ca";
  private static final StagePod NO_SETTINGS =
      new StagePod(null, null, null, null, null, null, null, null, null, null, null, null, null);

  /** Preparing reads headers and data: mostly that is enough. */
  private static final ResourceRequirements PREPARE_RESOURCES =
      new ResourceRequirementsBuilder()
          .addToRequests("cpu", new Quantity("250m"))
          .addToRequests(MEMORY, new Quantity("512Mi"))
          .addToLimits(MEMORY, new Quantity("2Gi"))
          .build();

  private final String defaultImage;
  private final Duration gracePeriod;

  PodFactory(String defaultImage, Duration gracePeriod) {
    this.defaultImage = defaultImage;
    this.gracePeriod = gracePeriod;
  }

  /**
   * What the resource says of a stage's pods; null if nothing. Preparing takes the estimate's
   * image, identity, environment and volumes, and its memory limit if that is higher than its own,
   * but neither its node nor its GPUs.
   */
  static StagePod settings(APOTrainingSpec spec, Stage stage) {
    if (stage == Stage.TRAIN) {
      return spec.train().pod();
    }
    StagePod pod = spec.estimate().pod();
    if (pod == null || stage == Stage.ESTIMATE) {
      return pod;
    }
    return new StagePod(
        pod.image(),
        null,
        null,
        null,
        null,
        null,
        pod.serviceAccountName(),
        pod.env(),
        pod.volumes(),
        pod.volumeMounts(),
        pod.labels(),
        pod.annotations(),
        null);
  }

  PodTemplateSpec template(
      APOTraining training, Action.CreateJob action, String manifest, Map<String, String> labels) {
    APOTrainingSpec spec = training.getSpec();
    StagePod given = settings(spec, action.stage());
    StagePod pod = given == null ? NO_SETTINGS : given;
    return new PodTemplateSpecBuilder()
        .withNewMetadata()
        .withLabels(merge(pod.labels(), labels))
        .withAnnotations(merge(pod.annotations(), Map.of(Labels.MANIFEST, manifest)))
        .endMetadata()
        .withNewSpec()
        .withRestartPolicy("Never")
        .withTerminationGracePeriodSeconds(gracePeriod.toSeconds())
        .withAutomountServiceAccountToken(false)
        .withEnableServiceLinks(false)
        .withServiceAccountName(pod.serviceAccountName())
        .withNodeSelector(pod.nodeSelector())
        .withTolerations(pod.tolerations())
        .withAffinity(pod.affinity())
        .withRuntimeClassName(pod.runtimeClassName())
        .withPriorityClassName(pod.priorityClassName())
        .withNewSecurityContext()
        .withRunAsNonRoot(true)
        .withNewSeccompProfile()
        .withType("RuntimeDefault")
        .endSeccompProfile()
        .endSecurityContext()
        .withContainers(container(training, action, pod))
        .withVolumes(volumes(spec, pod))
        .endSpec()
        .build();
  }

  private Container container(APOTraining training, Action.CreateJob action, StagePod pod) {
    APOTrainingSpec spec = training.getSpec();
    var builder =
        new ContainerBuilder()
            .withName(CONTAINER)
            .withImage(pod.image() != null ? pod.image() : defaultImage)
            .withArgs(action.stage().word(), MANIFEST_DIRECTORY + "/manifest.yaml")
            .withEnv(environment(training, action, pod))
            .withResources(
                action.stage() == Stage.PREPARE ? prepareResources(spec) : pod.resources())
            .withVolumeMounts(mounts(spec, pod))
            .withTerminationMessagePath("/dev/termination-log")
            // Logs may hold what nobody meant to publish in a status.
            .withTerminationMessagePolicy("File")
            .addNewPort()
            .withName("http")
            .withContainerPort(PORT)
            .endPort()
            .withNewSecurityContext()
            .withAllowPrivilegeEscalation(false)
            .withReadOnlyRootFilesystem(true)
            .withNewCapabilities()
            .withDrop("ALL")
            .endCapabilities()
            .endSecurityContext();
    if (spec.storage().credentialsSecretRef() != null) {
      builder
          .addNewEnvFrom()
          .withNewSecretRef()
          .withName(spec.storage().credentialsSecretRef().name())
          .endSecretRef()
          .endEnvFrom();
    }
    return builder.build();
  }

  private static ResourceRequirements prepareResources(APOTrainingSpec spec) {
    Quantity own = PREPARE_RESOURCES.getLimits().get(MEMORY);
    return Optional.ofNullable(spec.estimate().pod())
        .map(StagePod::resources)
        .map(ResourceRequirements::getLimits)
        .map(limits -> limits.get(MEMORY))
        .filter(given -> given.getNumericalAmount().compareTo(own.getNumericalAmount()) > 0)
        .map(
            given ->
                new ResourceRequirementsBuilder(PREPARE_RESOURCES)
                    .addToLimits(MEMORY, given)
                    .build())
        .orElse(PREPARE_RESOURCES);
  }

  private static List<EnvVar> environment(
      APOTraining training, Action.CreateJob action, StagePod pod) {
    APOTrainingSpec spec = training.getSpec();
    Map<String, EnvVar> env = new LinkedHashMap<>();
    // The user's come first, and cannot take the place of the contract's.
    if (pod.env() != null) {
      pod.env().forEach(variable -> env.put(variable.getName(), variable));
    }
    put(env, "APO_UID", training.getMetadata().getUid());
    put(env, "APO_ATTEMPT", Integer.toString(action.attempt()));
    put(env, "APO_PORT", Integer.toString(PORT));
    put(env, "APO_WORK_DIR", WORK_DIRECTORY);
    put(env, "APO_TERMINATION_LOG", "/dev/termination-log");
    env.putIfAbsent("OMP_NUM_THREADS", cores());
    if (spec.storage().caSecretRef() != null) {
      put(env, "APO_CA_FILE", CA_DIRECTORY + "/ca.crt");
    }
    putSecret(env, "HF_TOKEN", spec.model().tokenSecretRef());
    putSecret(env, "APO_REWARD_TOKEN", rewardToken(spec.reward()));
    return new ArrayList<>(env.values());
  }

  /** As many threads as the container has cores; all of the node's if it has no limit. */
  private static EnvVar cores() {
    return new EnvVarBuilder()
        .withName("OMP_NUM_THREADS")
        .withNewValueFrom()
        .withNewResourceFieldRef()
        .withResource("limits.cpu")
        .endResourceFieldRef()
        .endValueFrom()
        .build();
  }

  /** The token of the reward service; there is one service at most. */
  private static SecretKeyReference rewardToken(RewardSpec reward) {
    Stream<HttpRewardSpec> further =
        reward.also() == null ? Stream.empty() : reward.also().stream().map(RewardTermSpec::http);
    return Stream.concat(Stream.ofNullable(reward.http()), further.filter(Objects::nonNull))
        .map(HttpRewardSpec::tokenSecretRef)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  /** One key of a Secret, if there is a reference; the kubelet reads it, not the operator. */
  private static void putSecret(
      Map<String, EnvVar> env, String name, SecretKeyReference reference) {
    if (reference != null) {
      env.put(
          name,
          new EnvVarBuilder()
              .withName(name)
              .withNewValueFrom()
              .withNewSecretKeyRef()
              .withName(reference.name())
              .withKey(reference.key())
              .endSecretKeyRef()
              .endValueFrom()
              .build());
    }
  }

  private static void put(Map<String, EnvVar> env, String name, String value) {
    env.put(name, new EnvVarBuilder().withName(name).withValue(value).build());
  }

  private static List<VolumeMount> mounts(APOTrainingSpec spec, StagePod pod) {
    List<VolumeMount> mounts = new ArrayList<>();
    mounts.add(mount("apo-manifest", MANIFEST_DIRECTORY, true));
    mounts.add(mount("apo-work", WORK_DIRECTORY, false));
    mounts.add(mount("apo-tmp", "/tmp", false));
    if (spec.storage().caSecretRef() != null) {
      mounts.add(mount("apo-ca", CA_DIRECTORY, true));
    }
    if (pod.volumeMounts() != null) {
      mounts.addAll(pod.volumeMounts());
    }
    return mounts;
  }

  private static VolumeMount mount(String name, String path, boolean readOnly) {
    return new VolumeMountBuilder()
        .withName(name)
        .withMountPath(path)
        .withReadOnly(readOnly ? true : null)
        .build();
  }

  private static List<Volume> volumes(APOTrainingSpec spec, StagePod pod) {
    List<Volume> volumes = new ArrayList<>();
    volumes.add(
        new VolumeBuilder()
            .withName("apo-manifest")
            .withNewDownwardAPI()
            .addNewItem()
            .withPath("manifest.yaml")
            .withNewFieldRef()
            .withFieldPath("metadata.annotations['" + Labels.MANIFEST + "']")
            .endFieldRef()
            .endItem()
            .endDownwardAPI()
            .build());
    for (String name : List.of("apo-work", "apo-tmp")) {
      volumes.add(new VolumeBuilder().withName(name).withNewEmptyDir().endEmptyDir().build());
    }
    if (spec.storage().caSecretRef() != null) {
      volumes.add(
          new VolumeBuilder()
              .withName("apo-ca")
              .withNewSecret()
              .withSecretName(spec.storage().caSecretRef().name())
              .endSecret()
              .build());
    }
    if (pod.volumes() != null) {
      volumes.addAll(pod.volumes());
    }
    return volumes;
  }

  /** {@code over} wins. */
  private static Map<String, String> merge(Map<String, String> under, Map<String, String> over) {
    Map<String, String> merged = new LinkedHashMap<>();
    if (under != null) {
      merged.putAll(under);
    }
    merged.putAll(over);
    return merged;
  }
}
