package dev.apo.operator.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Renders the chart with helm: the program that {@code chart.helm} or {@code APO_HELM} names, else
 * the one on the path.
 */
class ChartTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path CHART = ROOT.resolve("charts/apo-operator");
  private static final String CRD = "apotrainings.apo.dev-v1.yaml";
  private static final KubernetesSerialization YAML = new KubernetesSerialization();

  private static final Set<String> OPERATOR_VERBS =
      new TreeSet<>(
          Set.of(
              "apotrainings: get list watch",
              "apotrainings/status: patch",
              "jobs: create delete get list watch",
              "pods: list watch",
              "events: create list"));

  private record Result(int exitCode, String out, String err) {}

  @Test
  void holdsTheCrdOfTheApi() throws IOException {
    assertThat(CHART.resolve("files").resolve(CRD))
        .as("run make chart")
        .hasSameTextualContentAs(ROOT.resolve("crds").resolve(CRD));
  }

  @Test
  void passesLint() {
    Result lint = helm("lint", CHART.toString(), "--strict", "--kube-version", "1.34.0");
    assertThat(lint.exitCode()).as(lint.out() + lint.err()).isZero();
  }

  @Test
  void plainManifestsAreUpToDate() throws IOException {
    helmBinary();
    Result rendered = run(List.of(ROOT.resolve("hack/manifests").toString(), "operator"));
    assertThat(rendered.exitCode()).as(rendered.err()).isZero();
    assertThat(Files.readString(ROOT.resolve("deploy/apo-operator.yaml")))
        .as("run make manifests")
        .isEqualTo(rendered.out());
  }

  @Test
  void rendersAllThatAnOperatorNeeds() {
    assertThat(render().stream().map(ChartTest::kindAndName))
        .containsExactlyInAnyOrder(
            "CustomResourceDefinition/apotrainings.apo.dev",
            "ServiceAccount/apo-operator",
            "ClusterRole/apo-operator",
            "ClusterRoleBinding/apo-operator",
            "ClusterRole/apo-operator-view",
            "ClusterRole/apo-operator-edit",
            "Role/apo-operator-leader",
            "RoleBinding/apo-operator-leader",
            "Deployment/apo-operator",
            "Service/apo-operator",
            "PodDisruptionBudget/apo-operator",
            "NetworkPolicy/apo-operator",
            "Pod/apo-operator-test-ready");
  }

  @Test
  void rendersTheCrdAsItIsAndKeepsIt() throws IOException {
    HasMetadata crd = one(render(), "CustomResourceDefinition");
    assertThat(crd.getMetadata().getAnnotations()).containsEntry("helm.sh/resource-policy", "keep");
    crd.getMetadata().setAnnotations(null);
    crd.getMetadata().setLabels(null);
    HasMetadata original = YAML.unmarshal(Files.readString(ROOT.resolve("crds").resolve(CRD)));
    assertThat(YAML.asYaml(crd)).isEqualTo(YAML.asYaml(original));
  }

  @Test
  void canLeaveTheCrdToOthers() {
    assertThat(kinds(render("crds.install=false"))).doesNotContain("CustomResourceDefinition");
    HasMetadata crd = one(render("crds.keep=false"), "CustomResourceDefinition");
    assertThat(crd.getMetadata().getAnnotations()).isNullOrEmpty();
  }

  @Test
  void grantsTheVerbsThatAreUsedAndNoOther() {
    List<HasMetadata> all = render();
    ClusterRole operator = (ClusterRole) named(all, "ClusterRole", "apo-operator");
    assertThat(verbs(operator.getRules())).isEqualTo(OPERATOR_VERBS);
    Role leader = (Role) named(all, "Role", "apo-operator-leader");
    assertThat(verbs(leader.getRules()))
        .containsExactly("leases: create", "leases: get patch update");
    assertThat(leader.getMetadata().getNamespace()).isEqualTo("apo-system");
    assertThat(leader.getRules())
        .filteredOn(rule -> !rule.getVerbs().contains("create"))
        .allSatisfy(rule -> assertThat(rule.getResourceNames()).containsExactly("apo-operator"));
  }

  @Test
  void usersGetTrainingsWithTheClustersOwnRoles() {
    List<HasMetadata> all = render();
    String aggregate = "rbac.authorization.k8s.io/aggregate-to-";
    assertThat(named(all, "ClusterRole", "apo-operator-view").getMetadata().getLabels())
        .containsKeys(aggregate + "view", aggregate + "edit", aggregate + "admin");
    assertThat(named(all, "ClusterRole", "apo-operator-edit").getMetadata().getLabels())
        .containsKeys(aggregate + "edit", aggregate + "admin")
        .doesNotContainKey(aggregate + "view");
  }

  @Test
  void watchesListedNamespacesWithRolesInThem() {
    List<HasMetadata> all = render("watchNamespaces={a,b}", "rbac.aggregateRoles=false");
    assertThat(kinds(all)).doesNotContain("ClusterRole", "ClusterRoleBinding");
    assertThat(all)
        .filteredOn(o -> o instanceof Role && o.getMetadata().getName().equals("apo-operator"))
        .hasSize(2)
        .allSatisfy(o -> assertThat(verbs(((Role) o).getRules())).isEqualTo(OPERATOR_VERBS))
        .extracting(o -> o.getMetadata().getNamespace())
        .containsExactlyInAnyOrder("a", "b");
    assertThat(env(all)).containsEntry("APO_NAMESPACES", "a,b");
    assertThat(env(render())).as("all namespaces").doesNotContainKey("APO_NAMESPACES");
  }

  @Test
  void everyRoleIsBoundToTheOperatorsAccount() {
    String subject = "name: \"apo-operator\"\n  namespace: \"apo-system\"";
    for (List<HasMetadata> all : List.of(render(), render("watchNamespaces={a,b}"))) {
      assertThat(all)
          .filteredOn(o -> o.getKind().endsWith("RoleBinding"))
          .isNotEmpty()
          .allSatisfy(o -> assertThat(YAML.asYaml(o)).contains(subject));
    }
  }

  @Test
  void podMeetsTheRestrictedStandard() {
    for (PodSpec pod : pods(render())) {
      assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
      assertThat(pod.getSecurityContext().getRunAsUser()).isEqualTo(65532);
      assertThat(pod.getSecurityContext().getSeccompProfile().getType())
          .isEqualTo("RuntimeDefault");
      assertThat(pod.getContainers())
          .allSatisfy(
              container -> {
                var security = container.getSecurityContext();
                assertThat(security.getAllowPrivilegeEscalation()).isFalse();
                assertThat(security.getReadOnlyRootFilesystem()).isTrue();
                assertThat(security.getCapabilities().getDrop()).containsExactly("ALL");
                assertThat(container.getResources().getLimits()).containsKey("memory");
              });
    }
  }

  @Test
  void namesImagesByRegistryTagAndDigest() {
    String digest = "sha256:" + "0".repeat(64);
    List<HasMetadata> all =
        render(
            "image.registry=registry.example/apo/",
            "image.tag=1.2.3",
            "worker.image.registry=registry.example",
            "worker.image.digest=" + digest);
    assertThat(deployment(all).getContainers().get(0).getImage())
        .isEqualTo("registry.example/apo/apo-operator:1.2.3");
    assertThat(env(all)).containsEntry("APO_WORKER_IMAGE", "registry.example/apo-worker@" + digest);
    assertThat(env(render())).containsEntry("APO_WORKER_IMAGE", "apo-worker:0.1.0");
  }

  @Test
  void spreadsReplicasAndKeepsOneThroughDisruptions() {
    assertThat(deployment(render()).getTopologySpreadConstraints())
        .singleElement()
        .satisfies(
            spread ->
                assertThat(spread.getLabelSelector().getMatchLabels())
                    .containsEntry("app.kubernetes.io/name", "apo-operator"));
    assertThat(kinds(render("replicas=1"))).doesNotContain("PodDisruptionBudget");
  }

  @Test
  void workersAnswerOnlyToTheOperator() {
    NetworkPolicy workers =
        (NetworkPolicy)
            named(
                render(
                    "networkPolicy.workers.enabled=true", "networkPolicy.workers.namespaces={a}"),
                "NetworkPolicy",
                "apo-operator-workers");
    assertThat(workers.getMetadata().getNamespace()).isEqualTo("a");
    assertThat(workers.getSpec().getPodSelector().getMatchLabels())
        .isEqualTo(Map.of("app.kubernetes.io/managed-by", "apo-operator"));
    assertThat(workers.getSpec().getPolicyTypes()).containsExactly("Ingress");
    assertThat(workers.getSpec().getIngress())
        .singleElement()
        .satisfies(
            rule ->
                assertThat(rule.getFrom())
                    .singleElement()
                    .satisfies(
                        peer -> {
                          assertThat(peer.getNamespaceSelector().getMatchLabels())
                              .isEqualTo(Map.of("kubernetes.io/metadata.name", "apo-system"));
                          assertThat(peer.getPodSelector().getMatchLabels())
                              .containsEntry("app.kubernetes.io/name", "apo-operator");
                        }));
  }

  @Test
  void workersPolicyNeedsToKnowWhere() {
    Result refused = template("networkPolicy.workers.enabled=true");
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.err()).contains("set networkPolicy.workers.namespaces or watchNamespaces");
  }

  @Test
  void rendersMonitoringWhereItIsAskedFor() {
    assertThat(kinds(render("serviceMonitor.enabled=true", "prometheusRule.enabled=true")))
        .contains("ServiceMonitor", "PrometheusRule");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "replica=2",
        "replicas=two",
        "image.name=x",
        "image.tag=a b",
        "watchNamespaces=a",
        "watchNamespaces={A}",
        "watchNamespaces={a,a}",
        "worker.gracePeriod=5 minutes",
        "crds.upgrade=true",
        "log.level=LOUD",
        "networkPolicy.apiServer.cidrs={10.0.0.1}",
        "serviceMonitor.enabled=maybe",
      })
  void schemaRefusesWhatIsNotAValue(String value) {
    Result refused = template(value);
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.err()).contains("values don't meet the specifications of the schema");
  }

  private static Result template(String... values) {
    List<String> arguments =
        new ArrayList<>(List.of("template", "apo-operator", CHART.toString(), "-n", "apo-system"));
    arguments.addAll(List.of("--kube-version", "1.34.0"));
    for (String value : values) {
      arguments.addAll(List.of("--set", value));
    }
    return helm(arguments.toArray(String[]::new));
  }

  private static List<HasMetadata> render(String... values) {
    Result rendered = template(values);
    assertThat(rendered.exitCode()).as(rendered.err()).isZero();
    List<HasMetadata> all = new ArrayList<>();
    for (String document : rendered.out().split("(?m)^---$")) {
      if (document.lines().anyMatch(line -> !line.isBlank() && !line.startsWith("#"))) {
        all.add(YAML.unmarshal(document));
      }
    }
    return all;
  }

  private static String kindAndName(HasMetadata object) {
    return object.getKind() + "/" + object.getMetadata().getName();
  }

  private static Set<String> kinds(List<HasMetadata> all) {
    return all.stream().map(HasMetadata::getKind).collect(Collectors.toSet());
  }

  private static HasMetadata one(List<HasMetadata> all, String kind) {
    return all.stream().filter(o -> o.getKind().equals(kind)).findFirst().orElseThrow();
  }

  private static HasMetadata named(List<HasMetadata> all, String kind, String name) {
    return all.stream()
        .filter(o -> kindAndName(o).equals(kind + "/" + name))
        .findFirst()
        .orElseThrow();
  }

  private static PodSpec deployment(List<HasMetadata> all) {
    return ((Deployment) one(all, "Deployment")).getSpec().getTemplate().getSpec();
  }

  private static List<PodSpec> pods(List<HasMetadata> all) {
    return List.of(
        deployment(all), ((io.fabric8.kubernetes.api.model.Pod) one(all, "Pod")).getSpec());
  }

  private static Map<String, String> env(List<HasMetadata> all) {
    return deployment(all).getContainers().get(0).getEnv().stream()
        .filter(variable -> variable.getValue() != null)
        .collect(Collectors.toMap(EnvVar::getName, EnvVar::getValue));
  }

  private static Set<String> verbs(List<PolicyRule> rules) {
    return rules.stream()
        .map(
            rule ->
                String.join(" ", rule.getResources())
                    + ": "
                    + String.join(" ", new TreeSet<>(rule.getVerbs())))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Result helm(String... arguments) {
    List<String> command = new ArrayList<>(List.of(helmBinary()));
    command.addAll(Arrays.asList(arguments));
    return run(command);
  }

  /**
   * Aborts the test where there is no helm, or fails it where {@code chart.helm.required} is set.
   */
  private static String helmBinary() {
    String given = System.getProperty("chart.helm", System.getenv("APO_HELM"));
    if (given != null && !given.isBlank()) {
      return given;
    }
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(directory -> Path.of(directory, "helm"))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst()
        .orElseGet(
            () -> {
              String missing = "helm is not there: put it on the path or name it in APO_HELM";
              assertThat(Boolean.getBoolean("chart.helm.required")).as(missing).isFalse();
              return abort(missing);
            });
  }

  private static Result run(List<String> command) {
    try {
      Path out = Files.createTempFile("apo-chart", ".out");
      Path err = Files.createTempFile("apo-chart", ".err");
      try {
        ProcessBuilder builder =
            new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().put("APO_HELM", helmBinary());
        int exitCode = builder.start().waitFor();
        return new Result(
            exitCode,
            Files.readString(out, StandardCharsets.UTF_8),
            Files.readString(err, StandardCharsets.UTF_8));
      } finally {
        Files.delete(out);
        Files.delete(err);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
