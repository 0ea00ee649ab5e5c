package dev.apo.worker.vstar;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.parquet.ParquetRows;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/**
 * Rows of the V* table as Parquet. The columns are {@code row}, {@code prompt}, {@code answer} and,
 * for each sample i, {@code response_i}, {@code eval_i} (the reward), {@code tokens_i} and {@code
 * truncated_i}: the names by which other A*-PO programs know them.
 */
public final class VStarBlocks {
  // Parquet's page checksums leave out its page headers and its index.
  private static final String DIGEST = "apo.rows.sha256";

  private VStarBlocks() {}

  /**
   * Packs rows, all with the same number of samples. The same rows always give the same bytes.
   *
   * @throws IllegalArgumentException if there are no rows, or their numbers of samples differ
   */
  public static byte[] encode(List<VStarRow> rows) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("a block needs rows");
    }
    int samples = rows.get(0).samples().size();
    if (rows.stream().anyMatch(row -> row.samples().size() != samples)) {
      throw new IllegalArgumentException("all rows of a block need " + samples + " samples");
    }
    MessageType schema = schema(samples);
    return ParquetRows.write(
        new ParquetRows.Description(schema, Map.of(DIGEST, RowDigest.of(rows))),
        rows.stream().map(row -> group(schema, row)).toList());
  }

  /**
   * Unpacks rows.
   *
   * @throws ApoException {@code BAD_ARTIFACT} if these are not whole and sound bytes of {@link
   *     #encode}
   */
  public static List<VStarRow> decode(byte[] block) {
    List<Group> groups = new ArrayList<>();
    try {
      ParquetRows.Description file = ParquetRows.read(block, groups::add);
      int samples = (file.schema().getFieldCount() - 3) / 4;
      if (!file.schema().getFields().equals(schema(samples).getFields())) {
        throw new IOException("these are other columns");
      }
      List<VStarRow> rows = groups.stream().map(group -> row(group, samples)).toList();
      if (!RowDigest.of(rows).equals(file.metadata().get(DIGEST))) {
        throw new IOException("these are other rows");
      }
      return rows;
    } catch (IOException | RuntimeException e) {
      throw new ApoException(
          ExitCode.BAD_ARTIFACT,
          "A block of the V* table is damaged; delete it and run the estimate stage again.",
          e);
    }
  }

  private static MessageType schema(int samples) {
    Types.MessageTypeBuilder schema = Types.buildMessage();
    schema.required(PrimitiveTypeName.INT32).named("row");
    text(schema, "prompt");
    text(schema, "answer");
    for (int i = 0; i < samples; i++) {
      text(schema, "response_" + i);
      schema.required(PrimitiveTypeName.DOUBLE).named("eval_" + i);
      schema.required(PrimitiveTypeName.INT32).named("tokens_" + i);
      schema.required(PrimitiveTypeName.BOOLEAN).named("truncated_" + i);
    }
    return schema.named("vstar");
  }

  private static void text(Types.MessageTypeBuilder schema, String name) {
    schema.required(PrimitiveTypeName.BINARY).as(LogicalTypeAnnotation.stringType()).named(name);
  }

  private static Group group(MessageType schema, VStarRow row) {
    Group group = new SimpleGroup(schema);
    group
        .append("row", row.row())
        .append("prompt", utf8(row.prompt()))
        .append("answer", utf8(row.answer()));
    for (int i = 0; i < row.samples().size(); i++) {
      Sample sample = row.samples().get(i);
      group
          .append("response_" + i, utf8(sample.response()))
          .append("eval_" + i, sample.reward())
          .append("tokens_" + i, sample.tokens())
          .append("truncated_" + i, sample.truncated());
    }
    return group;
  }

  /** Not Parquet's own encoder, which fails on half a surrogate pair; this writes a "?". */
  static Binary utf8(String text) {
    return Binary.fromConstantByteArray(text.getBytes(StandardCharsets.UTF_8));
  }

  private static VStarRow row(Group group, int count) {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      samples.add(
          new Sample(
              group.getString("response_" + i, 0),
              group.getDouble("eval_" + i, 0),
              group.getInteger("tokens_" + i, 0),
              group.getBoolean("truncated_" + i, 0)));
    }
    return new VStarRow(
        group.getInteger("row", 0),
        group.getString("prompt", 0),
        group.getString("answer", 0),
        samples);
  }
}
