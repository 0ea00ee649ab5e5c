package dev.apo.worker.vstar;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * How a V* table is cut into blocks, which are the same however many shards sample them.
 *
 * @param key identifies the table's content: a hash of everything that decides it
 * @param rows how many prompts there are
 * @param samplesPerPrompt responses for each of them
 * @param blockRows prompts of one block; the last block may have fewer
 * @param inputs what the key was made from, by name, for people
 */
public record VStarPlan(
    String key, int rows, int samplesPerPrompt, int blockRows, Map<String, String> inputs) {

  /**
   * Neighbouring prompts that are sampled together.
   *
   * @param index of the block, from 0
   * @param firstRow number of its first prompt
   * @param rows how many prompts it has
   */
  public record Block(int index, int firstRow, int rows) {}

  public VStarPlan {
    if (key == null || !key.matches("[A-Za-z0-9_-]{1,128}")) {
      throw new IllegalArgumentException("\"" + key + "\" cannot be the key of a V* table");
    }
    if (rows < 1 || samplesPerPrompt < 1 || blockRows < 1) {
      throw new IllegalArgumentException(
          "a V* table needs rows, samples and rows in a block, not %d, %d and %d"
              .formatted(rows, samplesPerPrompt, blockRows));
    }
    inputs = Collections.unmodifiableMap(new TreeMap<>(inputs));
  }

  /** All blocks, in order. */
  public List<Block> blocks() {
    int count = (int) (((long) rows + blockRows - 1) / blockRows);
    return IntStream.range(0, count).mapToObj(this::block).toList();
  }

  /**
   * The blocks of one shard: every {@code shards}-th, since data sorted by difficulty would make
   * neighbours all slow or all fast. Each block belongs to exactly one shard; with more shards than
   * blocks, some have none.
   *
   * @param shard from 0 to {@code shards - 1}
   */
  public List<Block> blocksOfShard(int shard, int shards) {
    if (shard < 0 || shard >= shards) {
      throw new IllegalArgumentException("there is no shard %d of %d".formatted(shard, shards));
    }
    return blocks().stream().filter(block -> block.index() % shards == shard).toList();
  }

  private Block block(int index) {
    int first = index * blockRows;
    return new Block(index, first, Math.min(blockRows, rows - first));
  }
}
