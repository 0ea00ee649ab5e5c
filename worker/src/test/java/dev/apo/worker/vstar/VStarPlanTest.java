package dev.apo.worker.vstar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.apo.worker.storage.StableJson;
import dev.apo.worker.vstar.VStarPlan.Block;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VStarPlanTest {
  private static VStarPlan plan(int rows, int blockRows) {
    return new VStarPlan("key", rows, 8, blockRows, Map.of("model", "m", "data", "d"));
  }

  @Test
  void cutsRowsIntoBlocks() {
    assertThat(plan(10, 4).blocks())
        .containsExactly(new Block(0, 0, 4), new Block(1, 4, 4), new Block(2, 8, 2));
    assertThat(plan(8, 4).blocks()).hasSize(2);
    assertThat(plan(1, 256).blocks()).containsExactly(new Block(0, 0, 1));
    assertThat(plan(Integer.MAX_VALUE, 1 << 30).blocks())
        .containsExactly(new Block(0, 0, 1 << 30), new Block(1, 1 << 30, (1 << 30) - 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 100})
  void givesEveryBlockToExactlyOneShard(int shards) {
    VStarPlan plan = plan(1000, 30);

    List<Block> all =
        IntStream.range(0, shards)
            .boxed()
            .flatMap(shard -> plan.blocksOfShard(shard, shards).stream())
            .toList();

    assertThat(all).containsExactlyInAnyOrderElementsOf(plan.blocks());
  }

  @Test
  void givesShardsNearlyTheSameNumberOfBlocks() {
    VStarPlan plan = plan(1000, 30);

    assertThat(IntStream.range(0, 8).map(shard -> plan.blocksOfShard(shard, 8).size()))
        .allMatch(count -> count == 4 || count == 5);
  }

  @Test
  void isTheSameJsonAlways() throws IOException {
    byte[] json = StableJson.write(plan(10, 4));

    assertThat(json)
        .asString(UTF_8)
        .isEqualTo(
            """
            {
              "blockRows" : 4,
              "inputs" : {
                "data" : "d",
                "model" : "m"
              },
              "key" : "key",
              "rows" : 10,
              "samplesPerPrompt" : 8
            }
            """);
    assertThat(StableJson.read(json, VStarPlan.class)).isEqualTo(plan(10, 4));
  }

  @Test
  void refusesNonsense() {
    assertThatIllegalArgumentException().isThrownBy(() -> plan(0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> plan(1, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> plan(1, 1).blocksOfShard(2, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VStarPlan("../key", 1, 1, 1, Map.of()));
  }
}
