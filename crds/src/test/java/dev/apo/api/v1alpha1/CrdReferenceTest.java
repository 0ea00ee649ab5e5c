package dev.apo.api.v1alpha1;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CrdReferenceTest {
  @Test
  void checkedInReferenceIsUpToDate() throws IOException {
    CrdTest.assertUpToDate(
        Path.of("../docs/crd-reference.md"), CrdReference.markdown(CrdGeneration.schema()));
  }

  @Test
  void fieldHasTypeDefaultBoundsAndDescription() {
    assertThat(CrdReference.markdown(CrdGeneration.schema()))
        .contains(
            "| `learningRate` | number | `1.0E-6` | above 0, at most 10 | Learning rate of AdamW. |")
        .contains("| `uri` | string, **required** | | 1 to 1024 characters |");
  }
}
