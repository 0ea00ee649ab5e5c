package dev.apo.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.apo.api.v1alpha1.DataFormat;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.parquet.ParquetRows;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataReadersTest {
  private static final MessageType SCHEMA =
      MessageTypeParser.parseMessageType(
          """
          message rows {
            required binary question (STRING);
            optional group extra_info {
              required binary answer (STRING);
              required int64 index;
            }
            required double score;
            required float share;
            required fixed_len_byte_array(2) price (DECIMAL(4, 2));
            required group tags (LIST) { repeated group list { required binary element (STRING); } }
          }
          """);

  @TempDir Path directory;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  private static List<Example> read(Path file, String prompt, String answer) {
    return read(List.of(file), null, prompt, answer);
  }

  private static List<Example> read(
      List<Path> paths, DataFormat format, String prompt, String answer) {
    List<DataFile> files = paths.stream().map(path -> new DataFile(path.toString(), path)).toList();
    try (DataReader reader = DataReaders.open(paths.get(0).toString(), files, format)) {
      return new Examples(prompt, answer, PromptTemplate.parse("{prompt}"))
          .read(reader, Integer.MAX_VALUE);
    }
  }

  private Path parquet(int rows) throws IOException {
    var groups = new ArrayList<Group>();
    for (int i = 0; i < rows; i++) {
      Group row =
          new SimpleGroup(SCHEMA)
              .append("question", "q" + i)
              .append("score", 0.5)
              .append("share", 0.1f);
      row.append("price", Binary.fromConstantByteArray(new byte[] {-1, 6}));
      row.addGroup("extra_info").append("answer", "é" + i).append("index", (long) i);
      row.addGroup("tags").addGroup("list").append("element", "t");
      groups.add(row);
    }
    return Files.write(
        directory.resolve("rows.parquet"),
        ParquetRows.write(new ParquetRows.Description(SCHEMA, Map.of()), groups));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "question,answer\n1+1,2\n\"say \"\"2, 3\"\"\",é\n",
        "\uFEFFquestion,answer\r\n1+1,2\r\n\r\n\"say \"\"2, 3\"\"\",é",
      })
  void commaSeparatedValuesHaveAHeader(String text) throws IOException {
    assertThat(read(file("rows.csv", text), "question", "answer"))
        .extracting(Example::row, Example::prompt, Example::answer)
        .containsExactly(tuple(0, "1+1", "2"), tuple(1, "say \"2, 3\"", "é"));
  }

  @Test
  void aJsonArrayIsReadAsJsonLinesAre() throws IOException {
    String rows =
        "{\"q\": \"1+1\", \"a\": {\"text\": 2.0}},\n {\"q\": \"é\", \"a\": {\"text\": 3}}";

    List<Example> array = read(file("rows.json", " [" + rows + "]\n"), "q", "a.text");

    assertThat(array)
        .extracting(Example::row, Example::prompt, Example::answer)
        .containsExactly(tuple(0, "1+1", "2.0"), tuple(1, "é", "3"));
    assertThat(read(file("rows.jsonl", rows.replace(",\n", "\n")), "q", "a.text"))
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("place")
        .isEqualTo(array);
  }

  @Test
  void parquetColumnsMayBeNested() throws IOException {
    assertThat(read(parquet(3), "question", "extra_info.answer"))
        .extracting(Example::row, Example::prompt, Example::answer)
        .containsExactly(tuple(0, "q0", "é0"), tuple(1, "q1", "é1"), tuple(2, "q2", "é2"));
    assertThat(read(parquet(1), "question", "extra_info.index").get(0).answer()).isEqualTo("0");
    assertThat(read(parquet(1), "question", "score").get(0).answer()).isEqualTo("0.5");
    assertThat(read(parquet(1), "question", "share").get(0).answer()).isEqualTo("0.1");
    assertThat(read(parquet(1), "question", "price").get(0).answer()).isEqualTo("-2.50");
    assertThat(read(parquet(1), "question", "tags.0").get(0).answer()).isEqualTo("t");
  }

  @Test
  void textMayBeGzippedWhateverItsFormat() throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new GZIPOutputStream(bytes)) {
      zip.write("q,a\n1,2\n".getBytes(StandardCharsets.UTF_8));
    }
    Path file = Files.write(directory.resolve("ROWS.CSV.gz"), bytes.toByteArray());

    assertThat(read(file, "q", "a"))
        .extracting(Example::row, Example::prompt, Example::answer)
        .containsExactly(tuple(0, "1", "2"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          rows.json    | {"q": 1}                      | line 1: expected an array of objects
          rows.json    | ''                            | line 1: expected an array of objects
          rows.json    | [{"q": "x", "a": "y"}, 3]     | line 1: expected an object
          rows.json    | [{"q": "x", "a": "y"}         | what follows row 1 is not valid JSON
          rows.json    | []                            | has no rows
          rows.json    | [{"q": "x", "a": "y"}] 3      | line 1: expected nothing behind the array
          rows.json    | [{"q": -1e-2147483648}]       | what follows row 0 is not valid JSON: a number in it is out of range.
          rows.csv     | ''                            | has no rows
          rows.csv     | q,a                           | has no rows
          rows.csv     | q,a;1,2;3,4,5                 | what follows row 1 is not valid CSV
          rows.csv     | q,b;1,2                       | row 1: there is no column "a"; the columns are "q", "b"
          rows.csv     | q,a;1,                        | row 1: "a" is empty
          rows.parquet | PAR1 is no Parquet file, PAR1 | what follows row 0 is no whole and sound Parquet
          rows.parquet | ''                            | what follows row 0 is no whole and sound Parquet
          """)
  void whatIsWrongIsSaidWithItsPlace(String name, String text, String message) throws IOException {
    Path file = file(name, text.replace(';', '\n'));

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> read(file, "q", "a"))
        .withMessageStartingWith(file.toString())
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
  }

  @Test
  void severalFilesAreReadAsOne() throws IOException {
    List<Path> files =
        List.of(
            file("b.jsonl", "{\"q\": \"1\", \"a\": \"x\"}\n{\"q\": \"2\", \"a\": \"y\"}\n"),
            file("empty.jsonl", ""),
            file("a.csv", "q,a\n3,z\n"));

    List<Example> rows = read(files, null, "q", "a");

    assertThat(rows)
        .extracting(Example::row, Example::prompt, Example::answer)
        .containsExactly(tuple(0, "1", "x"), tuple(1, "2", "y"), tuple(2, "3", "z"));
    assertThat(rows)
        .extracting(Example::place)
        .containsExactly(
            files.get(0) + ", line 1", files.get(0) + ", line 2", files.get(2) + ", row 1");
  }

  @Test
  void theFormatMayBeGivenWhereTheNameDoesNotTell() throws IOException {
    Path file = file("rows", "q,a\n1,2\n");

    assertThat(read(List.of(file), DataFormat.CSV, "q", "a"))
        .extracting(Example::row, Example::prompt, Example::answer)
        .containsExactly(tuple(0, "1", "2"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          messages.1.content | 4
          messages.0.content | 2+2
          single             | 2+2
          single.0.content   | 2+2
          """)
  void conversationsAreListsOfMessages(String field, String text) throws IOException {
    Path file =
        file(
            "chat.jsonl",
            """
            {"messages": [{"role": "user", "content": "2+2"}, {"role": "assistant", "content": "4"}],\
             "single": [{"role": "user", "content": "2+2"}]}
            """);

    assertThat(read(file, field, field).get(0).prompt()).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          messages           | "messages" must be text or a number, and is a list.
          messages.7.content | there is no column "messages.7.content"; the columns are "messages", "meta".
          meta.anwser        | there is no column "meta.anwser"; did you mean "meta.answer"? The columns are "messages", "meta".
          """)
  void aWayIntoAColumnMayBeWrong(String field, String message) throws IOException {
    Path file =
        file(
            "chat.jsonl",
            """
            {"messages": [{"content": "2+2"}, {"content": "4"}], "meta": {"answer": "4"}}
            """);

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> read(file, field, "meta.answer"))
        .withMessageEndingWith(message);
  }

  @Test
  void damagedTextIsNoQuestionMark() throws IOException {
    Path file = Files.write(directory.resolve("rows.csv"), new byte[] {'q', ',', 'a', '\n', -1});

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> read(file, "q", "a"))
        .withMessageContaining("not UTF-8")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
  }

  @Test
  void jsonIsUtf8EvenIfItLooksLikeAnotherEncoding() throws IOException {
    Path file =
        Files.write(directory.resolve("rows.json"), new byte[] {'[', 0, 0, 0, 0, 0, -1, -2});

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> read(file, "q", "a"))
        .withMessageContaining("not UTF-8")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
  }

  @Test
  void aDamagedFooterIsSaidWithoutTheNamesOfClasses() throws IOException {
    byte[] bytes = Files.readAllBytes(parquet(1));
    int length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(bytes.length - 8);
    bytes[bytes.length - 8 - length] = 0;
    Path file = Files.write(directory.resolve("damaged.parquet"), bytes);

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> read(file, "question", "tags"))
        .withMessage(file + ": what follows row 0 is no whole and sound Parquet.")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
  }

  @Test
  void aListIsNoAnswer() throws IOException {
    Path file = parquet(1);

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> read(file, "question", "tags"))
        .withMessageEndingWith("row 1: \"tags\" must be text or a number, and is a list.");
  }
}
