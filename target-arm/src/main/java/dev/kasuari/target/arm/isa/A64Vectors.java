package dev.kasuari.target.arm.isa;

import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Vector registers as text: {@code v3.4s} for four singles, {@code s3} for a scalar. Every method
 * takes operands, by the names that the patterns have for them: q is 3 for a scalar, size the
 * logarithm of a lane's bytes.
 */
final class A64Vectors {
  private static final String LANES = "bhsdq";

  private A64Vectors() {}

  static String vector(long q, long size, long r) {
    char lane = LANES.charAt((int) size);
    return q == 3 ? lane + "" + r : "v" + r + "." + (8L << q >> size) + lane;
  }

  static String bytes(long q, long r) {
    return vector(q, 0, r);
  }

  static String halves(long q, long r) {
    return vector(q, 1, r);
  }

  static String singles(long q, long r) {
    return vector(q, 2, r);
  }

  static String doubles(long q, long r) {
    return vector(q, 3, r);
  }

  /** Half as many halves: what a product of halves to singles reads. */
  static String halfHalves(long q, long r) {
    return "v" + r + "." + (2L << q) + "h";
  }

  /** All of a register, or a scalar, with lanes of twice the size. */
  static String wider(long q, long size, long r) {
    return vector(q == 3 ? 3 : 1, size + 1, r);
  }

  /** As many lanes, each of twice the size and so half the lanes of that size. */
  static String paired(long q, long size, long r) {
    return vector(q, size + 1, r);
  }

  private static int size(long imm5) {
    return Long.numberOfTrailingZeros(imm5);
  }

  static String element(long imm5, long r) {
    int size = size(imm5);
    return "v" + r + "." + LANES.charAt(size) + "[" + (imm5 >> (size + 1)) + "]";
  }

  static String elementByImm4(long imm5, long imm4, long r) {
    int size = size(imm5);
    return "v" + r + "." + LANES.charAt(size) + "[" + (imm4 >> size) + "]";
  }

  static String vectorByImm5(long q, long imm5, long r) {
    return vector(q, size(imm5), r);
  }

  static String generalByImm5(long imm5, long r) {
    return A64Text.register(size(imm5) == 3 ? 1 : 0, r);
  }

  /** A lane of a register, by number. */
  static String lane(long size, long r, long index) {
    return "v" + r + "." + LANES.charAt((int) size) + "[" + index + "]";
  }

  static String table(long len, long r) {
    return list(len + 1, 1, 0, r, "");
  }

  /** Neighbouring registers in braces, of which 0 follows 31. */
  static String list(long count, long q, long size, long first, String index) {
    String arrangement = vector(q, size, 0).substring(2);
    if (!index.isEmpty()) {
      arrangement = "." + LANES.charAt((int) size);
    }
    String lanes = arrangement;
    if (count > 2 && first + count <= 32) {
      return "{v%d%s-v%d%s}%s".formatted(first, lanes, first + count - 1, lanes, index);
    }
    return LongStream.range(first, first + count)
        .mapToObj(i -> "v" + i % 32 + lanes)
        .collect(Collectors.joining(", ", "{", "}" + index));
  }

  static String spread(long imm) {
    return A64Text.hex(A64Immediates.simd(1, 14, (int) imm));
  }

  static String immediate(long q, long rd, long cmode, long imm) {
    int size = cmode < 8 || cmode == 12 || cmode == 13 ? 2 : cmode < 12 ? 1 : 0;
    String shift =
        cmode == 12 || cmode == 13
            ? ", msl #" + (cmode == 12 ? 8 : 16)
            : cmode == 14 || (cmode & 6) == 0 ? "" : ", lsl #" + 8 * (cmode >> 1 & 3);
    return vector(q, size, rd) + ", " + A64Text.hex(imm) + shift;
  }

  /** As {@code printf("%.18e")} has it; every such constant is exact in single precision. */
  static String floating(long imm8) {
    float value = Float.intBitsToFloat((int) A64Immediates.floating(2, (int) imm8));
    return String.format(Locale.ROOT, "%.18e", value);
  }
}
