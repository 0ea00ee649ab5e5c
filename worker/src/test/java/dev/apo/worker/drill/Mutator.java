package dev.apo.worker.drill;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Damages valid inputs: bit by bit, number by number, word by word, and JSON value by value. */
final class Mutator {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern NUMBER = Pattern.compile("-?[0-9][0-9.]*(e-?[0-9]+)?");

  private static final long[] INTEGERS = {
    0,
    1,
    -1,
    0x7F,
    0x80,
    0xFF,
    0xFFFF,
    100_000_000,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 32,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE / 4
  };

  private static final List<String> NUMBERS =
      List.of(
          "0",
          "-1",
          "-0.0",
          "0.5",
          "2147483647",
          "2147483648",
          "9223372036854775807",
          "9223372036854775808",
          "99999999999999999999999999",
          "1e308",
          "1e999",
          "1e-999",
          "1e999999999",
          "1e2147483647",
          "-1e-2147483648",
          "NaN",
          "0x7fffffffffffffffffff",
          "9".repeat(5000));

  private static final List<String> WORDS =
      List.of(
          "\"",
          "\\",
          "'",
          "{",
          "}",
          "[",
          "]",
          "(",
          ")",
          ",",
          ":",
          "\n",
          "\r\n",
          "\t",
          "\0",
          "\uFEFF",
          "\u2028",
          "\uD83D\uDE00",
          "\uD800",
          "null",
          "true",
          " ",
          "#",
          "%",
          "&",
          "*",
          "-",
          "<",
          ">");

  private final List<byte[]> seeds;
  private final List<String> words;
  private final boolean json;

  /**
   * @param seeds valid inputs
   * @param words of the inputs' language, for such that has words
   * @param json whether the inputs are JSON
   */
  Mutator(List<byte[]> seeds, List<String> words, boolean json) {
    this.seeds = seeds;
    this.words = new ArrayList<>(words);
    this.words.addAll(WORDS);
    this.json = json;
  }

  /** An input that nobody would write; the same for the same state of chance. */
  byte[] next(Random random) {
    byte[] input = seed(random).clone();
    if (json && random.nextInt(3) > 0) {
      input = damagedValue(input, random);
      if (random.nextBoolean()) {
        return input;
      }
    }
    for (int i = random.nextInt(4); i >= 0; i--) {
      input = damaged(input, random);
    }
    return input;
  }

  private byte[] seed(Random random) {
    return seeds.get(random.nextInt(seeds.size()));
  }

  private byte[] damaged(byte[] input, Random random) {
    if (input.length == 0) {
      return word(random);
    }
    int at = random.nextInt(input.length);
    int length = 1 + random.nextInt(Math.min(input.length - at, 1 << random.nextInt(12)));
    return switch (random.nextInt(12)) {
      case 0 -> with(input, at, (byte) (input[at] ^ 1 << random.nextInt(8)));
      case 1 -> with(input, at, (byte) random.nextInt(256));
      case 2 -> Arrays.copyOf(input, at);
      case 3 -> replaced(input, at, length, new byte[0]);
      case 4 -> replaced(input, at, 0, Arrays.copyOfRange(input, at, at + length));
      case 5, 6 -> integer(input, at, random);
      case 7 -> replaced(input, at, length, part(random));
      case 8 -> replaced(input, at, 0, word(random));
      case 9 -> replaced(input, at, length, word(random));
      case 10 -> number(input, random);
      default -> replaced(input, at, 0, repeated(word(random), 1 << random.nextInt(15)));
    };
  }

  private static byte[] with(byte[] input, int at, byte value) {
    input[at] = value;
    return input;
  }

  private static byte[] replaced(byte[] input, int at, int length, byte[] by) {
    var out = new ByteArrayOutputStream(input.length + by.length);
    out.write(input, 0, at);
    out.writeBytes(by);
    out.write(input, at + length, input.length - at - length);
    return out.toByteArray();
  }

  private static byte[] integer(byte[] input, int at, Random random) {
    int width = 1 << random.nextInt(4);
    byte[] value =
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(INTEGERS[random.nextInt(INTEGERS.length)])
            .array();
    System.arraycopy(value, 0, input, at, Math.min(width, input.length - at));
    return input;
  }

  private byte[] part(Random random) {
    byte[] other = seed(random);
    int from = random.nextInt(other.length + 1);
    return Arrays.copyOfRange(other, from, from + random.nextInt(other.length - from + 1));
  }

  private byte[] word(Random random) {
    return words.get(random.nextInt(words.size())).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] repeated(byte[] word, int times) {
    var out = new ByteArrayOutputStream(word.length * times);
    for (int i = 0; i < times; i++) {
      out.writeBytes(word);
    }
    return out.toByteArray();
  }

  /** With one of the numbers that are written out in it replaced. */
  private static byte[] number(byte[] input, Random random) {
    String text = new String(input, StandardCharsets.ISO_8859_1);
    List<MatchResult> found = NUMBER.matcher(text).results().toList();
    if (found.isEmpty()) {
      return input;
    }
    MatchResult number = found.get(random.nextInt(found.size()));
    byte[] by = NUMBERS.get(random.nextInt(NUMBERS.size())).getBytes(StandardCharsets.ISO_8859_1);
    return replaced(input, number.start(), number.end() - number.start(), by);
  }

  // ---- JSON
  // --------------------------------------------------------------------------------------

  private byte[] damagedValue(byte[] input, Random random) {
    try {
      JsonNode tree = JSON.readTree(input);
      var holders = new ArrayList<ContainerNode<?>>();
      collect(tree, holders);
      if (holders.isEmpty()) {
        return input;
      }
      for (int i = random.nextInt(3); i >= 0; i--) {
        damage(holders.get(random.nextInt(holders.size())), holders, random);
      }
      return JSON.writeValueAsBytes(tree);
    } catch (JsonProcessingException e) {
      return input;
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail", e);
    }
  }

  private static void collect(JsonNode node, List<ContainerNode<?>> holders) {
    if (node instanceof ContainerNode<?> holder && !holder.isEmpty()) {
      holders.add(holder);
      holder.forEach(child -> collect(child, holders));
    }
  }

  private void damage(ContainerNode<?> holder, List<ContainerNode<?>> holders, Random random) {
    if (holder.isEmpty()) {
      return;
    }
    int at = random.nextInt(holder.size());
    boolean drop = random.nextInt(5) == 0;
    JsonNode value = drop ? null : value(holders, random);
    if (holder instanceof ArrayNode array) {
      if (drop) {
        array.remove(at);
      } else {
        array.set(at, value);
      }
    } else if (holder instanceof ObjectNode object) {
      String name = new ArrayList<>(object.propertyStream().map(e -> e.getKey()).toList()).get(at);
      if (drop) {
        object.remove(name);
      } else if (random.nextInt(4) == 0) {
        object.set(new String(word(random), StandardCharsets.UTF_8), object.remove(name));
      } else {
        object.set(name, value);
      }
    }
  }

  private JsonNode value(List<ContainerNode<?>> holders, Random random) {
    return switch (random.nextInt(10)) {
      case 0 -> JSON.nullNode();
      case 1 -> JSON.getNodeFactory().booleanNode(random.nextBoolean());
      case 2 -> JSON.getNodeFactory().numberNode(INTEGERS[random.nextInt(INTEGERS.length)]);
      case 3 -> JSON.getNodeFactory().numberNode(random.nextGaussian() * 1e300);
      case 4 -> JSON.getNodeFactory().textNode(new String(word(random), StandardCharsets.UTF_8));
      case 5 -> JSON.getNodeFactory().textNode("x".repeat(1 << random.nextInt(14)));
      case 6 -> JSON.createObjectNode();
      case 7 -> JSON.createArrayNode();
      case 8 -> nested(1 + random.nextInt(900));
      default -> holders.get(random.nextInt(holders.size())).deepCopy();
    };
  }

  private static JsonNode nested(int depth) {
    JsonNode node = JSON.nullNode();
    for (int i = 0; i < depth; i++) {
      node = JSON.createArrayNode().add(node);
    }
    return node;
  }
}
