package dev.apo.worker.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.apo.api.v1alpha1.PriceSpec;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StorageOptions;
import dev.apo.worker.storage.Storages;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CostTest {
  private static final PriceSpec PRICE = new PriceSpec(2.5, 0.1, "EUR");
  private static final Machine TWO_GPUS = new Machine(2, 16);
  private static final Machine FOUR_CORES = new Machine(0, 4);

  private Storage storage;

  @BeforeEach
  void open(@TempDir Path directory) {
    storage = Storages.open(directory.toString(), StorageOptions.DEFAULT, directory);
  }

  @Test
  void aStageCostsItsGpusAndOneWithoutGpusItsCores() {
    StageCost onGpus = Usage.NONE.plus(1800, TWO_GPUS, PRICE).cost();
    StageCost onCores = Usage.NONE.plus(1800, FOUR_CORES, PRICE).cost();

    assertThat(onGpus).isEqualTo(new StageCost(0.5, 1, 0, 2.5, onGpus.peakMemoryMiB()));
    assertThat(onCores).isEqualTo(new StageCost(0.5, 0, 2, 0.2, onCores.peakMemoryMiB()));
    assertThat(onCores.peakMemoryMiB()).isPositive();
  }

  @Test
  void attemptsAndShardsAddUp() throws IOException {
    write("prepare", Usage.NONE.plus(36, FOUR_CORES, PRICE));
    write("estimate-00000", Usage.NONE.plus(3600, TWO_GPUS, PRICE));
    write("estimate-00001", Usage.NONE.plus(3600, TWO_GPUS, PRICE).plus(1800, TWO_GPUS, PRICE));
    write("train", Usage.NONE.plus(7200, TWO_GPUS, PRICE));

    Cost cost = Cost.read(storage, "usage");

    assertThat(cost.stages().keySet()).containsExactly("prepare", "estimate", "train");
    StageCost estimate = cost.stages().get("estimate");
    assertThat(estimate).isEqualTo(new StageCost(2.5, 5, 0, 12.5, estimate.peakMemoryMiB()));
    assertThat(cost.total().gpuHours()).isEqualTo(9);
    assertThat(cost.total().money()).isCloseTo(0.004 + 12.5 + 10, within(1e-9));
    assertThat(cost.inWords())
        .isEqualTo("9.00 GPU-hours (prepare 0.0000, estimate 5.00, train 4.00), 22.50 EUR");
  }

  @Test
  void withoutAPriceThereIsNoMoney() throws IOException {
    write("train", Usage.NONE.plus(3600, FOUR_CORES, null));

    Cost cost = Cost.read(storage, "usage");

    assertThat(cost.total()).isEqualTo(new StageCost(1, 0, 4, null, cost.total().peakMemoryMiB()));
    assertThat(cost.inWords())
        .isEqualTo("4.00 CPU-hours (prepare 0.0000, estimate 0.0000, train 4.00)");
  }

  @Test
  void aMeterGoesOnFromWhatEarlierAttemptsUsed() throws IOException {
    write("train", Usage.NONE.plus(3600, FOUR_CORES, PRICE));

    new UsageMeter(storage, "usage/train.json", FOUR_CORES, PRICE, System.nanoTime()).close();

    assertThat(Cost.read(storage, "usage").total().hours()).isGreaterThan(1);
  }

  @Test
  void aDamagedRecordCountsNothing() {
    for (String content : new String[] {"", "{", "null", "[1]"}) {
      storage.write("usage/train.json", content.getBytes(StandardCharsets.UTF_8));
      assertThat(Cost.read(storage, "usage").total()).isEqualTo(StageCost.NONE);
    }
  }

  private void write(String stage, Usage usage) throws IOException {
    storage.write("usage/" + stage + ".json", Cost.JSON.writeValueAsBytes(usage));
  }
}
