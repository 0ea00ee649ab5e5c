package dev.apo.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Compares what the operator asked the API server for, by the audit log of all other tests, with
 * what the chart grants it. {@code hack/e2e} runs it after them.
 */
class RightsAudit {
  private static final String USER = "system:serviceaccount:" + Cluster.OPERATOR_NAMESPACE + ":";

  /** The framework checks at its start that it may update the lease, which it then patches. */
  private static final Set<String> GRANTED_BUT_UNUSED = Set.of("update coordination.k8s.io/leases");

  @Test
  void everyRightIsUsedAndNothingElseIsAskedFor() throws IOException {
    Set<String> used = new TreeSet<>();
    ObjectMapper mapper = new ObjectMapper();
    try (Stream<String> lines = Files.lines(Path.of(System.getenv("APO_E2E_AUDIT_LOG")))) {
      for (String line : (Iterable<String>) lines::iterator) {
        JsonNode event = mapper.readTree(line);
        JsonNode object = event.path("objectRef");
        boolean ours = event.at("/user/username").asText().startsWith(USER + "apo");
        // Every service account may review its own rights.
        if (ours
            && object.has("resource")
            && !object.path("apiGroup").asText().equals("authorization.k8s.io")) {
          String resource = object.path("resource").asText();
          if (object.has("subresource")) {
            resource += "/" + object.path("subresource").asText();
          }
          used.add(right(event.path("verb").asText(), object.path("apiGroup").asText(), resource));
          // A namespace that is going away answers 403 too, and that is no matter of rights.
          assertThat(event.path("annotations").path("authorization.k8s.io/decision").asText())
              .as("%s", event)
              .isEqualTo("allow");
        }
      }
    }
    Set<String> granted = granted();
    assertThat(used).as("asked for").isSubsetOf(granted);
    granted.removeAll(GRANTED_BUT_UNUSED);
    assertThat(used).as("used of what is granted").containsAll(granted);
  }

  private static Set<String> granted() {
    Set<String> granted = new TreeSet<>();
    try (KubernetesClient client = new KubernetesClientBuilder().build()) {
      String name = "apo-apo-operator";
      Stream.concat(
              client.rbac().clusterRoles().withName(name).get().getRules().stream(),
              client
                  .rbac()
                  .roles()
                  .inNamespace(Cluster.OPERATOR_NAMESPACE)
                  .list()
                  .getItems()
                  .stream()
                  .flatMap(role -> role.getRules().stream()))
          .forEach(rule -> add(rule, granted));
    }
    return granted;
  }

  private static void add(PolicyRule rule, Set<String> rights) {
    for (String group : rule.getApiGroups()) {
      for (String resource : rule.getResources()) {
        for (String verb : rule.getVerbs()) {
          rights.add(right(verb, group, resource));
        }
      }
    }
  }

  private static String right(String verb, String group, String resource) {
    return verb + " " + (group.isEmpty() ? "" : group + "/") + resource;
  }
}
