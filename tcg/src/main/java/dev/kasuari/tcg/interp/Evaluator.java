package dev.kasuari.tcg.interp;

import dev.kasuari.machine.cpu.LaneHash;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.FlagCond;
import dev.kasuari.tcg.ir.Flags;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;

/**
 * What the pure operations compute: the reference of the IR. 32-bit values are passed and returned
 * sign-extended.
 */
public final class Evaluator {
  private Evaluator() {}

  /** The first (or only) result of a pure operation. Operands that it lacks are ignored. */
  public static long evaluate(Op op, Type type, long imm, long a, long b, long c, long d) {
    long result = type == Type.I32 ? evaluate32(op, (int) a, (int) b) : evaluate64(op, a, b);
    return switch (op) {
      case SETCOND -> Cond.of((int) imm).test(a, b) ? 1 : 0;
      case SELECT -> Cond.of((int) imm).test(a, b) ? c : d;
      case ADDC, ADCF -> fit(type, a + b + c);
      case SUBB, SBBF -> fit(type, a - b - c);
      case CONST -> fit(type, imm);
      case NOT -> ~a;
      case AND -> a & b;
      case OR -> a | b;
      case XOR -> a ^ b;
      case ANDC -> a & ~b;
      case MINS -> Math.min(a, b);
      case MAXS -> Math.max(a, b);
      case MINU -> Long.compareUnsigned(a, b) < 0 ? a : b;
      case MAXU -> Long.compareUnsigned(a, b) > 0 ? a : b;
      case SEXT -> a << (64 - imm) >> (64 - imm);
      case ZEXT -> a << (64 - imm) >>> (64 - imm);
      case EXTRACT -> fit(type, a >>> (imm & 0xff) & ones((int) (imm >> 8)));
      case DEPOSIT -> fit(type, deposit(imm, a, b));
      case HASH -> LaneHash.of(a, b, c, d);
      case WIDEN_S -> (int) a;
      case WIDEN_U -> a & 0xffffffffL;
      case ROTL_S -> Integer.rotateLeft((int) a, (int) imm);
      case NARROW -> (int) a;
      case LOGICF -> Flags.logic(a, type.bits());
      case CMCF -> a ^ Flags.C;
      case FLAGS_MAKE -> (a & Flags.ALL) | Flags.ONE;
      case FLAGS_BITS -> a;
      case FLAGS_SETCOND -> FlagCond.of((int) imm).test((int) a) ? 1 : 0;
      default -> result;
    };
  }

  /** The second result of a pure operation that has two. */
  public static long second(Op op, Type type, long a, long b, long c) {
    int bits = type.bits();
    return switch (op) {
      case MUL2S -> evaluate(Op.MULHS, type, 0, a, b, 0, 0);
      case MUL2U -> evaluate(Op.MULHU, type, 0, a, b, 0, 0);
      case ADDC -> carry(Flags.add(a, b, a + b + c, (int) c, bits));
      case SUBB -> carry(Flags.subtract(a, b, a - b - c, (int) c, bits));
      case ADDF -> Flags.add(a, b, a + b, 0, bits);
      case ADCF -> Flags.add(a, b, a + b + c, (int) c, bits);
      case SUBF -> Flags.subtract(a, b, a - b, 0, bits);
      case SBBF -> Flags.subtract(a, b, a - b - c, (int) c, bits);
      default -> throw new IllegalArgumentException(op.mnemonic() + " has one result");
    };
  }

  private static long carry(int flags) {
    return (flags & Flags.C) != 0 ? 1 : 0;
  }

  private static long fit(Type type, long value) {
    return type == Type.I32 ? (int) value : value;
  }

  private static long ones(int length) {
    return length == 64 ? -1 : (1L << length) - 1;
  }

  private static long deposit(long imm, long a, long b) {
    int position = (int) imm & 0xff;
    long mask = ones((int) (imm >> 8)) << position;
    return (a & ~mask) | (b << position & mask);
  }

  private static long evaluate64(Op op, long a, long b) {
    return switch (op) {
      case ADD, ADDF -> a + b;
      case SUB, SUBF -> a - b;
      case MUL, MUL2S, MUL2U -> a * b;
      case MULHS -> Math.multiplyHigh(a, b);
      case MULHU -> Math.unsignedMultiplyHigh(a, b);
      case MULHSU -> Math.multiplyHigh(a, b) + (b < 0 ? a : 0);
      case DIVS -> b == 0 ? 0 : a / b;
      case DIVU -> b == 0 ? 0 : Long.divideUnsigned(a, b);
      case REMS -> b == 0 ? a : a % b;
      case REMU -> b == 0 ? a : Long.remainderUnsigned(a, b);
      case NEG -> -a;
      case SHL -> a << b;
      case SHR -> a >>> b;
      case SAR -> a >> b;
      case ROTL -> Long.rotateLeft(a, (int) b);
      case ROTR -> Long.rotateRight(a, (int) b);
      case CLZ -> Long.numberOfLeadingZeros(a);
      case CTZ -> Long.numberOfTrailingZeros(a);
      case POPCNT -> Long.bitCount(a);
      case BSWAP -> Long.reverseBytes(a);
      default -> 0;
    };
  }

  private static int evaluate32(Op op, int a, int b) {
    return switch (op) {
      case ADD, ADDF -> a + b;
      case SUB, SUBF -> a - b;
      case MUL, MUL2S, MUL2U -> a * b;
      case MULHS -> (int) (((long) a * b) >> 32);
      case MULHU -> (int) (((a & 0xffffffffL) * (b & 0xffffffffL)) >>> 32);
      case MULHSU -> (int) ((a * (b & 0xffffffffL)) >> 32);
      case DIVS -> b == 0 ? 0 : a / b;
      case DIVU -> b == 0 ? 0 : Integer.divideUnsigned(a, b);
      case REMS -> b == 0 ? a : a % b;
      case REMU -> b == 0 ? a : Integer.remainderUnsigned(a, b);
      case NEG -> -a;
      case SHL -> a << b;
      case SHR -> a >>> b;
      case SAR -> a >> b;
      case ROTL -> Integer.rotateLeft(a, b);
      case ROTR -> Integer.rotateRight(a, b);
      case CLZ -> Integer.numberOfLeadingZeros(a);
      case CTZ -> Integer.numberOfTrailingZeros(a);
      case POPCNT -> Integer.bitCount(a);
      case BSWAP -> Integer.reverseBytes(a);
      default -> 0;
    };
  }
}
