package dev.apo.worker.algorithm;

import static dev.apo.worker.Vectors.ids;
import static dev.apo.worker.Vectors.matrix;
import static dev.apo.worker.Vectors.vector;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.Vectors;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ResponseLengthTest {
  @Test
  void endsWithTheFirstEndOfSequence() {
    JsonNode test = Vectors.onlyCase("apo_stage2", "response_mask_includes_first_eos");
    long[][] rows = ids(test.get("inputs").get("response_ids"));
    long eos = test.get("inputs").get("eos_id").asLong();
    double[][] mask = matrix(test.get("expected").get("mask"));
    double[] rewardIndex = vector(test.get("expected").get("reward_index"));
    for (int b = 0; b < rows.length; b++) {
      int length = ResponseLength.of(rows[b], id -> id == eos);
      assertThat(length).isEqualTo((int) Arrays.stream(mask[b]).sum());
      assertThat(length - 1).isEqualTo((int) rewardIndex[b]);
    }
  }

  @Test
  void anyOfSeveralIdsMayEndASequence() {
    assertThat(ResponseLength.of(new long[] {5, 2, 1}, id -> id == 1 || id == 2)).isEqualTo(2);
    assertThat(ResponseLength.of(new long[0], id -> true)).isZero();
  }
}
