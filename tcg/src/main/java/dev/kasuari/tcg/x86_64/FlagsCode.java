package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Width.BITS_32;

import dev.kasuari.tcg.ir.FlagCond;
import dev.kasuari.tcg.ir.Flags;
import dev.kasuari.tcg.ir.Op;

/**
 * Emits what makes and reads flags. In code a flags value is what the host has: bit 0 is the
 * overflow, bits 8 to 15 are what LAHF stores.
 */
final class FlagsCode {
  private static final int HOST_V = 1;
  private static final int HOST_C = 1 << 8;
  private static final int HOST_P = 1 << 10;
  private static final int HOST_A = 1 << 12;
  private static final int HOST_Z = 1 << 14;
  private static final int HOST_N = 1 << 15;

  private final CodeGenerator g;
  private final Assembler a;

  FlagsCode(CodeGenerator generator) {
    g = generator;
    a = generator.a;
  }

  /** A flags value as code has it, packed as {@link Flags} says. */
  static int pack(int host) {
    return ((host & HOST_C) != 0 ? Flags.C : 0)
        | ((host & HOST_V) != 0 ? Flags.V : 0)
        | ((host & HOST_Z) != 0 ? Flags.Z : 0)
        | ((host & HOST_N) != 0 ? Flags.N : 0)
        | ((host & HOST_A) != 0 ? Flags.A : 0)
        | ((host & HOST_P) != 0 ? Flags.P : 0);
  }

  /** A packed flags value as code wants it. */
  static int unpack(int flags) {
    return ((flags & Flags.C) != 0 ? HOST_C : 0)
        | ((flags & Flags.V) != 0 ? HOST_V : 0)
        | ((flags & Flags.Z) != 0 ? HOST_Z : 0)
        | ((flags & Flags.N) != 0 ? HOST_N : 0)
        | ((flags & Flags.A) != 0 ? HOST_A : 0)
        | ((flags & Flags.P) != 0 ? HOST_P : 0);
  }

  void operation(int i) {
    switch (g.unit().op(i)) {
      case ADDF -> arithmetic(Alu.ADD, i);
      case SUBF -> arithmetic(Alu.SUB, i);
      case ADCF -> arithmetic(Alu.ADC, i);
      case SBBF -> arithmetic(Alu.SBB, i);
      case LOGICF -> logic(i);
      case FLAGS_SETCOND -> setcond(i);
      default -> throw new AssertionError(g.unit().op(i));
    }
  }

  private void arithmetic(Alu operation, int i) {
    Gpr y = g.use(i, 1);
    Op op = g.unit().op(i);
    Gpr carry = op == Op.ADCF || op == Op.SBBF ? g.use(i, 2) : null;
    Gpr d = g.defineFrom(i, 0);
    Gpr flags = g.registers.define(g.unit().result(i) + 1);
    if (carry != null) {
      a.bt(BITS_32, carry, 0);
    }
    a.alu(operation, g.width(i), d, y);
    a.set(Cc.O, RAX);
    a.lahf();
    a.zeroExtend(2, flags, RAX);
  }

  /** Without carry, overflow and auxiliary carry, the last of which TEST leaves open. */
  private void logic(int i) {
    Gpr x = g.use(i, 0);
    Gpr flags = g.define(i);
    a.test(g.width(i), x, x);
    a.zeroExtend(1, RAX, RAX);
    a.lahf();
    a.alu(Alu.AND, BITS_32, RAX, HOST_P | HOST_Z | HOST_N);
    a.mov(BITS_32, flags, RAX);
  }

  private void setcond(int i) {
    Gpr d = g.define(i);
    Cc cc = condition(i, FlagCond.of((int) g.unit().immediate(i)));
    a.set(cc, RAX);
    a.zeroExtend(1, d, RAX);
  }

  /** Puts the flags value that is the first operand into the host's flags. */
  Cc condition(int i, FlagCond cond) {
    g.registers.copyTo(RAX, g.unit().argument(i, 0));
    a.alu(Alu.ADD, 1, RAX, 0x7f);
    a.sahf();
    return switch (cond) {
      case Z -> Cc.E;
      case NZ -> Cc.NE;
      case C -> Cc.B;
      case NC -> Cc.AE;
      case N -> Cc.S;
      case NN -> Cc.NS;
      case V -> Cc.O;
      case NV -> Cc.NO;
      case P -> Cc.P;
      case NP -> Cc.NP;
      case HI -> {
        a.cmc();
        yield Cc.A;
      }
      case LS -> {
        a.cmc();
        yield Cc.BE;
      }
      case GE -> Cc.GE;
      case LT -> Cc.L;
      case GT -> Cc.G;
      case LE -> Cc.LE;
      case ABOVE -> Cc.A;
      case BELOW_EQUAL -> Cc.BE;
    };
  }
}
