package dev.apo.worker.gguf;

import dev.apo.worker.model.Halves;
import java.nio.ByteBuffer;

/**
 * How values of a tensor are stored: in blocks of so many values and bytes, little-endian. The
 * layouts are those of ggml.
 */
enum BlockFormat {
  F32(0, 1, 4) {
    @Override
    void decode(ByteBuffer in, int at, float[] out, int to) {
      out[to] = in.getFloat(at);
    }
  },
  F16(1, 1, 2) {
    @Override
    void decode(ByteBuffer in, int at, float[] out, int to) {
      out[to] = half(in, at);
    }
  },
  BF16(30, 1, 2) {
    @Override
    void decode(ByteBuffer in, int at, float[] out, int to) {
      out[to] = Float.intBitsToFloat(in.getShort(at) << 16);
    }
  },
  /** A scale and 32 numbers of 4 bits, -8 to 7. */
  Q4_0(2, 32, 18) {
    @Override
    void decode(ByteBuffer in, int at, float[] out, int to) {
      float scale = half(in, at);
      for (int i = 0; i < 16; i++) {
        int both = in.get(at + 2 + i);
        out[to + i] = scale * ((both & 15) - 8);
        out[to + 16 + i] = scale * ((both >> 4 & 15) - 8);
      }
    }
  },
  /** A scale, a minimum and 32 numbers of 4 bits. */
  Q4_1(3, 32, 20) {
    @Override
    void decode(ByteBuffer in, int at, float[] out, int to) {
      float scale = half(in, at);
      float low = half(in, at + 2);
      for (int i = 0; i < 16; i++) {
        int both = in.get(at + 4 + i);
        out[to + i] = scale * (both & 15) + low;
        out[to + 16 + i] = scale * (both >> 4 & 15) + low;
      }
    }
  },
  /** A scale and 32 numbers of 5 bits, of which the fifth ones stand together. */
  Q5_0(6, 32, 22) {
    @Override
    void decode(ByteBuffer in, int at, float[] out, int to) {
      float scale = half(in, at);
      int fifth = in.getInt(at + 2);
      for (int i = 0; i < 16; i++) {
        int both = in.get(at + 6 + i);
        out[to + i] = scale * ((both & 15 | (fifth >>> i & 1) << 4) - 16);
        out[to + 16 + i] = scale * ((both >> 4 & 15 | (fifth >>> i + 16 & 1) << 4) - 16);
      }
    }
  },
  /** The same with a minimum. */
  Q5_1(7, 32, 24) {
    @Override
    void decode(ByteBuffer in, int at, float[] out, int to) {
      float scale = half(in, at);
      float low = half(in, at + 2);
      int fifth = in.getInt(at + 4);
      for (int i = 0; i < 16; i++) {
        int both = in.get(at + 8 + i);
        out[to + i] = scale * (both & 15 | (fifth >>> i & 1) << 4) + low;
        out[to + 16 + i] = scale * (both >> 4 & 15 | (fifth >>> i + 16 & 1) << 4) + low;
      }
    }
  },
  /** A scale and 32 numbers of 8 bits. */
  Q8_0(8, 32, 34) {
    @Override
    void decode(ByteBuffer in, int at, float[] out, int to) {
      float scale = half(in, at);
      for (int i = 0; i < 32; i++) {
        out[to + i] = scale * in.get(at + 2 + i);
      }
    }
  },
  /** 8 groups of 32 numbers of 4 bits, each with a scale and a minimum of 6 bits. */
  Q4_K(12, 256, 144) {
    @Override
    void decode(ByteBuffer in, int at, float[] out, int to) {
      for (int group = 0; group < 8; group++) {
        float scale = half(in, at) * scale(in, at + 4, group);
        float low = half(in, at + 2) * minimum(in, at + 4, group);
        int numbers = at + 16 + group / 2 * 32;
        for (int i = 0; i < 32; i++) {
          int number = in.get(numbers + i) >> group % 2 * 4 & 15;
          out[to + group * 32 + i] = scale * number - low;
        }
      }
    }
  },
  /** The same with numbers of 5 bits. */
  Q5_K(13, 256, 176) {
    @Override
    void decode(ByteBuffer in, int at, float[] out, int to) {
      for (int group = 0; group < 8; group++) {
        float scale = half(in, at) * scale(in, at + 4, group);
        float low = half(in, at + 2) * minimum(in, at + 4, group);
        int numbers = at + 48 + group / 2 * 32;
        for (int i = 0; i < 32; i++) {
          int number = in.get(numbers + i) >> group % 2 * 4 & 15;
          int fifth = in.get(at + 16 + i) >> group & 1;
          out[to + group * 32 + i] = scale * (number | fifth << 4) - low;
        }
      }
    }
  },
  /** 16 groups of 16 numbers of 6 bits, -32 to 31, each with a scale of 8 bits. */
  Q6_K(14, 256, 210) {
    @Override
    void decode(ByteBuffer in, int at, float[] out, int to) {
      float scale = half(in, at + 208);
      for (int value = 0; value < 256; value++) {
        int inHalf = value % 128;
        int low = in.get(at + value / 128 * 64 + inHalf % 64) >> inHalf / 64 * 4 & 15;
        int high = in.get(at + 128 + value / 128 * 32 + inHalf % 32) >> inHalf / 32 * 2 & 3;
        int groupScale = in.get(at + 192 + value / 16);
        out[to + value] = scale * groupScale * ((low | high << 4) - 32);
      }
    }
  };

  private final int id;
  final int values;
  final int bytes;

  BlockFormat(int id, int values, int bytes) {
    this.id = id;
    this.values = values;
    this.bytes = bytes;
  }

  /** The format of a number in the file; null if it is not supported. */
  static BlockFormat of(int id) {
    for (BlockFormat format : values()) {
      if (format.id == id) {
        return format;
      }
    }
    return null;
  }

  /** Decodes the block at a place into {@link #values} floats. */
  abstract void decode(ByteBuffer in, int at, float[] out, int to);

  private static float half(ByteBuffer in, int at) {
    return Halves.fromF16(in.getShort(at));
  }

  /**
   * A group's scale of the 12 bytes that hold eight scales and eight minima of 6 bits each: the
   * first four lie in bytes of their own, whose spare bits are the upper ones of the others.
   */
  private static int scale(ByteBuffer in, int at, int group) {
    return group < 4
        ? in.get(at + group) & 63
        : in.get(at + group + 4) & 15 | (in.get(at + group - 4) >> 6 & 3) << 4;
  }

  private static int minimum(ByteBuffer in, int at, int group) {
    return group < 4
        ? in.get(at + group + 4) & 63
        : in.get(at + group + 4) >> 4 & 15 | (in.get(at + group) >> 6 & 3) << 4;
  }
}
