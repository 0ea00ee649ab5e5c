package dev.apo.worker.data;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.parquet.ParquetFile;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;

/** Reads Parquet, a row group at a time. Groups become nested rows, repeated columns lists. */
final class ParquetReader extends RowReader {
  /** In the library's messages about damage, which say nothing to a user. */
  private static final Pattern CLASS = Pattern.compile("(\\w+\\.){2}\\w*[A-Z]");

  private final Path file;
  private ParquetFile parquet;

  private ParquetReader(String name, Path file) {
    super(name);
    this.file = file;
  }

  static ParquetReader open(String name, Path file) {
    return new ParquetReader(name, file);
  }

  @Override
  Map<String, Object> read() throws IOException {
    if (parquet == null) {
      parquet = ParquetFile.open(file);
    }
    Group row = parquet.next();
    return row == null ? null : fields(row);
  }

  private static Map<String, Object> fields(Group row) {
    Map<String, Object> fields = new LinkedHashMap<>();
    GroupType type = row.getType();
    for (int i = 0; i < type.getFieldCount(); i++) {
      Type field = type.getType(i);
      fields.put(field.getName(), value(row, i, field));
    }
    return fields;
  }

  private static Object value(Group row, int field, Type type) {
    int count = row.getFieldRepetitionCount(field);
    if (!type.isRepetition(Type.Repetition.REPEATED)) {
      return count == 0 ? null : one(row, field, 0, type);
    }
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      list.add(one(row, field, i, type));
    }
    return list;
  }

  private static Object one(Group row, int field, int index, Type type) {
    if (!type.isPrimitive()) {
      boolean list =
          type.getLogicalTypeAnnotation()
              instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation;
      Group group = row.getGroup(field, index);
      return list ? elements(group) : fields(group);
    }
    PrimitiveType primitive = type.asPrimitiveType();
    return switch (primitive.getPrimitiveTypeName()) {
      case BOOLEAN -> row.getBoolean(field, index);
      case INT32 -> scaled(BigInteger.valueOf(row.getInteger(field, index)), primitive);
      case INT64 -> scaled(BigInteger.valueOf(row.getLong(field, index)), primitive);
      case FLOAT -> finite(row.getFloat(field, index));
      case DOUBLE -> finite(row.getDouble(field, index));
      default -> {
        Binary bytes = row.getBinary(field, index);
        yield primitive.getLogicalTypeAnnotation() instanceof DecimalLogicalTypeAnnotation
            ? scaled(new BigInteger(bytes.getBytes()), primitive)
            : bytes.toStringUsingUTF8();
      }
    };
  }

  /** The repeated group of a list holds an element and nothing else; old writers leave it out. */
  private static List<Object> elements(Group list) {
    Type repeated = list.getType().getType(0);
    boolean wrapped =
        !repeated.isPrimitive()
            && repeated.asGroupType().getFieldCount() == 1
            && !repeated.getName().equals("array")
            && !repeated.getName().endsWith("_tuple");
    List<Object> elements = new ArrayList<>();
    for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
      elements.add(
          wrapped
              ? value(list.getGroup(0, i), 0, repeated.asGroupType().getType(0))
              : one(list, 0, i, repeated));
    }
    return elements;
  }

  /** Not a number has no text that a reward could mean. */
  private static Object finite(Number value) {
    // From its text: a float of 0.1 is 0.1, and no more digits.
    return Double.isFinite(value.doubleValue()) ? new BigDecimal(value.toString()) : null;
  }

  private static Number scaled(BigInteger value, PrimitiveType type) {
    return type.getLogicalTypeAnnotation() instanceof DecimalLogicalTypeAnnotation decimal
        ? new BigDecimal(value, decimal.getScale())
        : value;
  }

  @Override
  RuntimeException failure(String last, IOException e) {
    return new ApoException(
        ExitCode.BAD_DATA,
        name() + ": what follows " + last + " is no whole and sound Parquet" + reason(e) + ".",
        e);
  }

  private static String reason(IOException e) {
    String message = e.getMessage();
    return message == null || CLASS.matcher(message).find() ? "" : ": " + message;
  }

  @Override
  public void close() {
    if (parquet != null) {
      TextInput.closeQuietly(parquet);
    }
  }
}
