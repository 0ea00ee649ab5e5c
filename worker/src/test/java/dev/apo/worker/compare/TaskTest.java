package dev.apo.worker.compare;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TaskTest {
  private static final FinishedRun FIRST = Runs.of("apo-seed-1", 1, 0.5);
  private static final FinishedRun SECOND = Runs.of("ppo-seed-2", 2, 0.5);

  @Test
  void theSameContentBehindOtherAddressesIsTheSameTask() {
    assertThatCode(() -> Task.checkFinished(List.of(FIRST, SECOND))).doesNotThrowAnyException();
  }

  @Test
  void otherContentIsRefused() {
    FinishedRun other = Runs.withInputs(SECOND, Map.of("model", "m", "prompts", "q"));

    assertThatThrownBy(() -> Task.checkFinished(List.of(FIRST, other)))
        .hasMessageStartingWith(
            "apo-seed-1 and ppo-seed-2 cannot be compared: the content of prompts is p in the one and q in the other;");
  }

  @Test
  void otherSamplingIsRefused() {
    ObjectNode spec = Runs.spec(2);
    spec.withObjectProperty("sampling").put("maxNewTokens", 8);

    assertThatThrownBy(() -> Task.checkFinished(List.of(FIRST, Runs.withSpec(SECOND, spec))))
        .hasMessageContaining("spec.sampling.maxNewTokens is 5 in the one and 8 in the other");
  }

  @Test
  void otherStepsAreAnotherMethod() {
    ObjectNode spec = Runs.spec(2);
    spec.withObjectProperty("train").put("steps", 40);
    FinishedRun same = Runs.withSpec(Runs.of("apo-seed-2", 2, 0.5), spec);

    assertThatThrownBy(() -> Task.checkMethods(List.of(FIRST, same)))
        .hasMessageContaining("are no seeds of one method: spec.train.steps is 20");
    assertThatCode(() -> Task.checkMethods(List.of(FIRST, Runs.withSpec(SECOND, spec))))
        .doesNotThrowAnyException();
  }
}
