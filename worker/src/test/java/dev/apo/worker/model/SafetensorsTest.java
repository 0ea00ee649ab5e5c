package dev.apo.worker.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  @TempDir Path directory;

  @Test
  void readsBackFloat32BitForBit() throws IOException {
    float[] values = {0, -0f, 1, -1.5f, 1e-40f, Float.MAX_VALUE, Float.NEGATIVE_INFINITY};

    Path file = write(SafetensorsWriter.Format.F32, values);

    assertThat(read(file, "a")).containsExactly(values);
    assertThat(read(file, "b")).containsExactly(2, 3);
  }

  @Test
  void readsBackBfloat16RoundedToNearestEven() throws IOException {
    // Bfloat16 neighbours of 1 are 2⁻⁷ apart above it.
    float[] values = {1, 1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1.004f, -2, Float.NaN, 1e-40f};

    Path file = write(SafetensorsWriter.Format.BF16, values);

    float subnormal = Math.round(1e-40f / 0x1p-133f) * 0x1p-133f;
    assertThat(read(file, "a"))
        .containsExactly(1, 1, 1 + 0x1p-6f, 1 + 0x1p-7f, -2, Float.NaN, subnormal);
  }

  @Test
  void largeTensorsComeInPieces() throws IOException {
    Path file = directory.resolve("large");
    float[] values = new float[(1 << 18) + 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    try (var writer = writer(file, SafetensorsWriter.Format.F32, values.length)) {
      writer.write("a", 5, FloatBuffer.wrap(values, 5, values.length - 5));
      writer.write("a", 0, FloatBuffer.wrap(values, 0, 5));
      writer.write("b", 0, FloatBuffer.allocate(2));
    }

    assertThat(read(file, "a")).isEqualTo(values);
  }

  @Test
  void theSameTensorsGiveTheSameBytes() throws IOException {
    byte[] once = Files.readAllBytes(write(SafetensorsWriter.Format.F32, 1, 2));

    assertThat(write(SafetensorsWriter.Format.F32, 1, 2)).hasBinaryContent(once);
  }

  @Test
  void float16IsConvertedExactly() throws IOException {
    ByteBuffer data = ByteBuffer.allocate(2 << 16).order(ByteOrder.LITTLE_ENDIAN);
    for (int bits = 0; bits < 1 << 16; bits++) {
      data.putShort((short) bits);
    }
    Path file =
        file(
            "{\"h\":{\"dtype\":\"F16\",\"shape\":[65536],\"data_offsets\":[0,131072]}}",
            data.array());

    float[] expected = new float[1 << 16];
    for (int bits = 0; bits < expected.length; bits++) {
      expected[bits] = float16(bits);
    }
    assertThat(read(file, "h")).isEqualTo(expected);
  }

  /** As IEEE 754 defines it, in double precision. */
  private static float float16(int bits) {
    int exponent = bits >> 10 & 31;
    double fraction = (bits & 1023) / 1024.0;
    double magnitude;
    if (exponent == 31) {
      magnitude = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    } else {
      magnitude = exponent == 0 ? fraction * 0x1p-14 : (1 + fraction) * Math.pow(2, exponent - 15);
    }
    return (float) ((bits & 0x8000) == 0 ? magnitude : -magnitude);
  }

  @Test
  void emptyTensorsTakeNoPlace() throws IOException {
    Path file =
        file(
            """
            {"full":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
             "empty":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},
             "scalar":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}
            """,
            new byte[8]);

    assertThat(read(file, "empty")).isEmpty();
    assertThat(read(file, "scalar")).containsExactly(0);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 'claims a header of 0 bytes in a file of 28'",
    "1, claims a header of 1 bytes",
    "-1, claims a header of 18446744073709551615 bytes",
    "-9223372036854775808, claims a header of 9223372036854775808 bytes",
    "21, claims a header of 21 bytes in a file of 28",
    "2147483648, claims a header of 2147483648 bytes",
    "9223372036854775807, claims a header of 9223372036854775807 bytes"
  })
  void refusesAHeaderLengthThatCannotBe(long length, String message) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(28).order(ByteOrder.LITTLE_ENDIAN).putLong(length);

    assertRefused(Files.write(directory.resolve("file"), content.array()), message);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7})
  void refusesAFileTooShortForAHeader(int size) throws IOException {
    assertRefused(
        Files.write(directory.resolve("file"), new byte[size]),
        "has " + size + " bytes, too few for a header");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          not json                                                                   | its header is not JSON
          {"a":{"dtype":"F32"                                                        | its header is not JSON
          {} {}                                                                      | its header is not JSON
          [1, 2]                                                                     | its header is not a JSON object
          null                                                                       | its header is not a JSON object
          {"a":5}                                                                    | incomplete header entry for tensor a
          {"a":{"shape":[2],"data_offsets":[0,8]}}                                   | incomplete
          {"a":{"dtype":32,"shape":[2],"data_offsets":[0,8]}}                        | incomplete
          {"a":{"dtype":"F32","data_offsets":[0,8]}}                                 | incomplete
          {"a":{"dtype":"F32","shape":[2]}}                                          | incomplete
          {"a":{"dtype":"F32","shape":[2],"data_offsets":{"from":0,"to":8}}}         | incomplete
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}                       | impossible offsets [0]
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}                    | impossible offsets
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}                     | impossible offsets
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0.5,8.5]}}                 | impossible offsets
          {"a":{"dtype":"F32","shape":[2],"data_offsets":["0","8"]}}                 | impossible offsets
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}  | impossible offsets
          {"a":{"dtype":"F32","shape":[5],"data_offsets":[0,20]}}                    | truncated or corrupt: tensor a ends at byte 20 of 16
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}   | truncated or corrupt
          {"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}                    | impossible shape
          {"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}                   | impossible shape
          {"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}  | impossible shape
          {"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}                     | 8 bytes, which its shape [3] does not need
          {"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,8]}}                    | 8 bytes, which its shape [2] does not need
          {"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}} | does not need
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}} | tensors a and b overlap
          """)
  void refusesAHeaderThatDoesNotFit(String header, String message) throws IOException {
    assertRefused(file(header, new byte[16]), message);
  }

  @Test
  void refusesANumberFormatItDoesNotKnowWhenThatTensorIsWanted() throws IOException {
    Path file =
        file("{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[0,2]}}", new byte[2]);
    try (Safetensors tensors = Safetensors.open(file)) {
      assertThatExceptionOfType(ApoException.class)
          .isThrownBy(() -> tensors.checkFormat("a"))
          .withMessageContaining("stores tensor a as F8_E4M3; supported: F32, F16, BF16");
    }
  }

  @Test
  void refusesEveryTruncation() throws IOException {
    byte[] whole = Files.readAllBytes(write(SafetensorsWriter.Format.F32, 1, 2, 3));
    Path file = directory.resolve("cut");
    for (int size = 0; size < whole.length; size++) {
      Files.write(file, Arrays.copyOf(whole, size));
      assertRefused(file, "");
    }
  }

  @Test
  void damagedHeadersNeverDoMoreThanBeRefused() throws IOException {
    byte[] whole = Files.readAllBytes(write(SafetensorsWriter.Format.F32, 1, 2, 3));
    var memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    var random = new Random(20250601);
    Path file = directory.resolve("damaged");
    int refused = 0;
    for (int round = 0; round < 3000; round++) {
      Files.write(file, damaged(whole, random));
      long before = memory.getCurrentThreadAllocatedBytes();
      try (Safetensors tensors = Safetensors.open(file)) {
        tensors.names().forEach(tensors::entry);
      } catch (ApoException e) {
        refused++;
        assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA);
      }
      assertThat(memory.getCurrentThreadAllocatedBytes() - before).isLessThan(4 << 20);
    }
    assertThat(refused).isGreaterThan(1500);
  }

  /** One to four bytes replaced, in half of the cases by what JSON is made of. */
  private static byte[] damaged(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    byte[] json = "{}[]:,\"0123456789-.eE \\tnu".getBytes(UTF_8);
    for (int n = random.nextInt(4); n >= 0; n--) {
      bytes[random.nextInt(bytes.length - 16)] =
          random.nextBoolean() ? json[random.nextInt(json.length)] : (byte) random.nextInt();
    }
    return bytes;
  }

  @Test
  void saysWhichFileIsNotThere() {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> Safetensors.open(directory.resolve("none")))
        .withMessageContaining("none does not exist")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.NOT_FOUND));
  }

  /** Tensor a with the values, and b with 2 and 3. */
  private Path write(SafetensorsWriter.Format format, float... values) throws IOException {
    Path file = directory.resolve("file");
    try (var writer = writer(file, format, values.length)) {
      writer.write("b", 0, FloatBuffer.wrap(new float[] {2, 3}));
      writer.write("a", 0, FloatBuffer.wrap(values));
    }
    return file;
  }

  private static SafetensorsWriter writer(Path file, SafetensorsWriter.Format format, int size)
      throws IOException {
    return new SafetensorsWriter(
        file,
        format,
        List.of(
            new SafetensorsWriter.Tensor("a", new long[] {size}),
            new SafetensorsWriter.Tensor("b", new long[] {2, 1})));
  }

  private Path file(String header, byte[] data) throws IOException {
    byte[] json = header.getBytes(UTF_8);
    ByteBuffer content =
        ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    content.putLong(json.length).put(json).put(data);
    return Files.write(directory.resolve("file"), content.array());
  }

  private static float[] read(Path file, String name) {
    var all = new ArrayList<Float>();
    try (Safetensors tensors = Safetensors.open(file)) {
      tensors.read(
          name,
          (first, values) -> {
            assertThat(first).isEqualTo(all.size());
            while (values.hasRemaining()) {
              all.add(values.get());
            }
          });
    }
    float[] result = new float[all.size()];
    for (int i = 0; i < result.length; i++) {
      result[i] = all.get(i);
    }
    return result;
  }

  private static void assertRefused(Path file, String message) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> Safetensors.open(file).close())
        .withMessageStartingWith(file + " ")
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
  }
}
