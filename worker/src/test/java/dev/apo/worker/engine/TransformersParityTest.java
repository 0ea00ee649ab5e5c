package dev.apo.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.sampling.Request;
import dev.apo.worker.sampling.Sampler;
import dev.apo.worker.sampling.SamplingSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The engine beside numbers that transformers computed; {@code src/test/fixtures/expected.py} made
 * them.
 */
class TransformersParityTest {
  @Test
  void theQuickstartModelComputesWhatTransformersComputes() throws IOException {
    check(Path.of("../samples/quickstart/model"), "quickstart");
  }

  /**
   * Needs the model directory that {@code bench/smollm2.py} writes; {@code make test-smollm2} makes
   * it first.
   */
  @Test
  @Tag("smollm2")
  void smolLm2ComputesWhatTransformersComputes() throws IOException {
    check(Path.of("../models/smollm2"), "smollm2-135m");
  }

  private static void check(Path directory, String expectations) throws IOException {
    ModelDirectory model = ModelDirectory.open(directory);
    JsonNode cases =
        new ObjectMapper()
            .readTree(
                TransformersParityTest.class.getResourceAsStream(
                    "/expected/" + expectations + ".json"));
    try (Tokenizer tokenizer = Tokenizer.load(model);
        Decoder decoder = Decoder.load(model, Precision.FP32, 128)) {
      for (JsonNode expected : cases) {
        int[] ids = tokenizer.encode(expected.get("text").asText());
        assertThat(ids).isEqualTo(ints(expected.get("ids")));
        float[][] rows = decoder.logits(new int[][] {ids});
        float[] last = rows[rows.length - 1];
        for (int v = 0; v < expected.get("first").size(); v++) {
          assertThat((double) last[v])
              .isCloseTo(expected.get("first").get(v).asDouble(), within(1e-3));
        }
        for (var top : expected.get("top").properties()) {
          assertThat((double) last[Integer.parseInt(top.getKey())])
              .isCloseTo(top.getValue().asDouble(), within(1e-3));
        }
        int[] greedy = ints(expected.get("greedy"));
        var settings = new SamplingSettings(Decoder.Controls.GREEDY, 24, model.eosIds());
        int[] tokens =
            new Sampler(decoder, settings)
                .sample(List.of(new Request(ids, new long[1])))
                .get(0)
                .get(0)
                .tokens();
        assertThat(tokens).isEqualTo(greedy);
        assertThat(tokenizer.decode(tokens)).isEqualTo(expected.get("continuation").asText());
      }
    }
  }

  private static int[] ints(JsonNode array) {
    return array.valueStream().mapToInt(JsonNode::asInt).toArray();
  }
}
