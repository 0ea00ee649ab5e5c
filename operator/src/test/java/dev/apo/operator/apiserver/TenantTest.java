package dev.apo.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.operator.Labels;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FieldValidateable.Validation;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

/** Somebody who may create APOTrainings in a namespace, and nothing else, tries to get more. */
@QuarkusTest
@WithTestResource(KubeApiResource.class)
@Tag("apiserver")
class TenantTest extends PlayedCluster {
  private static final String USER = "tenant";

  private KubernetesClient tenant;

  @BeforeEach
  void letTheTenantIn() {
    client
        .resource(
            new RoleBuilder()
                .withNewMetadata()
                .withName(USER)
                .withNamespace(KubeApi.NAMESPACE)
                .endMetadata()
                .addNewRule()
                .withApiGroups("apo.dev")
                .withResources("apotrainings")
                .withVerbs("create", "get", "update", "patch", "delete")
                .endRule()
                .build())
        .serverSideApply();
    client
        .resource(
            new RoleBindingBuilder()
                .withNewMetadata()
                .withName(USER)
                .withNamespace(KubeApi.NAMESPACE)
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "Role", USER)
                .addNewSubject("rbac.authorization.k8s.io", "User", USER, null)
                .build())
        .serverSideApply();
    tenant =
        new KubernetesClientBuilder()
            .withConfig(new ConfigBuilder(api.config()).withImpersonateUsername(USER).build())
            .build();
  }

  @AfterEach
  void leave() {
    tenant.close();
  }

  private static GenericKubernetesResource training(String name, String stage, String pod) {
    return Serialization.unmarshal(
        """
        {"apiVersion": "apo.dev/v1alpha1", "kind": "APOTraining",
         "metadata": {"name": "%s", "namespace": "test"},
         "spec": {"model": {"uri": "s3://b/m"}, "data": {"train": {"uri": "s3://b/d"}},
                  "reward": {"type": "ExactMatch"}, "storage": {"uri": "s3://b/p"},
                  "%s": {"pod": %s}}}
        """
            .formatted(name, stage, pod),
        GenericKubernetesResource.class);
  }

  @ParameterizedTest(name = "{0}")
  @CsvFileSource(resources = "/forbidden-pods.csv", numLinesToSkip = 1, quoteCharacter = '`')
  void theDefinitionForbids(String attack, String pod, String message) {
    // A client that does not ask for strictness has unknown fields dropped, and is told the rule.
    Validation validation = message.equals("unknown field") ? Validation.STRICT : Validation.IGNORE;
    for (String stage : List.of("estimate", "train")) {
      var refusal =
          catchThrowableOfType(
              KubernetesClientException.class,
              () ->
                  tenant
                      .resource(training("forbidden", stage, pod))
                      .fieldValidation(validation)
                      .create());
      assertThat(refusal).as("%s in %s", attack, stage).isNotNull();
      assertThat(refusal.getStatus().getMessage()).contains(message);
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvFileSource(resources = "/refused-pods.csv", numLinesToSkip = 1, quoteCharacter = '`')
  void theApiServerRefusesTheJobAndTheConditionSaysWhy(String attack, String pod, String message) {
    String name = attack.toLowerCase(Locale.ROOT).replace(' ', '-');
    tenant.resource(training(name, "estimate", pod)).create();
    APOTraining training = until(name, t -> "JobRefused".equals(reason(t, "PREPARED")));
    assertThat(condition(training, "PREPARED").message()).contains(message);
    assertThat(jobs()).noneMatch(job -> job.getMetadata().getName().startsWith(name));
  }

  @Test
  void whatIsAllowedMakesARestrictedPodWithoutAToken() {
    tenant
        .resource(
            training(
                "allowed",
                "estimate",
                """
                {"serviceAccountName": "powerful", "priorityClassName": "high",
                 "annotations": {"apo.dev/manifest": "another"},
                 "labels": {"apo.dev/uid": "another", "app.kubernetes.io/managed-by": "me"},
                 "env": [{"name": "APO_UID", "value": "another"}],
                 "volumes": [{"name": "a", "persistentVolumeClaim": {"claimName": "c"}},
                             {"name": "b", "projected": {"sources": [{"configMap": {"name": "c"}}]}},
                             {"name": "c", "image": {"reference": "models/m:1"}}]}
                """))
        .create();
    var job = job("allowed-prepare-1");
    var template = job.getSpec().getTemplate();
    var pod = template.getSpec();
    String uid = get("allowed").getMetadata().getUid();
    assertThat(pod.getAutomountServiceAccountToken()).isFalse();
    assertThat(template.getMetadata().getLabels())
        .containsEntry(Labels.UID, uid)
        .containsEntry(Labels.MANAGED_BY, Labels.OPERATOR);
    assertThat(template.getMetadata().getAnnotations().get(Labels.MANIFEST)).contains("s3://b/m");
    assertThat(pod.getContainers().get(0).getEnv())
        .filteredOn(variable -> variable.getName().equals("APO_UID"))
        .singleElement()
        .satisfies(variable -> assertThat(variable.getValue()).isEqualTo(uid));
    assertThat(enforced("restricted", pod)).as("refused by restricted").isNull();
  }

  /** What Pod Security admission says of a pod in a namespace that enforces it; null if nothing. */
  private String enforced(String standard, PodSpec spec) {
    client
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName(standard)
                .addToLabels("pod-security.kubernetes.io/enforce", standard)
                .endMetadata()
                .build())
        .serverSideApply();
    var trouble =
        catchThrowableOfType(
            KubernetesClientException.class,
            () ->
                client
                    .resource(
                        new PodBuilder()
                            .withNewMetadata()
                            .withName("checked")
                            .withNamespace(standard)
                            .endMetadata()
                            .withSpec(spec)
                            .build())
                    .dryRun()
                    .create());
    return trouble == null ? null : trouble.getStatus().getMessage();
  }

  /** Labels are anyone's, and an address stands in a status that some may write. */
  @Test
  void onlyPodsOfTheRunsOwnJobAreAsked() throws Exception {
    AtomicInteger own = new AtomicInteger();
    AtomicInteger forged = new AtomicInteger();
    HttpServer worker = worker("127.0.0.7", own);
    HttpServer trap = worker("127.0.0.8", forged);
    try {
      create("asked", "");
      Job job = job("asked-prepare-1");
      run(pod(job, 1).build(), "127.0.0.8");
      run(
          pod(job, 2)
              .editMetadata()
              .addToLabels("batch.kubernetes.io/job-name", "a-job-that-is-not-there")
              .endMetadata()
              .build(),
          "127.0.0.8");
      run(owned(pod(job, 0), job), "127.0.0.7");
      await().atMost(PATIENCE).until(() -> own.get() > 3);
      assertThat(forged).hasValue(0);
    } finally {
      worker.stop(0);
      trap.stop(0);
    }
  }

  private static HttpServer worker(String address, AtomicInteger asked) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(address, 8080), 0);
    server.createContext(
        "/",
        exchange -> {
          asked.incrementAndGet();
          exchange.sendResponseHeaders(404, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  private void run(Pod pod, String address) {
    client.resource(pod).create();
    client
        .resource(pod)
        .editStatus(
            p ->
                new PodBuilder(p)
                    .withNewStatus()
                    .withPhase("Running")
                    .withPodIP(address)
                    .addNewPodIP(address)
                    .endStatus()
                    .build());
  }

  @ParameterizedTest
  @CsvSource({
    "create,'',pods,",
    "create,batch,jobs,",
    "get,'',secrets,",
    "create,'',serviceaccounts,token",
    "patch,apo.dev,apotrainings,status",
    "create,'',events,"
  })
  void rightsOnTrainingsAreNoOthers(String verb, String group, String resource, String sub) {
    SelfSubjectAccessReview review =
        tenant
            .authorization()
            .v1()
            .selfSubjectAccessReview()
            .create(
                new SelfSubjectAccessReviewBuilder()
                    .withNewSpec()
                    .withNewResourceAttributes()
                    .withNamespace(KubeApi.NAMESPACE)
                    .withVerb(verb)
                    .withGroup(group)
                    .withResource(resource)
                    .withSubresource(sub)
                    .endResourceAttributes()
                    .endSpec()
                    .build());
    assertThat(review.getStatus().getAllowed()).isFalse();
  }

  @Test
  void aStatusOfTheUsersOwnIsDropped() {
    var forged = training("forged-status", "train", "{}");
    forged.setAdditionalProperty(
        "status", Map.of("phase", "Succeeded", "artifacts", Map.of("model", "s3://b/forged")));
    tenant.resource(forged).create();
    job("forged-status-prepare-1");
    APOTraining training = until("forged-status", t -> t.getStatus().prepare() != null);
    assertThat(training.getStatus().artifacts()).isNull();
    assertThatThrownBy(
            () ->
                tenant
                    .resources(APOTraining.class)
                    .inNamespace(KubeApi.NAMESPACE)
                    .withName("forged-status")
                    .subresource("status")
                    .patch("{\"status\": {\"phase\": \"Succeeded\"}}"))
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("forbidden");
  }
}
