package dev.apo.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonlReaderTest {
  private static final Examples EXAMPLES =
      new Examples("problem", "answer", PromptTemplate.parse("{prompt}"));

  @Test
  void readsOneExamplePerLine() {
    assertThat(
            read(
                "{\"problem\": \"1+1=\", \"answer\": \"2\"}\n{\"problem\": \"é?\", \"answer\": \"ü\"}"))
        .extracting(Example::row, Example::prompt, Example::answer)
        .containsExactly(tuple(0, "1+1=", "2"), tuple(1, "é?", "ü"));
  }

  @Test
  void skipsBlankLinesWithoutCountingThem() {
    assertThat(
            read(
                "\uFEFF\n{\"problem\":\"p\",\"answer\":\"a\"}\r\n \n{\"problem\":\"q\",\"answer\":\"b\"}\n\n"))
        .extracting(Example::row, Example::prompt, Example::answer)
        .containsExactly(tuple(0, "p", "a"), tuple(1, "q", "b"));
  }

  @Test
  void rendersNumbersAsTheyAreWritten() {
    assertThat(
            read(
                """
                {"problem": 7, "answer": 18}
                {"problem": "p", "answer": 42.0}
                {"problem": "p", "answer": -1e3}
                {"problem": "p", "answer": 123456789012345678901}
                {"problem": "p", "answer": 1e999999}
                """))
        .extracting(Example::answer)
        .containsExactly("18", "42.0", "-1000", "123456789012345678901", "1E+999999");
  }

  @Test
  void stopsAtTheLimitWithoutReadingOn() {
    assertThat(EXAMPLES.read(reader("{\"problem\":\"p\",\"answer\":\"a\"}\nnot JSON"), 1))
        .hasSize(1);
  }

  @Test
  void readsGzipWhateverTheName(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("train.jsonl");
    Files.write(file, gzip("{\"problem\":\"p\",\"answer\":\"a\"}\n"));
    try (DataReader reader = JsonlReader.open(file + "", file)) {
      assertThat(EXAMPLES.read(reader, 10))
          .extracting(Example::row, Example::prompt, Example::answer)
          .containsExactly(tuple(0, "p", "a"));
    }
  }

  @Test
  void saysThatAGzipFileIsCutOff() throws IOException {
    byte[] whole = gzip("{\"problem\":\"p\",\"answer\":\"a\"}\n".repeat(10_000));
    byte[] part = Arrays.copyOf(whole, whole.length / 2);
    assertFailure(
        ExitCode.BAD_DATA,
        () -> EXAMPLES.read(JsonlReader.open("t.gz", new ByteArrayInputStream(part)), 1_000_000),
        "t.gz: the gzip file is damaged or cut off");
  }

  @Test
  void saysThatThereIsNoFile(@TempDir Path folder) {
    Path file = folder.resolve("none.jsonl");
    assertFailure(
        ExitCode.NOT_FOUND, () -> JsonlReader.open(file + "", file), file + " does not exist");
  }

  @Test
  void saysThatTheStorageFailed() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("reset by peer");
          }
        };
    assertFailure(
        ExitCode.UNAVAILABLE, () -> JsonlReader.open("s3://b/t", broken), "reset by peer");
  }

  @Test
  void saysThatThereAreNoRows() {
    assertBad("\n", "train.jsonl has no rows; expected the columns \"problem\" and \"answer\".");
  }

  @Test
  void saysWhichColumnsThereAre() {
    assertBad(
        "{\"question\": \"p\", \"answer\": \"a\"}",
        "train.jsonl, line 1: there is no column \"problem\"; the columns are \"question\","
            + " \"answer\".");
    assertBad("{}", "the columns are none.");
  }

  @Test
  void saysWhereAFieldIsEmptyOrOfAnotherType() {
    String good = "{\"problem\":\"p\",\"answer\":\"a\"}\n";
    assertBad(
        good + "{\"problem\":\" \",\"answer\":\"a\"}",
        "train.jsonl, line 2: \"problem\" is empty.");
    assertBad(
        good + "{\"problem\":\"p\",\"answer\":null}",
        "\"answer\" must be text or a number, and is null.");
    assertBad(good + "{\"problem\":\"p\",\"answer\":true}", "is true or false.");
    assertBad(
        good + "{\"problem\":[\"p\"],\"answer\":\"a\"}",
        "line 2: \"problem\" must be text or a number, and is a list.");
    assertBad(good + "{\"problem\":{},\"answer\":\"a\"}", "is an object.");
  }

  @Test
  void saysWhereTheTextIsNotJson() {
    assertBad(
        "{\"problem\": oops}",
        "train.jsonl, line 1: expected one JSON object per line (JSON Lines), but");
    assertBad("{\"a\":1} {\"b\":2}", "not valid JSON: it is not one JSON value.");
    assertBad("{\"a\":-1e-2147483648}", "not valid JSON: a number in it is out of range.");
    assertBad(
        "[\n{\"problem\":\"p\"}]",
        "line 1: expected one JSON object per line (JSON Lines), found \"[\".");
  }

  @Test
  void aLineWithoutEndDoesNotFillTheMemory() {
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 'x';
          }
        };
    assertFailure(
        ExitCode.BAD_DATA,
        () -> JsonlReader.open("train.txt", endless).hasNext(),
        "train.txt, line 1 is longer than 16 MiB; JSON Lines have one object per line");
  }

  @Test
  void namesTheColumnThatWasProbablyMeant() {
    assertBad(
        "{\"promblem\": \"p\", \"answer\": \"a\"}",
        "line 1: there is no column \"problem\"; did you mean \"promblem\"? The columns are"
            + " \"promblem\", \"answer\".");
  }

  @Test
  void saysWhereTheTextIsNotUtf8() {
    byte[] latin1 = "{\"problem\":\"é\",\"answer\":\"a\"}".getBytes(StandardCharsets.ISO_8859_1);
    assertFailure(
        ExitCode.BAD_DATA,
        () -> JsonlReader.open("train.jsonl", new ByteArrayInputStream(latin1)).hasNext(),
        "train.jsonl, line 1: the text is not UTF-8.");
  }

  @Test
  void endsAfterTheLastRow() {
    assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(() -> reader("").next());
  }

  private static List<Example> read(String text) {
    return EXAMPLES.read(reader(text), Integer.MAX_VALUE);
  }

  private static DataReader reader(String text) {
    return JsonlReader.open(
        "train.jsonl", new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  private static void assertBad(String text, String message) {
    assertFailure(ExitCode.BAD_DATA, () -> read(text), message);
  }

  private static void assertFailure(ExitCode exitCode, Runnable action, String message) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(action::run)
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(exitCode));
  }
}
