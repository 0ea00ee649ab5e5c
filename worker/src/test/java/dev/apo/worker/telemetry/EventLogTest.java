package dev.apo.worker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UnknownFieldSet;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventLogTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.ofEpochMilli(1_700_000_000_250L), ZoneOffset.UTC);

  private Path file;

  /** An event as TensorBoard reads it; the first one has a version and no scalars. */
  private record Event(double time, long step, String version, Map<String, Float> scalars) {}

  @BeforeEach
  void inANewFolder(@TempDir Path folder) {
    file = folder.resolve("run/events.out.tfevents.apo");
  }

  @Test
  void theFirstEventSaysTheFormatAndTheOthersHaveTheScalars() throws IOException {
    try (EventLog log = EventLog.open(file, -1, CLOCK)) {
      log.append(7, Map.of("critic/rewards/mean", 0.25));
      assertThat(read())
          .containsExactly(
              new Event(1_700_000_000.25, 0, "brain.Event:2", Map.of()),
              new Event(1_700_000_000.25, 7, "", Map.of("critic/rewards/mean", 0.25f)));
    }
  }

  @Test
  void whatIsNoNumberIsLeftOut() throws IOException {
    try (EventLog log = EventLog.open(file, -1, CLOCK)) {
      log.append(1, Map.of("a", Double.NaN, "b", Double.NEGATIVE_INFINITY, "c", 1.0));
    }
    assertThat(read().get(1).scalars()).isEqualTo(Map.of("c", 1f));
  }

  @Test
  void resumingDropsLaterStepsAndKeepsOneFirstEvent() throws IOException {
    write(1, 2, 3, 4);
    try (EventLog log = EventLog.open(file, 2, CLOCK)) {
      log.append(3, Map.of("x", 30.0));
    }
    assertThat(read()).extracting(Event::step).containsExactly(0L, 1L, 2L, 3L);
    assertThat(read().get(3).scalars()).isEqualTo(Map.of("x", 30f));
  }

  @Test
  void aNewRunStartsANewFile() throws IOException {
    write(0, 1, 2);
    EventLog.open(file, -1, CLOCK).close();
    assertThat(read()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 5, 20, 40})
  void aTornLastRecordIsDropped(int missing) throws IOException {
    write(1, 2, 3);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - missing));

    EventLog.open(file, 9, CLOCK).close();

    assertThat(read()).extracting(Event::step).startsWith(0L, 1L).doesNotContain(3L);
  }

  @Test
  void everythingFromADamagedRecordOnIsDropped() throws IOException {
    write(1, 2);
    long sound = Files.size(file);
    Files.write(file, new byte[100], StandardOpenOption.APPEND);

    EventLog.open(file, 9, CLOCK).close();

    assertThat(Files.size(file)).isEqualTo(sound);
  }

  private void write(long... steps) {
    try (EventLog log = EventLog.open(file, -1, CLOCK)) {
      for (long step : steps) {
        log.append(step, Map.of("x", (double) step));
      }
    }
  }

  private List<Event> read() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    var in = new DataInputStream(new ByteArrayInputStream(bytes));
    var events = new ArrayList<Event>();
    while (in.available() > 0) {
      byte[] length = in.readNBytes(8);
      assertThat(Integer.reverseBytes(in.readInt())).isEqualTo(maskedCrc(length));
      byte[] data = in.readNBytes(length[0] & 0xff | (length[1] & 0xff) << 8);
      assertThat(Integer.reverseBytes(in.readInt())).isEqualTo(maskedCrc(data));
      events.add(event(UnknownFieldSet.parseFrom(data)));
    }
    return events;
  }

  private static Event event(UnknownFieldSet event) throws IOException {
    Map<String, Float> scalars = new LinkedHashMap<>();
    for (var summary : event.getField(5).getLengthDelimitedList()) {
      for (var bytes : UnknownFieldSet.parseFrom(summary).getField(1).getLengthDelimitedList()) {
        var value = UnknownFieldSet.parseFrom(bytes);
        scalars.put(
            value.getField(1).getLengthDelimitedList().get(0).toStringUtf8(),
            Float.intBitsToFloat(value.getField(2).getFixed32List().get(0)));
      }
    }
    var version = event.getField(3).getLengthDelimitedList();
    return new Event(
        Double.longBitsToDouble(event.getField(1).getFixed64List().get(0)),
        event.getField(2).getVarintList().get(0),
        version.isEmpty() ? "" : version.get(0).toString(StandardCharsets.UTF_8),
        scalars);
  }

  @Test
  void theChecksumHereIsTheStandardsOwn() {
    // RFC 3720, appendix B.4: 32 bytes of zeros.
    assertThat(crc(new byte[32])).isEqualTo(0x8a9136aa);
  }

  private static int maskedCrc(byte[] bytes) {
    int crc = crc(bytes);
    return (crc >>> 15 | crc << 17) + 0xa282ead8;
  }

  /** CRC32C bit by bit, from its polynomial. */
  private static int crc(byte[] bytes) {
    int crc = -1;
    for (byte b : bytes) {
      crc ^= b & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0x82f63b78;
      }
    }
    return ~crc;
  }
}
