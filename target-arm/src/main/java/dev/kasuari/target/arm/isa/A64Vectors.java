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
    return A64Immediates.laneSize((int) imm5);
  }

  static String element(long imm5, long r) {
    return lane(size(imm5), r, A64Immediates.lane((int) imm5));
  }

  static String elementByImm4(long imm5, long imm4, long r) {
    return lane(size(imm5), r, imm4 >> size(imm5));
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

  static String halfLane(long r, long index) {
    return lane(1, r, index);
  }

  static String singleLane(long r, long index) {
    return lane(2, r, index);
  }

  static String doubleLane(long r, long index) {
    return lane(3, r, index);
  }

  /** Four bytes that are a lane together. */
  static String bytesLane(long r, long index) {
    return "v" + r + ".4b[" + index + "]";
  }

  static String halvesLane(long r, long index) {
    return "v" + r + ".2h[" + index + "]";
  }

  static String all(long size, long r) {
    return vector(1, size, r);
  }

  static String allSingles(long q, long r) {
    return vector(q | 1, 2, r);
  }

  static String allDoubles(long q, long r) {
    return vector(q | 1, 3, r);
  }

  static String narrower(long q, long size, long r) {
    return vector(q, size - 1, r);
  }

  static String shifted(long q, long imm, long r) {
    return vector(q, A64Immediates.shiftSize((int) imm), r);
  }

  static String shiftedWider(long q, long imm, long r) {
    return vector(q | 1, A64Immediates.shiftSize((int) imm) + 1, r);
  }

  static String shiftRight(long imm) {
    return Integer.toString(A64Immediates.shiftRight((int) imm));
  }

  static String shiftLeft(long imm) {
    return Integer.toString(A64Immediates.shiftLeft((int) imm));
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

  static String structure(long q, long size, long opcode, long rt) {
    return list(A64Structures.registers((int) opcode), q, size, rt, "");
  }

  static String structureBase(long q, long post, long rm, long opcode, long rn) {
    return base(post, rm, rn, (8L << q) * A64Structures.registers((int) opcode));
  }

  private static String base(long post, long rm, long rn, long bytes) {
    String base = "[" + (rn == 31 ? "sp" : "x" + rn) + "]";
    if (post == 0) {
      return base;
    }
    return base + ", " + (rm == 31 ? "#" + bytes : "x" + rm);
  }

  static String replicated(long selem, long q, long size, long rt) {
    return list(selem, q, size, rt, "");
  }

  private static String each(long selem, long size, long index, long rt) {
    return list(selem, 0, size, rt, "[" + index + "]");
  }

  static String byteOfEach(long selem, long index, long rt) {
    return each(selem, 0, index, rt);
  }

  static String halfOfEach(long selem, long index, long rt) {
    return each(selem, 1, index, rt);
  }

  static String singleOfEach(long selem, long index, long rt) {
    return each(selem, 2, index, rt);
  }

  static String doubleOfEach(long selem, long index, long rt) {
    return each(selem, 3, index, rt);
  }

  static String elementsBase(long size, long selem, long post, long rm, long rn) {
    return base(post, rm, rn, selem << size);
  }

  static String bytesBase(long selem, long post, long rm, long rn) {
    return base(post, rm, rn, selem);
  }

  static String halvesBase(long selem, long post, long rm, long rn) {
    return base(post, rm, rn, 2 * selem);
  }

  static String singlesBase(long selem, long post, long rm, long rn) {
    return base(post, rm, rn, 4 * selem);
  }

  static String doublesBase(long selem, long post, long rm, long rn) {
    return base(post, rm, rn, 8 * selem);
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
