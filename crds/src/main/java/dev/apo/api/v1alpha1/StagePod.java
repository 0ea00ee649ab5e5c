package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.List;
import java.util.Map;

/**
 * What is particular to the pods of one stage. Nothing in it leads out of the restricted Pod
 * Security Standard, to an identity at the API server, or past the cluster's own pods: who may
 * create a run may do no more than that (docs/security.md).
 */
@ApiObject
@ValidationRule(
    value =
        "!has(self.volumes) || self.volumes.all(v, has(v.configMap) || has(v.csi)"
            + " || has(v.downwardAPI) || has(v.emptyDir) || has(v.ephemeral) || has(v.image)"
            + " || has(v.persistentVolumeClaim) || has(v.projected) || has(v.secret))",
    fieldPath = ".volumes",
    message =
        "volumes must be of a type of the restricted Pod Security Standard: configMap, csi,"
            + " downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected or secret;"
            + " a directory of a node or a share needs a PersistentVolume")
@ValidationRule(
    value =
        "!has(self.volumes) || self.volumes.all(v, !has(v.projected) || !has(v.projected.sources)"
            + " || v.projected.sources.all(s, has(s.clusterTrustBundle) || has(s.configMap)"
            + " || has(s.downwardAPI) || has(s.secret)))",
    fieldPath = ".volumes",
    message =
        "projected volumes must be of clusterTrustBundle, configMap, downwardAPI and secret: stages"
            + " have no token and no certificate of the API server")
@ValidationRule(
    value =
        "!has(self.annotations) || !self.annotations.exists(a,"
            + " a.startsWith('container.apparmor.security.beta.kubernetes.io/'))",
    fieldPath = ".annotations",
    message =
        "annotations must not set an AppArmor profile: stages have the container runtime's own")
@ValidationRule(
    value = "!has(self.priorityClassName) || !self.priorityClassName.startsWith('system-')",
    fieldPath = ".priorityClassName",
    message =
        "priorityClassName must not be one of the system's own: name a PriorityClass of the cluster's"
            + " administrator")
public record StagePod(
    @JsonPropertyDescription("Image of the training program; the operator has a default.")
        @Size(min = 1, max = 1024)
        String image,
    @JsonPropertyDescription("CPU, memory and GPUs of the container.")
        ResourceRequirements resources,
    @JsonPropertyDescription("Labels of the nodes to run on.") @Size(max = 64)
        Map<String, String> nodeSelector,
    @JsonPropertyDescription("Taints of nodes to tolerate.") @Size(max = 64)
        List<Toleration> tolerations,
    @JsonPropertyDescription("Preferences for nodes and other pods.") Affinity affinity,
    @JsonPropertyDescription("Runtime class of the pod.")
        @Size(min = 1, max = 253)
        @Pattern(Limits.DNS_NAME)
        String runtimeClassName,
    @JsonPropertyDescription("Service account of the pod.")
        @Size(min = 1, max = 253)
        @Pattern(Limits.DNS_NAME)
        String serviceAccountName,
    @JsonPropertyDescription("Further environment variables of the container.") @Size(max = 64)
        List<EnvVar> env,
    @JsonPropertyDescription("Further volumes of the pod.") @Size(max = 32) List<Volume> volumes,
    @JsonPropertyDescription("Where to mount the further volumes.") @Size(max = 32)
        List<VolumeMount> volumeMounts,
    @JsonPropertyDescription("Further labels of the pod.") @Size(max = 64)
        Map<String, String> labels,
    @JsonPropertyDescription("Further annotations of the pod.") @Size(max = 64)
        Map<String, String> annotations,
    @JsonPropertyDescription("Priority class of the pod.")
        @Size(min = 1, max = 253)
        @Pattern(Limits.DNS_NAME)
        String priorityClassName) {}
