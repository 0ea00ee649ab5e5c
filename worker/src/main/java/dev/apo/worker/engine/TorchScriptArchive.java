package dev.apo.worker.engine;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive from a module's source text, with no Python anywhere: a zip of
 * stored entries that holds the code, a pickle of the module's attributes and a version. All
 * attributes start at their empty value; the module's own methods fill them.
 */
final class TorchScriptArchive {
  private static final Pattern CLASS =
      Pattern.compile("^class (\\w+)\\(Module\\):", Pattern.MULTILINE);
  private static final Pattern ATTRIBUTE = Pattern.compile("^  (\\w+) : (.+)$", Pattern.MULTILINE);

  /**
   * The newest file format of the engine, so that no operator is replaced by an older form of it.
   */
  private static final String FORMAT_VERSION = "10\n";

  private static final byte[] NO_CONSTANTS = {(byte) 0x80, 2, ')', '.'};

  private TorchScriptArchive() {}

  /** Writes the archive of the one module class that {@code source} defines. */
  static void write(Path file, String source) throws IOException {
    try (var zip = new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
      store(zip, "data.pkl", pickle(source));
      store(zip, "code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
      store(zip, "constants.pkl", NO_CONSTANTS);
      store(zip, "version", FORMAT_VERSION.getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    var crc = new CRC32();
    crc.update(content);
    var entry = new ZipEntry("module/" + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  /** Pickle protocol 2: the class by name, then a dictionary of its attributes. */
  private static byte[] pickle(String source) throws IOException {
    Matcher cls = CLASS.matcher(source);
    if (!cls.find()) {
      throw new IllegalArgumentException("the source defines no module class");
    }
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.write(0x80);
    out.write(2);
    out.writeBytes("c__torch__\n" + cls.group(1) + "\n)");
    out.write(0x81);
    out.writeBytes("}(");
    Matcher attribute = ATTRIBUTE.matcher(source);
    while (attribute.find()) {
      writeString(out, attribute.group(1));
      writeEmpty(out, attribute.group(2).strip());
    }
    out.writeBytes("ub.");
    return bytes.toByteArray();
  }

  private static void writeString(DataOutputStream out, String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.write('X');
    out.writeInt(Integer.reverseBytes(utf8.length));
    out.write(utf8);
  }

  private static void writeEmpty(DataOutputStream out, String type) throws IOException {
    switch (type) {
      case "bool" -> out.write(0x89);
      case "int" -> {
        out.write('J');
        out.writeInt(0);
      }
      case "float" -> {
        out.write('G');
        out.writeDouble(0);
      }
      default -> {
        if (!type.startsWith("List[")) {
          throw new IllegalArgumentException("no empty value is known for type " + type);
        }
        out.write(']');
      }
    }
  }
}
