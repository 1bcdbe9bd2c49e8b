package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Width.BITS_32;

import dev.kasuari.tcg.ir.FlagCond;
import dev.kasuari.tcg.ir.Flags;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;

/**
 * Emits what makes and reads flags. In code a flags value has the host's bits, which are those of
 * {@link Flags}; what the others are means nothing.
 */
final class FlagsCode {
  private final CodeGenerator g;
  private final Assembler a;

  /** The value that the host's flags were made of last. */
  private int kept = IrUnit.NONE;

  FlagsCode(CodeGenerator generator) {
    g = generator;
    a = generator.a;
  }

  void operation(int i) {
    switch (g.unit().op(i)) {
      case ADDF -> arithmetic(Alu.ADD, i);
      case SUBF -> arithmetic(Alu.SUB, i);
      case ADCF -> arithmetic(Alu.ADC, i);
      case SBBF -> arithmetic(Alu.SBB, i);
      case LOGICF -> logic(i);
      case CMCF -> {
        Gpr d = g.defineFrom(i, 0);
        a.alu(Alu.XOR, BITS_32, d, Flags.C);
      }
      case FLAGS_MAKE -> {
        Gpr d = g.defineFrom(i, 0);
        a.alu(Alu.AND, BITS_32, d, Flags.ALL);
        a.alu(Alu.OR, BITS_32, d, Flags.ONE);
      }
      case FLAGS_BITS -> g.defineFrom(i, 0);
      case FLAGS_SETCOND -> setcond(i);
      default -> throw new AssertionError(g.unit().op(i));
    }
  }

  /** The host's flags are those of a value, until an instruction that may change them. */
  private void keep(int value) {
    kept = value;
    a.keepFlags();
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
    keep(g.unit().result(i) + 1);
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
    a.alu(Alu.AND, BITS_32, RAX, Flags.P | Flags.Z | Flags.N | Flags.ONE);
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
    int value = g.unit().argument(i, 0);
    if (value != kept || !a.keepsFlags()) {
      g.registers.copyTo(RAX, value);
      a.alu(Alu.ADD, 1, RAX, 0x7f);
      a.sahf();
      keep(value);
    }
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
