package dev.apo.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user is told about a manifest that the API server refuses. */
@Tag("apiserver")
class BadManifestTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String GOOD =
      """
      {"apiVersion": "apo.dev/v1alpha1", "kind": "APOTraining",
       "metadata": {"name": "good", "namespace": "test"},
       "spec": {"model": {"uri": "s3://b/m"}, "data": {"train": {"uri": "s3://b/d"}},
                "reward": {"type": "ExactMatch"}, "storage": {"uri": "s3://b/p"}}}
      """;
  private static KubeApi api;
  private static KubernetesClient client;

  @BeforeAll
  static void start() {
    api = new KubeApi();
    client = api.client();
  }

  @AfterAll
  static void stop() {
    client.close();
    api.close();
  }

  /** The good manifest with one field set, or removed by {@code -}. */
  private static GenericKubernetesResource manifest(String path, String value) throws Exception {
    JsonNode root = JSON.readTree(GOOD);
    String[] names = path.split("/");
    ObjectNode parent = (ObjectNode) root;
    for (int i = 0; i < names.length - 1; i++) {
      parent = parent.withObjectProperty(names[i]);
    }
    String last = names[names.length - 1];
    if (value.equals("-")) {
      parent.remove(last);
    } else {
      parent.set(last, JSON.readTree(value));
    }
    return Serialization.unmarshal(root.toString(), GenericKubernetesResource.class);
  }

  private static String refusal(GenericKubernetesResource resource) {
    return catchThrowableOfType(
            KubernetesClientException.class,
            () ->
                client
                    .resource(resource)
                    .dryRun()
                    .fieldValidation(
                        io.fabric8.kubernetes.client.dsl.FieldValidateable.Validation.STRICT)
                    .create())
        .getStatus()
        .getMessage();
  }

  @Test
  void aManifestOfTheEssentialsIsAccepted() throws Exception {
    client.resource(manifest("spec/suspend", "true")).dryRun().create();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"type\": \"GRPO\"}",
        "{\"type\": \"GRPO\", \"grpo\": {\"variant\": \"DAPO\"}}",
        "{\"type\": \"PPO\", \"beta1\": 0.5, \"beta2\": 0.001, \"ppo\": {\"lambda\": 0.95}}",
        "{\"type\": \"REBEL\", \"rebel\": {}}"
      })
  void anAlgorithmIsAcceptedWithAndWithoutItsBlock(String algorithm) throws Exception {
    client.resource(manifest("spec/algorithm", algorithm)).dryRun().create();
  }

  @ParameterizedTest(name = "{0} = {1}")
  @CsvFileSource(resources = "/bad-manifests.csv", numLinesToSkip = 1, quoteCharacter = '`')
  void isRefusedWith(String path, String value, String message) throws Exception {
    assertThat(refusal(manifest(path, value))).contains(message);
  }

  @ParameterizedTest(name = "{0} = {1}")
  @CsvFileSource(resources = "/bad-changes.csv", numLinesToSkip = 1, quoteCharacter = '`')
  void whatDecidesTheResultCannotChange(String path, String value, String message)
      throws Exception {
    GenericKubernetesResource there = client.resource(manifest("spec/suspend", "true")).create();
    try {
      GenericKubernetesResource changed = manifest(path, value);
      changed.getMetadata().setResourceVersion(there.getMetadata().getResourceVersion());
      String refusal =
          catchThrowableOfType(
                  KubernetesClientException.class, () -> client.resource(changed).dryRun().update())
              .getStatus()
              .getMessage();
      assertThat(refusal).contains(message);
    } finally {
      client.resource(there).delete();
    }
  }
}
