package dev.apo.worker.data;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Bytes of a text file, plain or gzipped (told by the content, not the name). */
final class TextInput {
  private static final int BYTE_ORDER_MARK = 0xFEFF;

  private TextInput() {}

  static InputStream open(String name, Path file) {
    try {
      return open(name, Files.newInputStream(file));
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
  }

  /** The stream is closed with the result; the name is for messages. */
  static InputStream open(String name, InputStream in) {
    try {
      return unzipped(new BufferedInputStream(in, 1 << 16));
    } catch (IOException e) {
      closeQuietly(in);
      throw failure(name, "line 0", e);
    }
  }

  private static InputStream unzipped(BufferedInputStream in) throws IOException {
    in.mark(2);
    int magic = in.read() | in.read() << 8;
    in.reset();
    return magic == GZIPInputStream.GZIP_MAGIC
        ? new BufferedInputStream(new GZIPInputStream(in, 1 << 16), 1 << 16)
        : in;
  }

  /** The text of UTF-8, without a byte order mark; damage is an error. */
  static PushbackReader reader(InputStream in) throws IOException {
    // A decoder that reports: others would put question marks.
    var text = new PushbackReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
    int first = text.read();
    if (first >= 0 && first != BYTE_ORDER_MARK) {
      text.unread(first);
    }
    return text;
  }

  /**
   * @param last what was read last, e.g. {@code line 3}
   */
  static ApoException failure(String name, String last, IOException e) {
    if (e instanceof EOFException || e instanceof ZipException) {
      return new ApoException(
          ExitCode.BAD_DATA, name + ": the gzip file is damaged or cut off after " + last + ".", e);
    }
    if (e instanceof CharacterCodingException) {
      return new ApoException(
          ExitCode.BAD_DATA, name + ": the text after " + last + " is not UTF-8.", e);
    }
    return new ApoException(
        ExitCode.UNAVAILABLE,
        name + " cannot be read after " + last + ": " + e.getMessage() + ".",
        e);
  }

  static void closeQuietly(AutoCloseable in) {
    try {
      in.close();
    } catch (Exception e) {
      // Everything that was wanted has been read.
    }
  }
}
