package dev.apo.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the API server makes of the custom resource definition. */
@Tag("apiserver")
class DefinitionTest {
  private static final Path FILE = Path.of("..", "crds", "apotrainings.apo.dev-v1.yaml");

  /** Argo CD would call what is dropped or changed a difference for ever. */
  @Test
  void everyFieldIsKeptAsItIsWritten() throws IOException {
    JsonNode written = new ObjectMapper(new YAMLFactory()).readTree(FILE.toFile()).path("spec");
    try (KubeApi api = new KubeApi();
        KubernetesClient client = api.client()) {
      String kept =
          client.raw(
              "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/apotrainings.apo.dev");
      var lost = new ArrayList<String>();
      compare("", written, new ObjectMapper().readTree(kept).path("spec"), lost);

      assertThat(lost).isEmpty();
    }
  }

  private static void compare(String path, JsonNode written, JsonNode kept, List<String> lost) {
    if (written.isValueNode()) {
      boolean same =
          written.isNumber()
              ? kept.isNumber() && written.asDouble() == kept.asDouble()
              : written.equals(kept);
      if (!same) {
        lost.add(path + " is " + kept + " and not " + written);
      }
      return;
    }
    written
        .properties()
        .forEach(
            field ->
                compare(
                    path + "/" + field.getKey(),
                    field.getValue(),
                    kept.path(field.getKey()),
                    lost));
    for (int i = 0; written.isArray() && i < written.size(); i++) {
      compare(path + "/" + i, written.get(i), kept.path(i), lost);
    }
  }
}
