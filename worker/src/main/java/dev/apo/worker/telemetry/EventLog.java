package dev.apo.worker.telemetry;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import dev.apo.worker.FileErrors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * TensorBoard's event file with the metrics as scalars. It is a sequence of TFRecords,
 *
 * <pre>length (8 bytes) · masked CRC32C of it (4) · data (length) · masked CRC32C of it (4)</pre>
 *
 * <p>little-endian, whose data are {@code Event} messages (tensorflow/core/util/event.proto): wall
 * time, step and, but for the first, a {@code Summary} of tags with a {@code simple_value}. A
 * record is in the file when it was appended. Not thread-safe.
 */
public final class EventLog implements Tracker, AutoCloseable {
  private static final String VERSION = "brain.Event:2";
  private static final int MASK = 0xa282ead8;
  private static final int HEADER = 12;
  private static final int FOOTER = 4;

  // Field numbers of Event, Summary and Summary.Value.
  private static final int WALL_TIME = 1;
  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int VALUE = 1;
  private static final int TAG = 1;
  private static final int SIMPLE_VALUE = 2;

  private final Path file;
  private final FileChannel channel;
  private final Clock clock;

  private EventLog(Path file, FileChannel channel, Clock clock) {
    this.file = file;
    this.channel = channel;
    this.clock = clock;
  }

  /**
   * Opens a file to go on after a step. Events of later steps are dropped; so is everything from
   * the first damaged record on, which a kill may have torn.
   *
   * @param file created, with its folder, if it is not there
   * @param resumedStep the last step whose events are kept; −1 starts anew
   */
  public static EventLog open(Path file, long resumedStep, Clock clock) {
    try {
      if (file.getParent() != null) {
        Files.createDirectories(file.getParent());
      }
      int kept =
          resumedStep >= 0 && Files.exists(file)
              ? keptBytes(Files.readAllBytes(file), resumedStep)
              : 0;
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      channel.truncate(kept).position(kept);
      var log = new EventLog(file, channel, clock);
      if (kept == 0) {
        log.write(log.event(0, out -> out.writeString(FILE_VERSION, VERSION)));
      }
      return log;
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }

  /** What is not a number is left out. */
  @Override
  public void append(long step, Map<String, Double> metrics) {
    try {
      byte[] summary =
          message(
              out -> {
                for (Map.Entry<String, Double> metric : metrics.entrySet()) {
                  if (metric.getValue() != null && Double.isFinite(metric.getValue())) {
                    out.writeByteArray(VALUE, scalar(metric.getKey(), metric.getValue()));
                  }
                }
              });
      write(event(step, out -> out.writeByteArray(SUMMARY, summary)));
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }

  private static byte[] scalar(String tag, double value) throws IOException {
    return message(
        out -> {
          out.writeString(TAG, tag);
          out.writeFloat(SIMPLE_VALUE, (float) value);
        });
  }

  private byte[] event(long step, Fields content) throws IOException {
    return message(
        out -> {
          out.writeDouble(WALL_TIME, clock.millis() / 1e3);
          out.writeInt64(STEP, step);
          content.write(out);
        });
  }

  /** What is in a message. */
  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) throws IOException {
    var bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    fields.write(out);
    out.flush();
    return bytes.toByteArray();
  }

  private void write(byte[] data) throws IOException {
    ByteBuffer record = littleEndian(ByteBuffer.allocate(HEADER + data.length + FOOTER));
    record.putLong(data.length);
    record.putInt(maskedCrc(record.array(), 0, Long.BYTES));
    record.put(data);
    record.putInt(maskedCrc(data, 0, data.length));
    record.flip();
    while (record.hasRemaining()) {
      channel.write(record);
    }
  }

  /** The length of the whole records up to a step. */
  private static int keptBytes(byte[] bytes, long lastStep) {
    ByteBuffer records = littleEndian(ByteBuffer.wrap(bytes));
    int kept = 0;
    while (records.limit() - kept >= HEADER + FOOTER) {
      long length = records.getLong(kept);
      int data = kept + HEADER;
      if (length < 0
          || length > records.limit() - data - FOOTER
          || records.getInt(kept + Long.BYTES) != maskedCrc(bytes, kept, Long.BYTES)
          || records.getInt(data + (int) length) != maskedCrc(bytes, data, (int) length)
          || step(bytes, data, (int) length) > lastStep) {
        break;
      }
      kept = data + (int) length + FOOTER;
    }
    return kept;
  }

  /** The step of an event; beyond every step if it is not one. */
  private static long step(byte[] bytes, int offset, int length) {
    CodedInputStream in = CodedInputStream.newInstance(bytes, offset, length);
    try {
      in.readTag();
      in.readDouble();
      in.readTag();
      return in.readInt64();
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }

  private static ByteBuffer littleEndian(ByteBuffer buffer) {
    return buffer.order(ByteOrder.LITTLE_ENDIAN);
  }

  /** TFRecord's checksum: CRC32C, rotated and shifted so that checksums of checksums differ. */
  private static int maskedCrc(byte[] bytes, int offset, int length) {
    var crc = new CRC32C();
    crc.update(bytes, offset, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
  }

  @Override
  public void end(Ending ending) {
    close();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }
}
