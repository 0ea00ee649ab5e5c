package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.List;
import java.util.Map;

/** What is particular to the pods of one stage. */
@ApiObject
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
