package dev.apo.worker.vstar;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StorageOptions;
import dev.apo.worker.storage.Storages;
import dev.apo.worker.storage.StoredObject;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VStarStoreTest {
  private static final VStarPlan PLAN =
      new VStarPlan("abc", 23, 2, 5, Map.of("model", "tiny", "data", "sums"));
  private static final String BLOCK_2 = "vstar/abc/blocks/block-00002.parquet";

  @TempDir Path base;
  private Storage storage;
  private VStarStore store;

  @BeforeEach
  void open() {
    storage = open("one");
    store = new VStarStore(storage, "abc");
  }

  @Test
  void readsAllRowsInOrder() {
    sample(store, 1);

    assertThat(store.read()).isEqualTo(VStarBlocksTest.rows(23, 2));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 9})
  void isTheSameBytesForAnyNumberOfShards(int shards) {
    sample(store, 1);
    Storage other = open("other");
    sample(new VStarStore(other, "abc"), shards);

    assertThat(content(other)).isEqualTo(content(storage)).hasSize(7);
  }

  @Test
  void isNotCompleteWhileABlockIsMissing() {
    store.writePlan(PLAN);
    writeBlocks(store, PLAN.blocks().subList(0, 4));

    assertThat(store.complete()).isFalse();
    assertThat(store.isComplete()).isFalse();
    assertThat(store.finishedBlocks()).containsExactly(0, 1, 2, 3);
    assertBad(store::read, "vstar/abc", "not complete");
  }

  @Test
  void isNotCompleteBeforeItIsDeclared() {
    store.writePlan(PLAN);
    writeBlocks(store, PLAN.blocks());

    assertThat(store.isComplete()).isFalse();
    assertThat(store.complete()).isTrue();
    assertThat(store.complete()).isTrue();
    assertThat(store.isComplete()).isTrue();
  }

  @Test
  void samplesADamagedBlockAgain() {
    store.writePlan(PLAN);
    writeBlocks(store, PLAN.blocks());
    flipBit(BLOCK_2);

    assertThat(store.complete()).isFalse();
    assertThat(store.finishedBlocks()).containsExactly(0, 1, 3, 4);

    writeBlocks(store, List.of(PLAN.blocks().get(2)));
    assertThat(store.complete()).isTrue();
    assertThat(store.read()).isEqualTo(VStarBlocksTest.rows(23, 2));
  }

  @Test
  void neverUsesATornBlock() {
    store.writePlan(PLAN);
    writeBlocks(store, PLAN.blocks());
    storage.write(BLOCK_2, Arrays.copyOf(storage.read(BLOCK_2), 500));

    assertThat(store.finishedBlocks()).doesNotContain(2);
    assertThat(store.complete()).isFalse();
  }

  /** Not all bytes of a Parquet file belong to a value, so that not all damage can be read. */
  @Test
  void aFlippedBitIsFoundOrMendedWhereverItIs() {
    sample(store, 1);
    Map<String, String> whole = content(storage);
    byte[] sound = storage.read(BLOCK_2);
    int mended = 0;
    for (int at = 0; at < sound.length; at += 5) {
      byte[] damaged = sound.clone();
      damaged[at] ^= 1;
      storage.write(BLOCK_2, damaged);

      if (store.finishedBlocks().contains(2)) {
        mended++;
        assertThat(store.complete()).isTrue();
        assertThat(content(storage)).as("bit flipped at %d", at).isEqualTo(whole);
      }
    }
    assertThat(mended).isPositive();
  }

  @Test
  void neverUsesABlockOfOtherRows() {
    store.writePlan(PLAN);
    writeBlocks(store, PLAN.blocks());
    storage.write(BLOCK_2, storage.read("vstar/abc/blocks/block-00001.parquet"));

    assertThat(store.finishedBlocks()).doesNotContain(2);
  }

  @Test
  void namesTheDamagedPartOfACompleteTable() {
    sample(store, 1);
    flipBit(BLOCK_2);

    assertBad(store::read, BLOCK_2, "SHA-256");
  }

  @Test
  void aDamagedBlockOfACompleteTableIsSampledAgainAndNoOther() {
    sample(store, 1);
    Map<String, String> whole = content(storage);
    flipBit(BLOCK_2);

    assertThat(store.isWhole()).isFalse();
    assertThat(store.finishedBlocks()).containsExactly(0, 1, 3, 4);

    writeBlocks(store, List.of(PLAN.blocks().get(2)));
    assertThat(store.complete()).isTrue();
    assertThat(store.isWhole()).isTrue();
    assertThat(content(storage)).isEqualTo(whole);
  }

  /** Any byte of it, and what is left of it: nothing has to be sampled. */
  @Test
  void aDamagedManifestIsWrittenAgain() {
    sample(store, 1);
    Map<String, String> whole = content(storage);
    byte[] manifest = storage.read("vstar/abc/manifest.json");
    for (int i = 0; i < manifest.length; i += 41) {
      byte[] damaged = i % 2 == 0 ? manifest.clone() : Arrays.copyOf(manifest, i);
      if (i % 2 == 0) {
        damaged[i] ^= 1;
      }
      storage.write("vstar/abc/manifest.json", damaged);

      assertThat(store.finishedBlocks()).hasSize(5);
      assertThat(store.complete()).isTrue();
      assertThat(store.read()).isEqualTo(VStarBlocksTest.rows(23, 2));
    }
    storage.delete("vstar/abc/manifest.json");
    store.complete();
    assertThat(content(storage)).isEqualTo(whole);
  }

  @Test
  void namesAMissingPartAndMendsIt() {
    sample(store, 1);
    Map<String, String> whole = content(storage);
    storage.delete(BLOCK_2);

    assertBad(store::read, "block-00002.parquet", "missing");
    assertThat(store.isComplete()).isFalse();

    writeBlocks(store, List.of(PLAN.blocks().get(2)));
    assertThat(store.complete()).isTrue();
    assertThat(content(storage)).isEqualTo(whole);
  }

  @Test
  void acceptsTheSamePlanAgain() {
    store.writePlan(PLAN);
    store.writePlan(PLAN);

    assertThat(store.plan()).isEqualTo(PLAN);
  }

  @Test
  void refusesAnotherPlanUnderTheSameKey() {
    store.writePlan(PLAN);

    assertBad(
        () -> store.writePlan(new VStarPlan("abc", 24, 2, 5, PLAN.inputs())),
        "23 rows, here 24",
        "plan.json");
    assertBad(
        () -> store.writePlan(new VStarPlan("abc", 23, 2, 5, Map.of("model", "large"))),
        "data was sums, here null");
    assertThat(store.plan()).isEqualTo(PLAN);
  }

  @Test
  void writesADamagedPlanAgain() {
    storage.write("vstar/abc/plan.json", "{\"key\":".getBytes(UTF_8));
    assertBad(store::plan, "plan.json", "prepare");

    store.writePlan(PLAN);

    assertThat(store.plan()).isEqualTo(PLAN);
  }

  @Test
  void refusesToWriteOtherRowsThanPlanned() {
    store.writePlan(PLAN);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.writeBlock(1, VStarBlocksTest.rows(5, 2)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.writeBlock(0, VStarBlocksTest.rows(4, 2)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.writeBlock(0, VStarBlocksTest.rows(5, 3)));
  }

  private Storage open(String directory) {
    return Storages.open(directory, StorageOptions.DEFAULT, base);
  }

  private static void sample(VStarStore store, int shards) {
    for (int shard = shards - 1; shard >= 0; shard--) {
      store.writePlan(PLAN);
      writeBlocks(store, PLAN.blocksOfShard(shard, shards));
      assertThat(store.complete()).isEqualTo(shard == 0);
    }
  }

  private static void writeBlocks(VStarStore store, List<VStarPlan.Block> blocks) {
    for (VStarPlan.Block block : blocks) {
      store.writeBlock(
          block.index(),
          IntStream.range(block.firstRow(), block.firstRow() + block.rows())
              .mapToObj(row -> VStarBlocksTest.row(row, 2))
              .toList());
    }
  }

  private void flipBit(String key) {
    byte[] content = storage.read(key);
    content[content.length / 3] ^= 4;
    storage.write(key, content);
  }

  private static Map<String, String> content(Storage storage) {
    Map<String, String> content = new TreeMap<>();
    for (StoredObject object : storage.list("")) {
      content.put(object.key(), new String(storage.read(object.key()), ISO_8859_1));
    }
    return content;
  }

  private static void assertBad(ThrowingCallable call, String... texts) {
    ApoException failure = catchThrowableOfType(ApoException.class, call);
    assertThat(failure.exitCode()).isEqualTo(ExitCode.BAD_ARTIFACT);
    assertThat(failure).hasMessageContainingAll(texts);
  }
}
