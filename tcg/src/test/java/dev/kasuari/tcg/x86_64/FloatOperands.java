package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.TestGuest;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.FpDesc.Format;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import java.util.SplittableRandom;

/** Operands that meet the corners of a format, of integers, and of each other. */
final class FloatOperands {
  private static final double[] EDGES = {
    0x1p31, 0x1p32, 0x1p63, 0x1p64, 0x1p15, 0x1p16, 0x1p52, 0x1p53, 0x1p23, 0x1p24, 1, 2
  };

  private final SplittableRandom random;

  FloatOperands(SplittableRandom random) {
    this.random = random;
  }

  /** Operands of an operation; what is above their type is random. */
  long[] next(FloatRow row) {
    long desc = row.desc().bits();
    long[] operands = new long[3];
    for (int i = 0; i < operands.length; i++) {
      operands[i] = row.op() == Op.ITOF ? integer() : number(FpDesc.from(desc));
    }
    if (row.op() != Op.ITOF && random.nextInt(3) == 0) {
      relate(FpDesc.from(desc), operands);
    }
    if (row.argument() == Type.I32) {
      for (int i = 0; i < operands.length; i++) {
        operands[i] = (operands[i] & 0xffffffffL) | (long) random.nextInt() << 32;
      }
    }
    return operands;
  }

  private long integer() {
    long value = TestGuest.interesting(random);
    return random.nextBoolean() ? value : value >>> random.nextInt(64);
  }

  /** Any pattern of a format, with random bits above it. */
  private long number(Format f) {
    return switch (f) {
      case F16 -> pattern(16, 10) | (long) random.nextInt() << 16;
      case BF16 -> pattern(16, 7) | (long) random.nextInt() << 16;
      case F32 -> pattern(32, 23);
      default -> pattern(64, 52);
    };
  }

  private long pattern(int width, int fraction) {
    long sign = random.nextBoolean() ? 1L << (width - 1) : 0;
    long infinity = (1L << (width - 1)) - (1L << fraction);
    long bits = random.nextLong() & ((1L << fraction) - 1);
    long few = 1L << random.nextInt(fraction) | random.nextInt(4);
    long bias = (infinity >>> fraction) / 2;
    return switch (random.nextInt(12)) {
      case 0 -> sign | random.nextInt(3);
      case 1 -> sign | infinity;
      case 2 -> sign | infinity | few;
      case 3 -> sign | infinity | 1L << (fraction - 1) | bits;
      case 4 -> sign | bits;
      case 5 -> sign | (1L << fraction) + random.nextInt(-2, 3);
      case 6 -> sign | infinity - 1 - random.nextInt(3);
      case 7, 8 -> sign | (bias + random.nextInt(-4, 5)) << fraction | bits;
      case 9 -> sign | random.nextLong(infinity >>> fraction) << fraction | few;
      case 10 -> fromDouble(width, fraction, edge());
      default -> random.nextLong() & -1L >>> (64 - width);
    };
  }

  /** Near the limits of integers, or between two of them. */
  private double edge() {
    double magnitude = EDGES[random.nextInt(EDGES.length)] + random.nextInt(-8, 9) / 4.0;
    double near = random.nextBoolean() ? magnitude : Math.nextDown(magnitude);
    return random.nextBoolean() ? near : -near;
  }

  private static long fromDouble(int width, int fraction, double value) {
    return switch (width) {
      case 64 -> Double.doubleToRawLongBits(value);
      case 32 -> Float.floatToRawIntBits((float) value) & 0xffffffffL;
      default ->
          fraction == 10
              ? Float.floatToFloat16((float) value) & 0xffff
              : Float.floatToRawIntBits((float) value) >>> 16;
    };
  }

  private static double toDouble(Format f, long bits) {
    return switch (f) {
      case F16 -> Float.float16ToFloat((short) bits);
      case BF16 -> Float.intBitsToFloat((int) bits << 16);
      case F32 -> Float.intBitsToFloat((int) bits);
      default -> Double.longBitsToDouble(bits);
    };
  }

  private static long fromDouble(Format f, double value) {
    return switch (f) {
      case F16 -> fromDouble(16, 10, value);
      case BF16 -> fromDouble(16, 7, value);
      case F32 -> fromDouble(32, 23, value);
      default -> fromDouble(64, 52, value);
    };
  }

  /** So that sums cancel, and products and quotients meet the smallest normal number or zero. */
  private void relate(Format f, long[] operands) {
    double a = toDouble(f, operands[0]);
    double smallest =
        switch (f) {
          case F16 -> 0x1p-14;
          case F64 -> Double.MIN_NORMAL;
          default -> Float.MIN_NORMAL;
        };
    double related =
        switch (random.nextInt(5)) {
          case 0 -> a;
          case 1 -> -a;
          case 2 -> smallest / a;
          case 3 -> a / smallest;
          default -> 1 / a;
        };
    operands[1] = fromDouble(f, related) + random.nextInt(-1, 2);
    if (random.nextBoolean()) {
      operands[2] = fromDouble(f, -(a * toDouble(f, operands[1]))) + random.nextInt(-1, 2);
    }
  }
}
