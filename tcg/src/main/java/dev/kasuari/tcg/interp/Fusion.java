package dev.kasuari.tcg.interp;

import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import org.jspecify.annotations.Nullable;

/**
 * Recognises the sequences that an instruction of a load-store architecture becomes — registers
 * read, one operation, a register written — and lowers each as one of the interpreter's {@code X_}
 * forms. Measured on a Linux boot: dispatching is most of the interpreter's time, and these
 * sequences are most of the dispatches.
 *
 * <p>A sequence qualifies only if all its values are used once, inside it; so nothing is computed
 * twice and nothing is missing afterwards.
 */
final class Fusion {
  private final IrUnit unit;
  private final Lowering out;
  private final int[] uses;
  private final int[] definition;

  Fusion(IrUnit unit, Lowering out) {
    this.unit = unit;
    this.out = out;
    this.uses = new int[unit.values()];
    this.definition = new int[unit.values()];
    for (int i = 0; i < unit.size(); i++) {
      for (int a = 0; a < unit.argumentCount(i); a++) {
        uses[unit.argument(i, a)]++;
      }
      if (unit.result(i) != IrUnit.NONE) {
        definition[unit.result(i)] = i;
      }
    }
  }

  /** Lowers the sequence that starts at operation {@code i}; its last operation, or −1 if none. */
  int fuse(int i) {
    int main = i;
    while (isRegister(main) || isWord(main) || isConstant(main)) {
      main++;
    }
    if (main == i || main - i > 2) {
      return -1;
    }
    return switch (unit.op(main)) {
      case ADD, SUB, AND, OR, XOR, SHL, SHR, SAR -> arithmetic(i, main);
      case LOAD -> main == i + 1 ? load(i, main, unit.argument(main, 0), null) : -1;
      case STORE -> main == i + 2 ? store(i, main, null) : -1;
      case BRCOND -> branch(i, main);
      default -> -1;
    };
  }

  // ---- what the parts look like ----------------------------------------------------------------

  /** A whole 64-bit register is read. */
  private boolean isRegister(int i) {
    return unit.op(i) == Op.GET
        && unit.type(i) == Type.I64
        && StateView.size(unit.immediate(i)) == 8
        && uses[unit.result(i)] == 1;
  }

  /** The low half of a register is read. */
  private boolean isWord(int i) {
    return unit.op(i) == Op.GET
        && unit.type(i) == Type.I32
        && StateView.size(unit.immediate(i)) == 4
        && uses[unit.result(i)] == 1;
  }

  private boolean isConstant(int i) {
    return unit.op(i) == Op.CONST
        && unit.immediate(i) == (int) unit.immediate(i)
        && uses[unit.result(i)] == 1;
  }

  /** The operation that defines an operand, if it is one of the window {@code from … main − 1}. */
  private int leaf(int from, int main, int position) {
    int at = definition[unit.argument(main, position)];
    return at >= from && at < main ? at : -1;
  }

  private int offset(int get) {
    return StateView.offset(unit.immediate(get));
  }

  /**
   * Whether operation {@code i} writes {@code value} to a whole register, and nobody else uses it.
   */
  private boolean writes(int i, int value) {
    return unit.op(i) == Op.SET
        && StateView.size(unit.immediate(i)) == 8
        && unit.argument(i, 0) == value
        && uses[value] == 1;
  }

  // ---- arithmetic ------------------------------------------------------------------------------

  private int arithmetic(int from, int main) {
    int a = leaf(from, main, 0);
    int b = leaf(from, main, 1);
    if (a < 0 || b < 0 || main - from != 2) {
      return -1;
    }
    int value = unit.result(main);
    Op next = unit.op(main + 1);
    if (unit.type(main) == Type.I32) {
      return next == Op.WIDEN_S && unit.argument(main + 1, 0) == value && uses[value] == 1
          ? word(main, a, b)
          : -1;
    }
    if (unit.op(main) == Op.ADD && isRegister(a) && isConstant(b)) {
      if (next == Op.LOAD && unit.argument(main + 1, 0) == value && uses[value] == 1) {
        return load(a, main + 1, value, unit.immediate(b));
      }
      if (addressesStore(main, value)) {
        return store(a, main + 2, unit.immediate(b));
      }
    }
    return writes(main + 1, value) ? register(main, a, b) : -1;
  }

  /** After an address, a register is read and stored there. */
  private boolean addressesStore(int main, int value) {
    return uses[value] == 1
        && (isRegister(main + 1) || isWord(main + 1))
        && unit.op(main + 2) == Op.STORE
        && unit.argument(main + 2, 0) == value
        && unit.argument(main + 2, 1) == unit.result(main + 1);
  }

  private int register(int main, int a, int b) {
    int target = offset(main + 1);
    if (isConstant(a) && isConstant(b) && unit.op(main) == Op.ADD) {
      long sum = unit.immediate(a) + unit.immediate(b);
      if (sum != (int) sum) {
        return -1;
      }
      out.emit(Opcode.X_CONST, target, (int) sum);
    } else if (isRegister(a) && isConstant(b) && immediateForm(unit.op(main)) >= 0) {
      out.emit(immediateForm(unit.op(main)), target, offset(a), (int) unit.immediate(b));
    } else if (isRegister(a) && isRegister(b) && registerForm(unit.op(main)) >= 0) {
      out.emit(registerForm(unit.op(main)), target, offset(a), offset(b));
    } else {
      return -1;
    }
    return main + 1;
  }

  private static int registerForm(Op op) {
    return switch (op) {
      case ADD -> Opcode.X_ADD;
      case SUB -> Opcode.X_SUB;
      case AND -> Opcode.X_AND;
      case OR -> Opcode.X_OR;
      case XOR -> Opcode.X_XOR;
      default -> -1;
    };
  }

  private static int immediateForm(Op op) {
    return switch (op) {
      case ADD -> Opcode.X_ADD_I;
      case AND -> Opcode.X_AND_I;
      case OR -> Opcode.X_OR_I;
      case XOR -> Opcode.X_XOR_I;
      case SHL -> Opcode.X_SHL_I;
      case SHR -> Opcode.X_SHR_I;
      case SAR -> Opcode.X_SAR_I;
      default -> -1;
    };
  }

  /** A 32-bit result, sign-extended into a register. */
  private int word(int main, int a, int b) {
    if (!writes(main + 2, unit.result(main + 1)) || !isWord(a)) {
      return -1;
    }
    Op op = unit.op(main);
    int target = offset(main + 2);
    if (isConstant(b) && (op == Op.ADD || op == Op.SHL)) {
      int opcode = op == Op.ADD ? Opcode.X_ADD_32_I : Opcode.X_SHL_32_I;
      out.emit(opcode, target, offset(a), (int) unit.immediate(b));
    } else if (isWord(b) && (op == Op.ADD || op == Op.SUB)) {
      out.emit(op == Op.ADD ? Opcode.X_ADD_32 : Opcode.X_SUB_32, target, offset(a), offset(b));
    } else {
      return -1;
    }
    return main + 2;
  }

  // ---- memory ----------------------------------------------------------------------------------

  private int load(int base, int load, int address, @Nullable Long displacement) {
    long desc = unit.immediate(load);
    boolean fits =
        Lowering.plain(desc)
            && unit.type(load) == Type.I64
            && isRegister(base)
            && uses[address] == 1
            && writes(load + 1, unit.result(load));
    if (!fits || (displacement == null && unit.result(base) != address)) {
      return -1;
    }
    out.emit(
        Opcode.X_LOAD_1U + Lowering.loadForm(desc, Type.I64),
        offset(load + 1),
        offset(base),
        displacement == null ? 0 : displacement.intValue(),
        EngineState.tlb(MemDesc.mmuIndex(desc)),
        (int) desc,
        out.instruction());
    return load + 1;
  }

  private int store(int base, int store, @Nullable Long displacement) {
    long desc = unit.immediate(store);
    int value = definition[unit.argument(store, 1)];
    boolean fits =
        Lowering.plain(desc)
            && isRegister(base)
            && value == store - 1
            && (isRegister(value) || isWord(value));
    if (!fits || (displacement == null && unit.argument(store, 0) != unit.result(base))) {
      return -1;
    }
    out.emit(
        Opcode.X_STORE_1 + MemDesc.sizeLog2(desc),
        offset(base),
        displacement == null ? 0 : displacement.intValue(),
        offset(value),
        EngineState.tlb(MemDesc.mmuIndex(desc)),
        (int) desc,
        out.instruction());
    return store;
  }

  // ---- branches --------------------------------------------------------------------------------

  private int branch(int from, int main) {
    int a = leaf(from, main, 0);
    int b = leaf(from, main, 1);
    if (a < 0 || b < 0 || main - from != 2 || !isRegister(a)) {
      return -1;
    }
    Cond cond = Cond.of((int) unit.immediate(main));
    int opcode = isRegister(b) ? registerBranch(cond) : isConstant(b) ? immediateBranch(cond) : -1;
    if (opcode < 0) {
      return -1;
    }
    int second = isRegister(b) ? offset(b) : (int) unit.immediate(b);
    out.emit(opcode, offset(a), second);
    out.conditionalEdges(main, unit.target(main), unit.otherTarget(main), -1, 2);
    return main;
  }

  private static int registerBranch(Cond cond) {
    return switch (cond) {
      case EQ -> Opcode.X_BR_EQ;
      case NE -> Opcode.X_BR_NE;
      case LT -> Opcode.X_BR_LT;
      case GE -> Opcode.X_BR_GE;
      case LTU -> Opcode.X_BR_LTU;
      case GEU -> Opcode.X_BR_GEU;
      default -> -1;
    };
  }

  private static int immediateBranch(Cond cond) {
    return switch (cond) {
      case EQ -> Opcode.X_BR_EQ_I;
      case NE -> Opcode.X_BR_NE_I;
      case LT -> Opcode.X_BR_LT_I;
      case GE -> Opcode.X_BR_GE_I;
      default -> -1;
    };
  }
}
