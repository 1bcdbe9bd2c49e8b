package dev.kasuari.tcg.interp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.FlagCond;
import dev.kasuari.tcg.ir.Flags;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import java.math.BigInteger;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The reference against arithmetic without a width. */
@Tag("fast")
class EvaluatorTest {
  private static final long SEED = 7;

  /** Where things happen in either width, and some of everything. */
  private static long[] values(Type type) {
    LongStream edges =
        LongStream.of(
            0,
            1,
            2,
            3,
            7,
            8,
            15,
            16,
            31,
            32,
            33,
            63,
            64,
            65,
            0x7f,
            0x80,
            0xff,
            0x7fff,
            0x8000,
            0xffff,
            Integer.MAX_VALUE,
            Integer.MIN_VALUE,
            0xffff_ffffL,
            1L << 32,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            -1,
            -2,
            -3,
            0x5555_5555_5555_5555L,
            0x1234_5678_9abc_def0L);
    return LongStream.concat(edges, new SplittableRandom(SEED).longs(12))
        .map(v -> type == Type.I32 ? (int) v : v)
        .distinct()
        .toArray();
  }

  private interface Reference {
    BigInteger compute(Num a, Num b);
  }

  /** An operand as numbers of either kind. */
  private record Num(long value, int bits) {
    BigInteger signed() {
      return BigInteger.valueOf(value);
    }

    BigInteger unsigned() {
      return signed().mod(BigInteger.ONE.shiftLeft(bits));
    }

    int low() {
      return (int) value & (bits - 1);
    }

    boolean zero() {
      return value == 0;
    }
  }

  private static long wrap(BigInteger value, Type type) {
    return type == Type.I32 ? value.intValue() : value.longValue();
  }

  private static void check(Op op, Reference reference) {
    for (Type type : List.of(Type.I32, Type.I64)) {
      for (long a : values(type)) {
        for (long b : values(type)) {
          long expected =
              wrap(reference.compute(new Num(a, type.bits()), new Num(b, type.bits())), type);
          assertThat(Evaluator.evaluate(op, type, 0, a, b, 0, 0))
              .as("%s %s of %x and %x", op, type, a, b)
              .isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void arithmetic() {
    check(Op.ADD, (a, b) -> a.signed().add(b.signed()));
    check(Op.SUB, (a, b) -> a.signed().subtract(b.signed()));
    check(Op.MUL, (a, b) -> a.signed().multiply(b.signed()));
    check(Op.NEG, (a, b) -> a.signed().negate());
    check(Op.NOT, (a, b) -> a.signed().not());
    check(Op.AND, (a, b) -> a.signed().and(b.signed()));
    check(Op.OR, (a, b) -> a.signed().or(b.signed()));
    check(Op.XOR, (a, b) -> a.signed().xor(b.signed()));
    check(Op.ANDC, (a, b) -> a.signed().andNot(b.signed()));
    check(Op.MINS, (a, b) -> a.signed().min(b.signed()));
    check(Op.MAXS, (a, b) -> a.signed().max(b.signed()));
    check(Op.MINU, (a, b) -> a.unsigned().min(b.unsigned()));
    check(Op.MAXU, (a, b) -> a.unsigned().max(b.unsigned()));
  }

  @Test
  void highHalves() {
    check(Op.MULHS, (a, b) -> a.signed().multiply(b.signed()).shiftRight(a.bits));
    check(Op.MULHU, (a, b) -> a.unsigned().multiply(b.unsigned()).shiftRight(a.bits));
    check(Op.MULHSU, (a, b) -> a.signed().multiply(b.unsigned()).shiftRight(a.bits));
  }

  @Test
  void divisionNeverTraps() {
    check(Op.DIVS, (a, b) -> b.zero() ? BigInteger.ZERO : a.signed().divide(b.signed()));
    check(Op.DIVU, (a, b) -> b.zero() ? BigInteger.ZERO : a.unsigned().divide(b.unsigned()));
    check(Op.REMS, (a, b) -> b.zero() ? a.signed() : a.signed().remainder(b.signed()));
    check(Op.REMU, (a, b) -> b.zero() ? a.unsigned() : a.unsigned().remainder(b.unsigned()));
    assertThat(Evaluator.evaluate(Op.DIVS, Type.I64, 0, Long.MIN_VALUE, -1, 0, 0))
        .isEqualTo(Long.MIN_VALUE);
    assertThat(Evaluator.evaluate(Op.REMS, Type.I32, 0, Integer.MIN_VALUE, -1, 0, 0)).isZero();
  }

  @Test
  void shiftsAndRotatesTakeTheCountModuloTheWidth() {
    check(Op.SHL, (a, b) -> a.signed().shiftLeft(b.low()));
    check(Op.SHR, (a, b) -> a.unsigned().shiftRight(b.low()));
    check(Op.SAR, (a, b) -> a.signed().shiftRight(b.low()));
    check(Op.ROTL, (a, b) -> rotateLeft(a, b.low()));
    check(Op.ROTR, (a, b) -> rotateLeft(a, a.bits - b.low()));
  }

  private static BigInteger rotateLeft(Num a, int count) {
    BigInteger shifted = a.unsigned().shiftLeft(count);
    return shifted.or(shifted.shiftRight(a.bits));
  }

  @Test
  void counting() {
    check(Op.CLZ, (a, b) -> BigInteger.valueOf(a.bits - a.unsigned().bitLength()));
    check(Op.CTZ, (a, b) -> BigInteger.valueOf(a.zero() ? a.bits : a.unsigned().getLowestSetBit()));
    check(Op.POPCNT, (a, b) -> BigInteger.valueOf(a.unsigned().bitCount()));
    check(
        Op.BSWAP,
        (a, b) -> {
          BigInteger swapped = BigInteger.ZERO;
          for (int bit = 0; bit < a.bits; bit += 8) {
            BigInteger octet = a.unsigned().shiftRight(bit).and(BigInteger.valueOf(255));
            swapped = swapped.or(octet.shiftLeft(a.bits - 8 - bit));
          }
          return swapped;
        });
  }

  private static BigInteger ones(int length) {
    return BigInteger.ONE.shiftLeft(length).subtract(BigInteger.ONE);
  }

  @Test
  void extensionsAndFields() {
    for (Type type : List.of(Type.I32, Type.I64)) {
      for (long a : values(type)) {
        BigInteger bits = new Num(a, type.bits()).unsigned();
        for (int width = 1; width < type.bits(); width++) {
          BigInteger low = bits.and(ones(width));
          BigInteger sign = low.testBit(width - 1) ? BigInteger.ONE.shiftLeft(width) : low.xor(low);
          assertThat(Evaluator.evaluate(Op.ZEXT, type, width, a, 0, 0, 0))
              .as("zext %d %x", width, a)
              .isEqualTo(wrap(low, type));
          assertThat(Evaluator.evaluate(Op.SEXT, type, width, a, 0, 0, 0))
              .as("sext %d %x", width, a)
              .isEqualTo(wrap(low.subtract(sign), type));
        }
        for (int position = 0; position < type.bits(); position++) {
          for (int length = 1; position + length <= type.bits(); length++) {
            long imm = position | (long) length << 8;
            assertThat(Evaluator.evaluate(Op.EXTRACT, type, imm, a, 0, 0, 0))
                .as("extract %d+%d %s %x", position, length, type, a)
                .isEqualTo(wrap(bits.shiftRight(position).and(ones(length)), type));
            BigInteger hole = ones(length).shiftLeft(position);
            BigInteger put = BigInteger.valueOf(~a).shiftLeft(position).and(hole);
            assertThat(Evaluator.evaluate(Op.DEPOSIT, type, imm, a, ~a, 0, 0))
                .as("deposit %d+%d %s %x", position, length, type, a)
                .isEqualTo(wrap(bits.andNot(hole).or(put), type));
          }
        }
      }
    }
  }

  @Test
  void widths() {
    assertThat(Evaluator.evaluate(Op.WIDEN_S, Type.I64, 0, -5, 0, 0, 0)).isEqualTo(-5);
    assertThat(Evaluator.evaluate(Op.WIDEN_U, Type.I64, 0, -5, 0, 0, 0)).isEqualTo(0xffff_fffbL);
    assertThat(Evaluator.evaluate(Op.NARROW, Type.I32, 0, 0x1_8000_0000L, 0, 0, 0))
        .isEqualTo(Integer.MIN_VALUE);
    assertThat(Evaluator.evaluate(Op.CONST, Type.I32, 0xffff_ffffL, 0, 0, 0, 0)).isEqualTo(-1);
  }

  @Test
  void comparisonsAndChoices() {
    for (Type type : List.of(Type.I32, Type.I64)) {
      for (long a : values(type)) {
        for (long b : values(type)) {
          var x = new Num(a, type.bits());
          var y = new Num(b, type.bits());
          int signed = x.signed().compareTo(y.signed());
          int unsigned = x.unsigned().compareTo(y.unsigned());
          boolean common = x.unsigned().and(y.unsigned()).signum() != 0;
          for (Cond cond : Cond.values()) {
            boolean holds =
                switch (cond) {
                  case EQ -> signed == 0;
                  case NE -> signed != 0;
                  case LT -> signed < 0;
                  case GE -> signed >= 0;
                  case LE -> signed <= 0;
                  case GT -> signed > 0;
                  case LTU -> unsigned < 0;
                  case GEU -> unsigned >= 0;
                  case LEU -> unsigned <= 0;
                  case GTU -> unsigned > 0;
                  case TSTEQ -> !common;
                  case TSTNE -> common;
                };
            int imm = cond.ordinal();
            assertThat(Evaluator.evaluate(Op.SETCOND, type, imm, a, b, 0, 0))
                .as("%x %s %x", a, cond, b)
                .isEqualTo(holds ? 1 : 0);
            assertThat(Evaluator.evaluate(Op.SELECT, type, imm, a, b, 11, 22))
                .isEqualTo(holds ? 11 : 22);
          }
        }
      }
    }
  }

  @Test
  void secondResults() {
    for (Type type : List.of(Type.I32, Type.I64)) {
      int bits = type.bits();
      for (long a : values(type)) {
        for (long b : values(type)) {
          var x = new Num(a, bits);
          var y = new Num(b, bits);
          assertThat(Evaluator.second(Op.MUL2S, type, a, b, 0))
              .isEqualTo(wrap(x.signed().multiply(y.signed()).shiftRight(bits), type));
          assertThat(Evaluator.second(Op.MUL2U, type, a, b, 0))
              .isEqualTo(wrap(x.unsigned().multiply(y.unsigned()).shiftRight(bits), type));
          for (long carry = 0; carry < 2; carry++) {
            BigInteger in = BigInteger.valueOf(carry);
            BigInteger sum = x.unsigned().add(y.unsigned()).add(in);
            BigInteger difference = x.unsigned().subtract(y.unsigned()).subtract(in);
            assertThat(Evaluator.evaluate(Op.ADDC, type, 0, a, b, carry, 0))
                .isEqualTo(wrap(sum, type));
            assertThat(Evaluator.second(Op.ADDC, type, a, b, carry))
                .as("carry of %x + %x + %d", a, b, carry)
                .isEqualTo(sum.bitLength() > bits ? 1 : 0);
            assertThat(Evaluator.evaluate(Op.SUBB, type, 0, a, b, carry, 0))
                .isEqualTo(wrap(difference, type));
            assertThat(Evaluator.second(Op.SUBB, type, a, b, carry))
                .as("borrow of %x - %x - %d", a, b, carry)
                .isEqualTo(difference.signum() < 0 ? 1 : 0);
          }
        }
      }
    }
  }

  @Test
  void flags() {
    long packed = Evaluator.second(Op.SUBF, Type.I32, 5, 7, 0);
    assertThat(packed & (Flags.C | Flags.N | Flags.Z | Flags.V)).isEqualTo(Flags.C | Flags.N);
    assertThat(Evaluator.evaluate(Op.SUBF, Type.I32, 0, 5, 7, 0, 0)).isEqualTo(-2);
    assertThat(Evaluator.second(Op.ADDF, Type.I32, Integer.MAX_VALUE, 1, 0) & Flags.V)
        .isEqualTo(Flags.V);
    assertThat(Evaluator.second(Op.ADCF, Type.I64, -1, 0, 1) & (Flags.C | Flags.Z))
        .isEqualTo(Flags.C | Flags.Z);
    assertThat(Evaluator.second(Op.SBBF, Type.I64, 0, 0, 1) & (Flags.C | Flags.N))
        .isEqualTo(Flags.C | Flags.N);
    assertThat(Evaluator.evaluate(Op.LOGICF, Type.I32, 0, 0, 0, 0, 0))
        .isEqualTo(Flags.Z | Flags.P | Flags.ONE);
    for (FlagCond cond : FlagCond.values()) {
      // All that have no bit besides those of flags.
      for (int f = Flags.ALL; f >= 0; f = f == 0 ? -1 : (f - 1) & Flags.ALL) {
        assertThat(Evaluator.evaluate(Op.FLAGS_SETCOND, Type.I64, cond.ordinal(), f, 0, 0, 0))
            .isEqualTo(cond.test(f) ? 1 : 0);
        assertThat(Evaluator.evaluate(Op.FLAGS_BITS, Type.I32, 0, f, 0, 0, 0)).isEqualTo(f);
      }
    }
  }
}
