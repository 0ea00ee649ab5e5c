package dev.apo.api.v1alpha1;

import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.crdv2.generator.CRDGenerator.AbstractCRDOutput;
import io.fabric8.crdv2.generator.CRDPostProcessor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersion;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Makes the custom resource definition from the API classes. */
final class CrdGeneration {
  private static final String HEADER = "# Generated from the Java API types by `make crd`.\n";
  private static final List<String> COLUMNS =
      List.of("Phase", "Progress", "Reward", "Accuracy", "Age");

  /** Bounds for fields of Kubernetes' own types, which come without any. */
  private static final long MAX_LENGTH = 4096;

  private static final long MAX_ITEMS = 64;

  /** Those of the restricted Pod Security Standard; StagePod's rules ask for one of them. */
  private static final Set<String> VOLUME_TYPES =
      Set.of(
          "configMap",
          "csi",
          "downwardAPI",
          "emptyDir",
          "ephemeral",
          "image",
          "persistentVolumeClaim",
          "projected",
          "secret");

  /** Not among them: serviceAccountToken and podCertificate. */
  private static final Set<String> PROJECTED_SOURCES =
      Set.of("clusterTrustBundle", "configMap", "downwardAPI", "secret");

  private CrdGeneration() {}

  /** The definition as YAML, the same at every call. */
  static String yaml() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new CRDGenerator()
        .customResourceClasses(APOTraining.class)
        .withParallelGenerationEnabled(false)
        .withPostProcessor(
            new CRDPostProcessor() {
              @Override
              public HasMetadata process(HasMetadata crd, String version) {
                ((CustomResourceDefinition) crd)
                    .getSpec()
                    .getVersions()
                    .forEach(CrdGeneration::complete);
                return crd;
              }
            })
        .withOutput(
            new AbstractCRDOutput<ByteArrayOutputStream>() {
              @Override
              protected ByteArrayOutputStream createStreamFor(String name) {
                return bytes;
              }
            })
        .generate();
    String generated = bytes.toString(StandardCharsets.UTF_8);
    return HEADER + generated.substring(generated.indexOf('\n') + 1);
  }

  /** The schema of the only version. */
  static JSONSchemaProps schema() {
    return Serialization.unmarshal(yaml(), CustomResourceDefinition.class)
        .getSpec()
        .getVersions()
        .get(0)
        .getSchema()
        .getOpenAPIV3Schema();
  }

  /** Adds what has no annotation: bounds, list maps, formats and the order of columns. */
  private static void complete(CustomResourceDefinitionVersion version) {
    version
        .getAdditionalPrinterColumns()
        .sort(Comparator.comparing(column -> COLUMNS.indexOf(column.getName())));
    // The API server drops a priority of 0, which Argo CD would call a difference for ever.
    version.getAdditionalPrinterColumns().forEach(column -> column.setPriority(null));
    JSONSchemaProps root = version.getSchema().getOpenAPIV3Schema();
    root.setDescription("One training run of a causal language model with A*-PO.");
    at(root, "spec").setDescription("What to train, on what, and how.");
    at(root, "status").setDescription("How the run stands; written by the operator.");
    bound("", root);
    listMap(at(root, "status", "conditions"), "type");
    for (String stage : List.of("estimate", "train")) {
      JSONSchemaProps pod = at(root, "spec", stage, "pod");
      listMap(at(pod, "env"), "name");
      listMap(at(pod, "volumes"), "name");
      listMap(at(pod, "volumeMounts"), "mountPath");
      Map<String, JSONSchemaProps> volume =
          at(pod, "volumes").getItems().getSchema().getProperties();
      volume.keySet().removeIf(field -> !field.equals("name") && !VOLUME_TYPES.contains(field));
      JSONSchemaProps sources = at(volume.get("projected"), "sources");
      sources.getItems().getSchema().getProperties().keySet().retainAll(PROJECTED_SOURCES);
    }
  }

  private static JSONSchemaProps at(JSONSchemaProps schema, String... path) {
    for (String name : path) {
      schema = schema.getProperties().get(name);
    }
    return schema;
  }

  private static void bound(String name, JSONSchemaProps schema) {
    if ("string".equals(schema.getType()) && schema.getEnum().isEmpty()) {
      if (schema.getMaxLength() == null) {
        schema.setMaxLength(MAX_LENGTH);
      }
      if (name.endsWith("Time") || name.equals("activeSince")) {
        schema.setFormat("date-time");
      }
    }
    schema.getProperties().forEach(CrdGeneration::bound);
    if (schema.getItems() != null) {
      if (schema.getMaxItems() == null) {
        schema.setMaxItems(MAX_ITEMS);
      }
      bound("", schema.getItems().getSchema());
    }
    if (schema.getAdditionalProperties() != null) {
      if (schema.getMaxProperties() == null) {
        schema.setMaxProperties(MAX_ITEMS);
      }
      bound("", schema.getAdditionalProperties().getSchema());
    }
  }

  /** Lets several writers own elements of one list, told apart by {@code key}. */
  private static void listMap(JSONSchemaProps list, String key) {
    list.setXKubernetesListType("map");
    list.setXKubernetesListMapKeys(List.of(key));
    JSONSchemaProps element = list.getItems().getSchema();
    if (!element.getRequired().contains(key)) {
      element.getRequired().add(key);
    }
  }
}
