package dev.apo.worker.vstar;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.storage.ArtifactManifest;
import dev.apo.worker.storage.StableJson;
import dev.apo.worker.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One V* table in a storage. Any number of programs may write it at once: the plan fixes the
 * blocks, each block is one object, and whoever finds all of them there declares the table
 * complete, all with the same bytes.
 *
 * <pre>
 * vstar/KEY/plan.json
 * vstar/KEY/blocks/block-00000.parquet …
 * vstar/KEY/manifest.json                  last; without it the table is work in progress
 * </pre>
 */
public final class VStarStore {
  private static final Logger LOG = LoggerFactory.getLogger(VStarStore.class);
  private static final String PLAN = "plan.json";

  private final Storage storage;
  private final String key;
  private final String directory;

  public VStarStore(Storage storage, String key) {
    this.storage = storage;
    this.key = key;
    this.directory = "vstar/" + key;
  }

  /**
   * Writes the plan, if it is not there yet.
   *
   * @throws ApoException {@code BAD_ARTIFACT} if the table under this key was planned otherwise
   */
  public void writePlan(VStarPlan plan) {
    if (!plan.key().equals(key)) {
      throw new IllegalArgumentException("the plan is for table " + plan.key() + ", not " + key);
    }
    Optional<VStarPlan> existing = findPlan();
    if (existing.isEmpty()) {
      storage.write(name(PLAN), StableJson.write(plan));
    } else if (!existing.get().equals(plan)) {
      throw bad(
          "%s was planned otherwise (%s); delete %s to sample it again."
              .formatted(
                  storage.uri(name(PLAN)),
                  difference(existing.get(), plan),
                  storage.uri(directory)),
          null);
    }
  }

  /**
   * The plan that was written.
   *
   * @throws ApoException {@code BAD_ARTIFACT} if there is none
   */
  public VStarPlan plan() {
    return findPlan()
        .orElseThrow(
            () ->
                bad(
                    "There is no sound %s; run the prepare stage again."
                        .formatted(storage.uri(name(PLAN))),
                    null));
  }

  /**
   * Indices of the blocks that are there, whole and as planned. This reads them: a damaged block is
   * logged and counts as not finished, so that it is sampled again.
   */
  public SortedSet<Integer> finishedBlocks() {
    return finishedBlocks(plan().blocks());
  }

  /** The same, of some blocks only, such as those of one shard. */
  public SortedSet<Integer> finishedBlocks(List<VStarPlan.Block> blocks) {
    VStarPlan plan = plan();
    SortedSet<Integer> finished = new TreeSet<>();
    for (VStarPlan.Block block : blocks) {
      if (content(plan, block).isPresent()) {
        finished.add(block.index());
      }
    }
    return finished;
  }

  /**
   * Writes one block.
   *
   * @param rows all rows of the block, in order
   * @throws IllegalArgumentException if the plan says otherwise
   */
  public void writeBlock(int index, List<VStarRow> rows) {
    VStarPlan plan = plan();
    VStarPlan.Block block = plan.blocks().get(index);
    if (!isPlanned(plan, block, rows)) {
      throw new IllegalArgumentException("these are not the rows of block " + index);
    }
    storage.write(name(blockName(index)), VStarBlocks.encode(rows));
  }

  /** Writes a whole table at once, plan and blocks, and declares it complete. */
  public void writeAll(VStarPlan plan, List<VStarRow> rows) {
    writePlan(plan);
    for (VStarPlan.Block block : plan.blocks()) {
      writeBlock(block.index(), rows.subList(block.firstRow(), block.firstRow() + block.rows()));
    }
    complete();
  }

  /**
   * Declares the table complete, if all blocks are there, whole and as planned. It may be called
   * any number of times, by anyone.
   *
   * @return whether the table is complete now
   */
  public boolean complete() {
    if (isWhole()) {
      return true;
    }
    VStarPlan plan = plan();
    List<ArtifactManifest.Part> parts = new ArrayList<>();
    parts.add(ArtifactManifest.Part.of(PLAN, StableJson.write(plan)));
    for (VStarPlan.Block block : plan.blocks()) {
      Optional<byte[]> content = content(plan, block);
      if (content.isEmpty()) {
        return false;
      }
      parts.add(ArtifactManifest.Part.of(blockName(block.index()), content.get()));
    }
    ArtifactManifest.write(storage, directory, parts, Map.of("kind", "vstar", "key", key));
    return true;
  }

  /** Whether the table was declared complete and all of it is still there; reads no block. */
  public boolean isComplete() {
    return ArtifactManifest.isComplete(storage, directory);
  }

  /**
   * Whether the table was declared complete and all of it is as it was then. This reads it: a
   * damaged table is logged and counts as not complete, so that it is mended.
   */
  public boolean isWhole() {
    return ArtifactManifest.isWhole(
        storage, directory, damage -> LOG.warn("The V* table is not used as it is: {}", damage));
  }

  /**
   * All rows in order, checked against the SHA-256 of each part.
   *
   * @throws ApoException {@code BAD_ARTIFACT} if the table is not complete or a part is damaged
   */
  public List<VStarRow> read() {
    ArtifactManifest manifest = ArtifactManifest.read(storage, directory);
    manifest.read(storage, directory, PLAN);
    List<VStarRow> rows = new ArrayList<>();
    for (VStarPlan.Block block : plan().blocks()) {
      rows.addAll(VStarBlocks.decode(manifest.read(storage, directory, blockName(block.index()))));
    }
    return List.copyOf(rows);
  }

  private Optional<VStarPlan> findPlan() {
    Optional<byte[]> content = find(PLAN);
    if (content.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(StableJson.read(content.get(), VStarPlan.class));
    } catch (IOException e) {
      LOG.warn("{} is damaged and will be written again.", storage.uri(name(PLAN)));
      return Optional.empty();
    }
  }

  /**
   * The block's bytes, if they hold what was planned. Rows have a digest, but not all bytes of a
   * file belong to a row: a block that differs in such a byte is written again from its rows.
   */
  private Optional<byte[]> content(VStarPlan plan, VStarPlan.Block block) {
    String blockName = blockName(block.index());
    try {
      Optional<byte[]> content = find(blockName);
      if (content.isEmpty()) {
        return content;
      }
      List<VStarRow> rows = VStarBlocks.decode(content.get());
      if (isPlanned(plan, block, rows)) {
        byte[] bytes = VStarBlocks.encode(rows);
        if (!Arrays.equals(bytes, content.get())) {
          LOG.warn("{} differs beside its rows: written again.", storage.uri(name(blockName)));
          storage.write(name(blockName), bytes);
        }
        return Optional.of(bytes);
      }
      LOG.warn("{} has other rows than planned: sampling again.", storage.uri(name(blockName)));
    } catch (ApoException e) {
      if (e.exitCode() != ExitCode.BAD_ARTIFACT) {
        throw e;
      }
      LOG.warn("{} is damaged: sampling again.", storage.uri(name(blockName)));
    }
    return Optional.empty();
  }

  private Optional<byte[]> find(String name) {
    try {
      return Optional.of(storage.read(name(name)));
    } catch (ApoException e) {
      if (e.exitCode() != ExitCode.NOT_FOUND) {
        throw e;
      }
      return Optional.empty();
    }
  }

  private static boolean isPlanned(VStarPlan plan, VStarPlan.Block block, List<VStarRow> rows) {
    if (rows.size() != block.rows()) {
      return false;
    }
    for (int i = 0; i < rows.size(); i++) {
      VStarRow row = rows.get(i);
      if (row.row() != block.firstRow() + i || row.samples().size() != plan.samplesPerPrompt()) {
        return false;
      }
    }
    return true;
  }

  private static String difference(VStarPlan there, VStarPlan here) {
    if (there.rows() != here.rows()) {
      return "%d rows, here %d".formatted(there.rows(), here.rows());
    }
    if (there.samplesPerPrompt() != here.samplesPerPrompt()) {
      return "%d samples per prompt, here %d"
          .formatted(there.samplesPerPrompt(), here.samplesPerPrompt());
    }
    if (there.blockRows() != here.blockRows()) {
      return "%d rows in a block, here %d".formatted(there.blockRows(), here.blockRows());
    }
    return Stream.concat(there.inputs().keySet().stream(), here.inputs().keySet().stream())
        .sorted()
        .filter(name -> !Objects.equals(there.inputs().get(name), here.inputs().get(name)))
        .findFirst()
        .map(
            name ->
                "%s was %s, here %s"
                    .formatted(name, there.inputs().get(name), here.inputs().get(name)))
        .orElse("other content");
  }

  private static ApoException bad(String message, Throwable cause) {
    return new ApoException(ExitCode.BAD_ARTIFACT, message, cause);
  }

  private static String blockName(int index) {
    return "blocks/block-%05d.parquet".formatted(index);
  }

  private String name(String part) {
    return directory + "/" + part;
  }
}
