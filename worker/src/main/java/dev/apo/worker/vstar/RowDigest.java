package dev.apo.worker.vstar;

import dev.apo.worker.storage.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The SHA-256 of rows themselves, however a file lays them out. */
final class RowDigest {
  private RowDigest() {}

  static String of(List<VStarRow> rows) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(content)) {
      for (VStarRow row : rows) {
        out.writeInt(row.row());
        text(out, row.prompt());
        text(out, row.answer());
        out.writeInt(row.samples().size());
        for (Sample sample : row.samples()) {
          text(out, sample.response());
          out.writeDouble(sample.reward());
          out.writeInt(sample.tokens());
          out.writeBoolean(sample.truncated());
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail", e);
    }
    return Sha256.of(content.toByteArray());
  }

  /** With its length, so that no two lists of texts look alike. */
  private static void text(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }
}
