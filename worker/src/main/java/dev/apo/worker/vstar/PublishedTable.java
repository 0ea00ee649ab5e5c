package dev.apo.worker.vstar;

import dev.apo.worker.parquet.ParquetRows;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/**
 * A V* table in the layout of the data sets that were published with the paper (arXiv 2505.20686):
 * {@code data_source}, {@code prompt} (a list of one message with role and content), {@code
 * ability}, {@code reward_model} (style, ground_truth), {@code extra_info} (split, index), and for
 * each sample i {@code response_i} and {@code eval_i}.
 */
public final class PublishedTable {
  private PublishedTable() {}

  /**
   * One Parquet file of all rows.
   *
   * @param dataSource by which the released code chooses its scorer, e.g. {@code openai/gsm8k}
   * @param groundTruth what of an answer the scorer compares with
   */
  public static byte[] encode(
      String dataSource, UnaryOperator<String> groundTruth, List<VStarRow> rows) {
    MessageType schema = schema(rows.get(0).samples().size());
    return ParquetRows.write(
        new ParquetRows.Description(schema, Map.of()),
        rows.stream().map(row -> group(schema, dataSource, groundTruth, row)).toList());
  }

  private static MessageType schema(int samples) {
    var message = Types.optionalGroup();
    text(message, "role");
    text(message, "content");
    var rewardModel = Types.optionalGroup();
    text(rewardModel, "style");
    text(rewardModel, "ground_truth");
    var extraInfo = Types.optionalGroup();
    text(extraInfo, "split");
    extraInfo.optional(PrimitiveTypeName.INT64).named("index");

    Types.MessageTypeBuilder schema = Types.buildMessage();
    text(schema, "data_source");
    schema.addField(Types.optionalList().element(message.named("element")).named("prompt"));
    text(schema, "ability");
    schema.addField(rewardModel.named("reward_model"));
    schema.addField(extraInfo.named("extra_info"));
    for (int i = 0; i < samples; i++) {
      text(schema, "response_" + i);
      schema.optional(PrimitiveTypeName.DOUBLE).named("eval_" + i);
    }
    return schema.named("vstar");
  }

  private static void text(Types.BaseGroupBuilder<?, ?> group, String name) {
    group.optional(PrimitiveTypeName.BINARY).as(LogicalTypeAnnotation.stringType()).named(name);
  }

  private static Group group(
      MessageType schema, String dataSource, UnaryOperator<String> groundTruth, VStarRow row) {
    Group group = new SimpleGroup(schema);
    group.append("data_source", VStarBlocks.utf8(dataSource)).append("ability", "math");
    group
        .addGroup("prompt")
        .addGroup("list")
        .addGroup("element")
        .append("role", "user")
        .append("content", VStarBlocks.utf8(row.prompt()));
    group
        .addGroup("reward_model")
        .append("style", "rule")
        .append("ground_truth", VStarBlocks.utf8(groundTruth.apply(row.answer())));
    group.addGroup("extra_info").append("split", "train").append("index", (long) row.row());
    for (int i = 0; i < row.samples().size(); i++) {
      group
          .append("response_" + i, VStarBlocks.utf8(row.samples().get(i).response()))
          .append("eval_" + i, row.samples().get(i).reward());
    }
    return group;
  }
}
