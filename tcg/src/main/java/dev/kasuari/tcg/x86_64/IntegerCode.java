package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Gpr.RCX;
import static dev.kasuari.tcg.x86_64.Gpr.RDX;
import static dev.kasuari.tcg.x86_64.Width.BITS_32;
import static dev.kasuari.tcg.x86_64.Width.BITS_64;

import dev.kasuari.tcg.ir.Type;
import java.util.Objects;

/** Emits the integer operations that have code. */
final class IntegerCode {
  private final CodeGenerator g;
  private final Assembler a;
  private final Registers registers;
  private final CpuFeatures features;

  IntegerCode(CodeGenerator generator) {
    g = generator;
    a = generator.a;
    registers = generator.registers;
    features = generator.features;
  }

  /** Emits one operation; false if there is no code for it. */
  boolean operation(int i) {
    switch (g.unit().op(i)) {
      case ADD -> add(i);
      case SUB -> alu(Alu.SUB, i);
      case AND -> alu(Alu.AND, i);
      case OR -> alu(Alu.OR, i);
      case XOR -> alu(Alu.XOR, i);
      case ANDC -> andNot(i);
      case NOT -> a.not(g.width(i), g.defineFrom(i, 0));
      case NEG -> a.neg(g.width(i), g.defineFrom(i, 0));
      case MUL -> multiply(i);
      case MULHS, MULHU, MULHSU -> multiplyHigh(i);
      case MUL2S, MUL2U -> multiplyWide(i);
      case DIVS, DIVU, REMS, REMU -> divide(i);
      case ADDC -> withCarry(Alu.ADC, i);
      case SUBB -> withCarry(Alu.SBB, i);
      case SHL -> shift(Shift.SHL, i);
      case SHR -> shift(Shift.SHR, i);
      case SAR -> shift(Shift.SAR, i);
      case ROTL -> shift(Shift.ROL, i);
      case ROTR -> shift(Shift.ROR, i);
      case MINS -> choose(Cc.G, i);
      case MAXS -> choose(Cc.L, i);
      case MINU -> choose(Cc.A, i);
      case MAXU -> choose(Cc.B, i);
      case CLZ -> leadingZeros(i);
      case CTZ -> trailingZeros(i);
      case POPCNT -> {
        if (!features.has(CpuFeature.POPCNT)) {
          return false;
        }
        Gpr x = g.use(i, 0);
        a.popcnt(g.width(i), g.define(i), x);
      }
      case BSWAP -> a.bswap(g.width(i), g.defineFrom(i, 0));
      case NARROW -> g.defineFrom(i, 0);
      case WIDEN_S -> extend(i, 4, true);
      case WIDEN_U -> extend(i, 4, false);
      case ROTL_S -> rotateAndExtend(i);
      case SEXT -> signExtend(i);
      case ZEXT -> zeroExtend(i, (int) g.unit().immediate(i));
      case EXTRACT -> extract(i);
      case DEPOSIT -> deposit(i);
      default -> {
        return false;
      }
    }
    return true;
  }

  // ---- addition and logic ----------------------------------------------------------------------

  private void add(int i) {
    int x = g.unit().argument(i, 0);
    int y = g.unit().argument(i, 1);
    if (registers.immediate(y) && !registers.dies(x) && registers.inMemory(x) == null) {
      Gpr from = g.use(i, 0);
      a.lea(g.width(i), g.define(i), Mem.at(from, g.immediateValue(i, 1)));
    } else if (!registers.isConstant(y) && !registers.dies(x)) {
      if (registers.dies(y)) {
        twoOperands(Alu.ADD, i, y, x);
      } else if (registers.inMemory(x) == null && registers.inMemory(y) == null) {
        Gpr from = g.use(i, 0);
        Gpr index = g.use(i, 1);
        a.lea(g.width(i), g.define(i), new Mem(from, index, 0));
      } else {
        twoOperands(Alu.ADD, i, x, y);
      }
    } else {
      alu(Alu.ADD, i);
    }
  }

  private void alu(Alu operation, int i) {
    int x = g.unit().argument(i, 0);
    int y = g.unit().argument(i, 1);
    if (registers.immediate(y)) {
      a.alu(operation, g.width(i), g.defineFrom(i, 0), g.immediateValue(i, 1));
    } else if (operation != Alu.SUB && registers.dies(y) && !registers.dies(x)) {
      twoOperands(operation, i, y, x);
    } else {
      twoOperands(operation, i, x, y);
    }
  }

  /** The result is {@code x op y}, in the register of x if it may be. */
  private void twoOperands(Alu operation, int i, int x, int y) {
    Mem memory = x == y ? null : registers.inMemory(y);
    if (memory != null) {
      // Making room for the result may move what is in memory to a place in memory.
      Gpr d = registers.defineFrom(g.unit().result(i), x);
      Mem still = registers.inMemory(y);
      a.alu(operation, g.width(i), d, still == null ? memory : still);
    } else {
      Gpr second = registers.use(y);
      a.alu(operation, g.width(i), registers.defineFrom(g.unit().result(i), x), second);
    }
  }

  private void andNot(int i) {
    if (features.has(CpuFeature.BMI1)) {
      Gpr x = g.use(i, 0);
      Gpr y = g.use(i, 1);
      a.andn(g.width(i), g.define(i), y, x);
      return;
    }
    registers.copyTo(RCX, g.unit().argument(i, 1));
    a.not(BITS_64, RCX);
    a.alu(Alu.AND, g.width(i), g.defineFrom(i, 0), RCX);
  }

  /** The carry, 0 or 1, comes in and goes out. */
  private void withCarry(Alu operation, int i) {
    Gpr y = g.use(i, 1);
    Gpr carry = g.use(i, 2);
    Gpr d = g.defineFrom(i, 0);
    Gpr out = registers.define(g.unit().result(i) + 1);
    a.bt(BITS_32, carry, 0);
    a.alu(operation, g.width(i), d, y);
    a.set(Cc.B, RAX);
    a.zeroExtend(1, out, RAX);
  }

  /** The first operand, unless the condition holds between it and the second. */
  private void choose(Cc second, int i) {
    Gpr y = g.use(i, 1);
    Gpr d = g.defineFrom(i, 0);
    a.alu(Alu.CMP, g.width(i), d, y);
    a.cmov(second, BITS_64, d, y);
  }

  // ---- multiplication and division -------------------------------------------------------------

  private void multiply(int i) {
    if (g.immediate(i, 1)) {
      Gpr x = g.use(i, 0);
      a.imul(g.width(i), g.define(i), x, g.immediateValue(i, 1));
    } else {
      Gpr y = g.use(i, 1);
      a.imul(g.width(i), g.defineFrom(i, 0), y);
    }
  }

  private void multiplyHigh(int i) {
    Width width = g.width(i);
    Gpr x = g.use(i, 0);
    Gpr y = g.use(i, 1);
    Gpr d = g.define(i);
    a.mov(BITS_64, RAX, x);
    switch (g.unit().op(i)) {
      case MULHS -> a.imul(width, y);
      case MULHU -> a.mul(width, y);
      default -> {
        // Unsigned, less the second operand where the first is negative.
        a.mul(width, y);
        a.mov(BITS_64, RCX, x);
        a.shift(Shift.SAR, width, RCX, g.unit().type(i).bits() - 1);
        a.alu(Alu.AND, width, RCX, y);
        a.alu(Alu.SUB, width, RDX, RCX);
      }
    }
    a.mov(BITS_64, d, RDX);
  }

  private void multiplyWide(int i) {
    Gpr x = g.use(i, 0);
    Gpr y = g.use(i, 1);
    Gpr low = g.define(i);
    Gpr high = registers.define(g.unit().result(i) + 1);
    a.mov(BITS_64, RAX, x);
    if (g.unit().op(i) == dev.kasuari.tcg.ir.Op.MUL2S) {
      a.imul(g.width(i), y);
    } else {
      a.mul(g.width(i), y);
    }
    a.mov(BITS_64, low, RAX);
    a.mov(BITS_64, high, RDX);
  }

  private void divide(int i) {
    boolean signed =
        switch (g.unit().op(i)) {
          case DIVS, REMS -> true;
          default -> false;
        };
    boolean remainder =
        switch (g.unit().op(i)) {
          case REMS, REMU -> true;
          default -> false;
        };
    Width width = g.width(i);
    Gpr x = g.use(i, 0);
    Gpr y = g.use(i, 1);
    Gpr d = g.define(i);
    var byZero = new Label();
    var byMinusOne = new Label();
    var done = new Label();
    a.test(width, y, y);
    a.j(Cc.E, byZero);
    if (signed) {
      a.alu(Alu.CMP, width, y, -1);
      a.j(Cc.E, byMinusOne);
    }
    a.mov(BITS_64, RAX, x);
    if (signed) {
      a.cdq(width);
      a.idiv(width, y);
    } else {
      a.zero(RDX);
      a.div(width, y);
    }
    a.mov(BITS_64, d, remainder ? RDX : RAX);
    a.bind(done);
    g.later(() -> {
      a.bind(byZero);
      if (remainder) {
        a.mov(BITS_64, d, x);
      } else {
        a.zero(d);
      }
      a.jmp(done);
      if (signed) {
        a.bind(byMinusOne);
        if (remainder) {
          a.zero(d);
        } else {
          a.mov(BITS_64, d, x);
          a.neg(width, d);
        }
        a.jmp(done);
      }
    });
  }

  // ---- shifts and bits -------------------------------------------------------------------------

  private void shift(Shift operation, int i) {
    int bits = g.unit().type(i).bits();
    int x = g.unit().argument(i, 0);
    if (registers.isConstant(g.unit().argument(i, 1))) {
      int count = (int) registers.constant(g.unit().argument(i, 1)) & (bits - 1);
      boolean rotate = operation == Shift.ROL || operation == Shift.ROR;
      if (rotate && !registers.dies(x) && features.has(CpuFeature.BMI2)) {
        Gpr from = g.use(i, 0);
        int right = operation == Shift.ROR ? count : bits - count & bits - 1;
        a.rorx(g.width(i), g.define(i), from, right);
      } else {
        Gpr d = g.defineFrom(i, 0);
        if (count != 0) {
          a.shift(operation, g.width(i), d, count);
        }
      }
    } else if (operation.number >= Shift.SHL.number && features.has(CpuFeature.BMI2)) {
      Gpr from = g.use(i, 0);
      Gpr count = g.use(i, 1);
      a.shiftBy(operation, g.width(i), g.define(i), from, count);
    } else {
      registers.copyTo(RCX, g.unit().argument(i, 1));
      a.shiftByCl(operation, g.width(i), g.defineFrom(i, 0));
    }
  }

  private void rotateAndExtend(int i) {
    int left = (int) g.unit().immediate(i);
    Gpr d;
    if (features.has(CpuFeature.BMI2)) {
      Gpr from = g.use(i, 0);
      d = g.define(i);
      a.rorx(Width.BITS_32, d, from, 32 - left);
    } else {
      d = g.defineFrom(i, 0);
      a.shift(Shift.ROL, Width.BITS_32, d, left);
    }
    a.signExtend(4, Width.BITS_64, d, d);
  }

  private void leadingZeros(int i) {
    Gpr x = g.use(i, 0);
    Gpr d = g.define(i);
    int bits = g.unit().type(i).bits();
    if (features.has(CpuFeature.LZCNT)) {
      a.lzcnt(g.width(i), d, x);
    } else {
      a.mov(RCX, 2L * bits - 1);
      a.bsr(g.width(i), RAX, x);
      a.cmov(Cc.E, BITS_64, RAX, RCX);
      a.alu(Alu.XOR, BITS_32, RAX, bits - 1);
      a.mov(BITS_64, d, RAX);
    }
  }

  private void trailingZeros(int i) {
    Gpr x = g.use(i, 0);
    Gpr d = g.define(i);
    if (features.has(CpuFeature.BMI1)) {
      a.tzcnt(g.width(i), d, x);
    } else {
      a.mov(RCX, g.unit().type(i).bits());
      a.bsf(g.width(i), RAX, x);
      a.cmov(Cc.E, BITS_64, RAX, RCX);
      a.mov(BITS_64, d, RAX);
    }
  }

  /** The low bytes of the operand, from a register or from memory. */
  private void extend(int i, int bytes, boolean signed) {
    if (registers.inMemory(g.unit().argument(i, 0)) != null) {
      // Making room for the result may move what is in memory to another place in memory.
      Gpr d = g.define(i);
      Mem memory = Objects.requireNonNull(registers.inMemory(g.unit().argument(i, 0)));
      if (signed) {
        a.loadSigned(bytes, g.width(i), d, memory);
      } else {
        a.load(bytes, d, memory);
      }
      return;
    }
    Gpr x = g.use(i, 0);
    if (signed) {
      a.signExtend(bytes, g.width(i), g.define(i), x);
    } else {
      a.zeroExtend(bytes, g.define(i), x);
    }
  }

  private void signExtend(int i) {
    int bits = (int) g.unit().immediate(i);
    if (bits == 8 || bits == 16 || bits == 32) {
      extend(i, bits / 8, true);
    } else {
      Gpr d = g.defineFrom(i, 0);
      int shift = g.unit().type(i).bits() - bits;
      a.shift(Shift.SHL, g.width(i), d, shift);
      a.shift(Shift.SAR, g.width(i), d, shift);
    }
  }

  private void zeroExtend(int i, int bits) {
    if (bits == 8 || bits == 16 || bits == 32) {
      extend(i, bits / 8, false);
    } else if (bits < 32) {
      a.alu(Alu.AND, BITS_32, g.defineFrom(i, 0), (1 << bits) - 1);
    } else {
      field(i, g.unit().type(i).bits() - bits, g.unit().type(i).bits() - bits);
    }
  }

  private void extract(int i) {
    int position = (int) g.unit().immediate(i) & 0xff;
    int bits = (int) (g.unit().immediate(i) >> 8);
    int width = g.unit().type(i).bits();
    if (position == 0 && bits < width) {
      zeroExtend(i, bits);
    } else {
      field(i, width - position - bits, width - bits);
    }
  }

  private void field(int i, int left, int right) {
    Gpr d = g.defineFrom(i, 0);
    if (left != 0) {
      a.shift(Shift.SHL, g.width(i), d, left);
    }
    if (right != 0) {
      a.shift(Shift.SHR, g.width(i), d, right);
    }
  }

  private void deposit(int i) {
    int position = (int) g.unit().immediate(i) & 0xff;
    int bits = (int) (g.unit().immediate(i) >> 8);
    int width = g.unit().type(i).bits();
    registers.copyTo(RCX, g.unit().argument(i, 1));
    Gpr d = g.defineFrom(i, 0);
    if (bits == width) {
      a.mov(BITS_64, d, RCX);
      return;
    }
    long mask = ((1L << bits) - 1) << position;
    a.mov(RAX, g.unit().type(i) == Type.I32 ? (int) ~mask : ~mask);
    a.alu(Alu.AND, g.width(i), d, RAX);
    a.shift(Shift.SHL, g.width(i), RCX, width - bits);
    if (width - bits - position != 0) {
      a.shift(Shift.SHR, g.width(i), RCX, width - bits - position);
    }
    a.alu(Alu.OR, g.width(i), d, RCX);
  }
}
