package dev.kasuari.tcg.ir;

/** A unit as text, one operation a line, as {@code -d op} shows it. */
public final class Printer {
  private Printer() {}

  /** The whole unit. */
  public static String print(IrUnit unit) {
    var text = new StringBuilder();
    for (int block = 0; block < unit.blocks(); block++) {
      text.append('b').append(block);
      if (unit.parameterCount(block) > 0) {
        text.append('(');
        for (int p = 0; p < unit.parameterCount(block); p++) {
          int value = unit.firstParameter(block) + p;
          text.append(p == 0 ? "" : ", ");
          text.append('v').append(value).append(':').append(unit.valueType(value));
        }
        text.append(')');
      }
      text.append(":\n");
      int i = unit.blockStart(block);
      do {
        text.append("  ").append(line(unit, i)).append('\n');
      } while (!unit.op(i++).terminator());
    }
    return text.toString();
  }

  /** One operation. */
  public static String line(IrUnit unit, int i) {
    Op op = unit.op(i);
    var text = new StringBuilder();
    if (unit.result(i) != IrUnit.NONE) {
      for (int r = 0; r < op.resultCount(); r++) {
        int value = unit.result(i) + r;
        text.append(r == 0 ? "" : ", ").append('v').append(value);
        text.append(':').append(unit.valueType(value));
      }
      text.append(" = ");
    }
    text.append(op.mnemonic());
    String attribute = attribute(unit, i);
    if (!attribute.isEmpty()) {
      text.append(' ').append(attribute);
    }
    int fixed = op == Op.CALL ? unit.argumentCount(i) : op.fixedOperands();
    for (int a = 0; a < fixed; a++) {
      text.append(a == 0 ? " " : ", ").append('v').append(unit.argument(i, a));
    }
    return text.append(targets(unit, i, fixed)).toString();
  }

  private static String attribute(IrUnit unit, int i) {
    long imm = unit.immediate(i);
    return switch (unit.op(i)) {
      case CONST -> "0x" + Long.toHexString(unit.type(i) == Type.I32 ? imm & 0xffffffffL : imm);
      case PC, GOTO -> (imm < 0 ? "-0x" : "+0x") + Long.toHexString(Math.abs(imm));
      case SEXT, ZEXT, ROTL_S, UNIT_START -> Long.toString(imm);
      case EXTRACT, DEPOSIT -> (imm & 0xff) + "+" + (imm >> 8);
      case SETCOND, SELECT, BRCOND -> Cond.of((int) imm).toString();
      case FLAGS_SETCOND, BRFLAGS -> FlagCond.of((int) imm).toString();
      case VECTOR -> unit.vector(i).describe();
      case GET, SET -> StateView.describe(imm);
      case LOAD, STORE, LOAD2, STORE2, CAS, CAS2, LL, SC, PROBE ->
          '[' + MemDesc.describe(imm) + ']';
      case RMW -> Rmw.of(unit.auxiliary(i)) + " [" + MemDesc.describe(imm) + ']';
      case FENCE -> "0x" + Long.toHexString(imm);
      case RAISE -> Long.toString(imm);
      case JUMP -> imm == 0 ? "" : Long.toString(imm);
      case EXIT -> ExitReason.of(unit.auxiliary(i)).toString();
      case CALL -> unit.helpers().get(unit.auxiliary(i)).name();
      case INSN_START -> {
        var instruction = unit.instructions().get(unit.auxiliary(i));
        yield "+0x" + Integer.toHexString(instruction.delta()) + " " + instruction.length();
      }
      default -> unit.op(i).is(Op.Trait.FP) ? FpDesc.describe(imm) : "";
    };
  }

  private static String targets(IrUnit unit, int i, int from) {
    if (unit.target(i) == IrUnit.NONE) {
      return "";
    }
    int taken = unit.target(i);
    String text = " -> " + edge(unit, i, taken, from);
    int other = unit.otherTarget(i);
    if (other != IrUnit.NONE) {
      text += " else " + edge(unit, i, other, from + unit.parameterCount(taken));
    }
    return text;
  }

  private static String edge(IrUnit unit, int i, int block, int from) {
    var text = new StringBuilder("b").append(block);
    for (int p = 0; p < unit.parameterCount(block); p++) {
      text.append(p == 0 ? "(" : ", ").append('v').append(unit.argument(i, from + p));
    }
    return text.append(unit.parameterCount(block) > 0 ? ")" : "").toString();
  }
}
