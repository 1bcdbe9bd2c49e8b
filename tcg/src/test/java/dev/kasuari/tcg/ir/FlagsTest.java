package dev.kasuari.tcg.ir;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Flags by their definitions, for every pair of bytes. */
@Tag("fast")
class FlagsTest {
  private static int flag(boolean set, int flag) {
    return set ? flag : 0;
  }

  private static int expected(int unsigned, int signed, int nibble, int result) {
    int low = result & 0xff;
    return Flags.ONE
        | flag(unsigned < 0 || unsigned > 255, Flags.C)
        | flag(signed < -128 || signed > 127, Flags.V)
        | flag(low == 0, Flags.Z)
        | flag((low & 0x80) != 0, Flags.N)
        | flag(nibble < 0 || nibble > 15, Flags.A)
        | flag(Integer.bitCount(low) % 2 == 0, Flags.P);
  }

  @Test
  void additionOfBytes() {
    for (int a = 0; a < 256; a++) {
      for (int b = 0; b < 256; b++) {
        for (int carry = 0; carry < 2; carry++) {
          int sum = a + b + carry;
          int signed = (byte) a + (byte) b + carry;
          int nibble = (a & 15) + (b & 15) + carry;
          int want = expected(sum, signed, nibble, sum);
          assertThat(Flags.add(a, b, sum, carry, 8))
              .as("%x + %x + %d", a, b, carry)
              .isEqualTo(want);
          // However the operands and the result are extended: only eight bits count.
          assertThat(Flags.add((byte) a, (byte) b, (byte) sum, carry, 8))
              .as("signed %x + %x + %d", a, b, carry)
              .isEqualTo(want);
        }
      }
    }
  }

  @Test
  void subtractionOfBytes() {
    for (int a = 0; a < 256; a++) {
      for (int b = 0; b < 256; b++) {
        for (int borrow = 0; borrow < 2; borrow++) {
          int difference = a - b - borrow;
          int signed = (byte) a - (byte) b - borrow;
          int nibble = (a & 15) - (b & 15) - borrow;
          assertThat(Flags.subtract(a, b, difference, borrow, 8))
              .as("%x - %x - %d", a, b, borrow)
              .isEqualTo(expected(difference, signed, nibble, difference));
        }
      }
    }
  }

  @Test
  void widerOperandsCarryOutOfTheirOwnTop() {
    assertThat(Flags.add(-1, 1, 0, 0, 64) & (Flags.C | Flags.Z)).isEqualTo(Flags.C | Flags.Z);
    assertThat(Flags.add(-1, -1, -1, 1, 64) & Flags.C).isEqualTo(Flags.C);
    assertThat(Flags.add(0, -1, 0, 1, 64) & Flags.C).isEqualTo(Flags.C);
    assertThat(Flags.add(Long.MAX_VALUE, 1, Long.MIN_VALUE, 0, 64) & (Flags.C | Flags.V))
        .isEqualTo(Flags.V);
    assertThat(Flags.subtract(0, -1, 0, 1, 64) & Flags.C).isEqualTo(Flags.C);
    assertThat(Flags.subtract(5, 5, -1, 1, 64) & Flags.C).isEqualTo(Flags.C);
    assertThat(Flags.add(0xffff_ffffL, 1, 1L << 32, 0, 32) & (Flags.C | Flags.Z))
        .isEqualTo(Flags.C | Flags.Z);
    assertThat(Flags.subtract(Integer.MIN_VALUE, 1, Integer.MAX_VALUE, 0, 32) & Flags.V)
        .isEqualTo(Flags.V);
  }

  @Test
  void logicSetsNeitherCarryNorOverflow() {
    for (int value = 0; value < 256; value++) {
      assertThat(Flags.logic(value, 8)).isEqualTo(expected(0, 0, 0, value));
    }
    assertThat(Flags.logic(1L << 32, 32)).isEqualTo(Flags.Z | Flags.P | Flags.ONE);
  }

  @Test
  void conditionsAfterASubtractionCompare() {
    for (int a = 0; a < 256; a++) {
      for (int b = 0; b < 256; b++) {
        int flags = Flags.subtract(a, b, a - b, 0, 8);
        check(FlagCond.Z, flags, a == b);
        check(FlagCond.C, flags, a < b);
        check(FlagCond.ABOVE, flags, a > b);
        check(FlagCond.GE, flags, (byte) a >= (byte) b);
        check(FlagCond.GT, flags, (byte) a > (byte) b);
        check(FlagCond.N, flags, ((a - b) & 0x80) != 0);
        check(FlagCond.V, flags, (byte) a - (byte) b != (byte) (a - b));
        check(FlagCond.P, flags, Integer.bitCount((a - b) & 0xff) % 2 == 0);
        // Where carry means "no borrow".
        check(FlagCond.HI, flags ^ Flags.C, a > b);
      }
    }
  }

  private static void check(FlagCond cond, int flags, boolean holds) {
    assertThat(cond.test(flags)).as("%s of %x", cond, flags).isEqualTo(holds);
    assertThat(cond.inverse().test(flags)).as("%s of %x", cond.inverse(), flags).isEqualTo(!holds);
  }

  @Test
  void inversesAreMutualAndOrdinalsRoundTrip() {
    for (FlagCond cond : FlagCond.values()) {
      assertThat(cond.inverse()).isNotEqualTo(cond);
      assertThat(cond.inverse().inverse()).isEqualTo(cond);
      assertThat(FlagCond.of(cond.ordinal())).isEqualTo(cond);
      for (int flags = 0; flags < 64; flags++) {
        assertThat(cond.inverse().test(flags)).isNotEqualTo(cond.test(flags));
      }
    }
    for (Cond cond : Cond.values()) {
      assertThat(cond.inverse().inverse()).isEqualTo(cond);
      assertThat(Cond.of(cond.ordinal())).isEqualTo(cond);
      for (long a : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
        for (long b : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
          assertThat(cond.inverse().test(a, b)).isNotEqualTo(cond.test(a, b));
        }
      }
    }
  }
}
