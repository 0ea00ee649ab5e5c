package dev.apo.operator.observe;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.quarkus.kubernetes.client.KubernetesClientObjectMapperCustomizer;
import jakarta.inject.Singleton;

/**
 * Reads Kubernetes' objects without their bulk, which no decision needs: who manages which field,
 * and the specs of pods. The caches hold every object of every run, and this is most of their size.
 * What is written stays whole.
 */
@Singleton
public final class LeanObjects implements KubernetesClientObjectMapperCustomizer {
  @JsonIgnoreProperties(value = "managedFields", allowGetters = true)
  private interface WithoutManagers {}

  @JsonIgnoreProperties(value = "spec", allowGetters = true)
  private interface WithoutSpec {}

  @JsonIgnoreProperties(value = "template", allowGetters = true)
  private interface WithoutTemplate {}

  @Override
  public void customize(ObjectMapper mapper) {
    mapper
        .addMixIn(ObjectMeta.class, WithoutManagers.class)
        .addMixIn(Pod.class, WithoutSpec.class)
        .addMixIn(JobSpec.class, WithoutTemplate.class);
  }
}
