package dev.apo.worker.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetRowsTest {
  /** The shape of chat data: a list of records in every row. */
  private static final MessageType SCHEMA =
      MessageTypeParser.parseMessageType(
          """
          message data {
            optional binary source (STRING);
            optional group prompt (LIST) {
              repeated group list {
                optional group element {
                  optional binary role (STRING);
                  optional binary content (STRING);
                }
              }
            }
          }
          """);

  @TempDir Path directory;

  @Test
  void readsNestedColumnsFromMemoryAndFromDisk() throws IOException {
    byte[] file = ParquetRows.write(description(), List.of(chat("Who?", "You."), chat()));
    Path path = Files.write(directory.resolve("chat.parquet"), file);
    List<Group> memory = new ArrayList<>();
    List<Group> disk = new ArrayList<>();

    ParquetRows.Description read = ParquetRows.read(file, memory::add);
    ParquetRows.read(path, disk::add);

    assertThat(read.schema()).isEqualTo(SCHEMA);
    assertThat(read.metadata()).containsEntry("made", "here");
    assertThat(memory).hasToString(disk.toString()).hasSize(2);
    Group list = memory.get(0).getGroup("prompt", 0);
    assertThat(list.getFieldRepetitionCount("list")).isEqualTo(2);
    assertThat(list.getGroup("list", 1).getGroup("element", 0).getString("content", 0))
        .isEqualTo("You.");
    assertThat(memory.get(1).getFieldRepetitionCount("source")).isZero();
  }

  @Test
  void keepsAFileWithoutRows() throws IOException {
    List<Group> rows = new ArrayList<>();

    ParquetRows.read(ParquetRows.write(description(), List.of()), rows::add);

    assertThat(rows).isEmpty();
  }

  @Test
  void failsOnAFileThatIsMissingOrNotParquet() throws IOException {
    Path text = Files.writeString(directory.resolve("text"), "no Parquet at all, just some text");

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> ParquetRows.read(text, row -> {}));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> ParquetRows.read(directory.resolve("missing"), row -> {}));
  }

  private static ParquetRows.Description description() {
    return new ParquetRows.Description(SCHEMA, Map.of("made", "here"));
  }

  private static Group chat(String... contents) {
    Group row = new SimpleGroup(SCHEMA);
    Group list = row.addGroup("prompt");
    for (String content : contents) {
      Group element = list.addGroup("list").addGroup("element");
      element.append("role", "user").append("content", content);
    }
    return row;
  }
}
