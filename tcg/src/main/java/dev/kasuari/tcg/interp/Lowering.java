package dev.kasuari.tcg.interp;

import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.InstructionMap;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import java.util.Arrays;

/**
 * Turns IR into the interpreter's words, in order: nothing is moved, a constant second operand
 * becomes an immediate, a widening copy that changes no bit becomes another name for its slot, and
 * {@link Fusion} takes common sequences together.
 */
final class Lowering {
  private final IrUnit unit;
  private int[] words = new int[512];
  private int length;
  private final int[] slot;
  private final boolean[] constant;
  private final long[] constantValue;
  private final int[] blockWord;
  private int[] fixups = new int[32];
  private int fixupCount;
  private int frame;
  private int instruction;
  private final Fusion fusion;

  private Lowering(IrUnit unit) {
    this.unit = unit;
    this.frame = unit.values() + 1;
    this.slot = new int[unit.values()];
    this.constant = new boolean[unit.values()];
    this.constantValue = new long[unit.values()];
    this.blockWord = new int[unit.blocks()];
    this.fusion = new Fusion(unit, this);
    for (int v = 0; v < slot.length; v++) {
      slot[v] = v;
    }
  }

  static InterpCode lower(IrUnit unit) {
    return new Lowering(unit).run();
  }

  private InterpCode run() {
    int[] atEntries = InstructionMap.atEntries(unit);
    for (int block = 0; block < unit.blocks(); block++) {
      blockWord[block] = length;
      // A block may be laid out after those of later instructions.
      instruction = Math.max(atEntries[block], 0);
      int i = unit.blockStart(block);
      int last;
      do {
        last = fusion.fuse(i);
        if (last < i) {
          operation(i);
          last = i;
        }
        i = last + 1;
      } while (!unit.op(last).terminator());
    }
    for (int f = 0; f < fixupCount; f++) {
      words[fixups[f]] = blockWord[words[fixups[f]]];
    }
    return new InterpCode(Arrays.copyOf(words, length), frame, unit, slot);
  }

  private void operation(int i) {
    switch (unit.op(i)) {
      case UNIT_START -> emit(Opcode.UNIT_START, (int) unit.immediate(i));
      case INSN_START -> instruction = unit.auxiliary(i);
      case CONST -> constant(i);
      case PC -> emit(Opcode.PC, unit.result(i), (int) unit.immediate(i));
      case GET -> get(i);
      case SET -> set(i);
      case ADD, SUB, MUL, AND, OR, XOR, SHL, SHR, SAR -> binary(i);
      case NARROW -> emit(Opcode.NARROW, unit.result(i), in(i, 0));
      case WIDEN_S -> slot[unit.result(i)] = in(i, 0);
      case WIDEN_U -> emit(Opcode.WIDEN_U, unit.result(i), in(i, 0));
      case SEXT -> extend(i, Opcode.SEXT);
      case ZEXT -> extend(i, Opcode.ZEXT);
      case EXTRACT -> extract(i);
      case SETCOND ->
          emit(Opcode.SETCOND, unit.result(i), in(i, 0), in(i, 1), (int) unit.immediate(i));
      case SELECT ->
          emit(
              Opcode.SELECT,
              unit.result(i),
              in(i, 0),
              in(i, 1),
              (int) unit.immediate(i),
              in(i, 2),
              in(i, 3));
      case LOAD -> load(i);
      case STORE -> store(i);
      case BR -> edge(i, unit.target(i), 0);
      case BRCOND -> branch(i);
      case BRFLAGS -> branchOnFlags(i);
      case CALL -> call(i);
      case GOTO -> emit(Opcode.GOTO, (int) unit.immediate(i), unit.auxiliary(i), instruction);
      case JUMP -> emit(Opcode.JUMP, in(i, 0), instruction, (int) unit.immediate(i));
      case EXIT -> emit(Opcode.EXIT, in(i, 0), unit.auxiliary(i), instruction);
      case RAISE -> emit(Opcode.RAISE, in(i, 0), (int) unit.immediate(i), instruction);
      default -> {
        if (unit.op(i).is(Op.Trait.MEMORY)) {
          emit(Opcode.MEMORY, i, instruction);
        } else {
          emit(Opcode.SLOW, i);
        }
      }
    }
  }

  /** The number of the guest instruction whose operations are being lowered. */
  int instruction() {
    return instruction;
  }

  /** Slot of an operand. */
  private int in(int i, int position) {
    return slot[unit.argument(i, position)];
  }

  private void constant(int i) {
    int d = unit.result(i);
    long value = unit.immediate(i);
    constant[d] = true;
    constantValue[d] = value;
    if (value == (int) value) {
      emit(Opcode.CONST, d, (int) value);
    } else {
      emit(Opcode.CONST_WIDE, d, (int) value, (int) (value >>> 32));
    }
  }

  private void get(int i) {
    long view = unit.immediate(i);
    int size = StateView.size(view);
    int offset = StateView.offset(view);
    boolean narrowType = unit.type(i) == Type.I32;
    if (size == 8) {
      emit(Opcode.GET_8, unit.result(i), offset);
    } else if (size == 4) {
      boolean signed = narrowType || StateView.isSigned(view);
      emit(signed ? Opcode.GET_4S : Opcode.GET_4U, unit.result(i), offset);
    } else {
      emit(Opcode.SLOW, i);
    }
  }

  private void set(int i) {
    long view = unit.immediate(i);
    switch (StateView.size(view)) {
      case 8 -> emit(Opcode.SET_8, in(i, 0), StateView.offset(view));
      case 4 -> emit(Opcode.SET_4, in(i, 0), StateView.offset(view));
      default -> emit(Opcode.SLOW, i);
    }
  }

  private void binary(int i) {
    boolean wide = unit.type(i) == Type.I64;
    int b = unit.argument(i, 1);
    if (constant[b] && constantValue[b] == (int) constantValue[b]) {
      int immediate = immediateForm(unit.op(i), wide);
      if (immediate >= 0) {
        emit(immediate, unit.result(i), in(i, 0), (int) constantValue[b]);
        return;
      }
    }
    emit(registerForm(unit.op(i), wide), unit.result(i), in(i, 0), slot[b]);
  }

  private static int registerForm(Op op, boolean wide) {
    return switch (op) {
      case ADD -> wide ? Opcode.ADD : Opcode.ADD_32;
      case SUB -> wide ? Opcode.SUB : Opcode.SUB_32;
      case MUL -> wide ? Opcode.MUL : Opcode.MUL_32;
      case AND -> Opcode.AND;
      case OR -> Opcode.OR;
      case XOR -> Opcode.XOR;
      case SHL -> wide ? Opcode.SHL : Opcode.SHL_32;
      case SHR -> wide ? Opcode.SHR : Opcode.SHR_32;
      case SAR -> wide ? Opcode.SAR : Opcode.SAR_32;
      default -> throw new AssertionError(op);
    };
  }

  private static int immediateForm(Op op, boolean wide) {
    return switch (op) {
      case ADD -> wide ? Opcode.ADD_I : Opcode.ADD_32_I;
      case AND -> Opcode.AND_I;
      case OR -> Opcode.OR_I;
      case XOR -> Opcode.XOR_I;
      case SHL -> wide ? Opcode.SHL_I : Opcode.SHL_32_I;
      case SHR -> wide ? Opcode.SHR_I : Opcode.SHR_32_I;
      case SAR -> wide ? Opcode.SAR_I : Opcode.SAR_32_I;
      default -> -1;
    };
  }

  private void extend(int i, int opcode) {
    if (opcode == Opcode.ZEXT || unit.type(i) == Type.I64 || unit.immediate(i) < 32) {
      emit(opcode, unit.result(i), in(i, 0), 64 - (int) unit.immediate(i));
    }
  }

  private void extract(int i) {
    int position = (int) unit.immediate(i) & 0xff;
    int bits = (int) (unit.immediate(i) >> 8);
    if (unit.type(i) == Type.I32 && bits == 32) {
      emit(Opcode.MOVE, unit.result(i), in(i, 0));
    } else {
      emit(Opcode.EXTRACT, unit.result(i), in(i, 0), 64 - position - bits, 64 - bits);
    }
  }

  // ---- memory ----------------------------------------------------------------------------------

  /** A little-endian access without order, which the fast path can do. */
  static boolean plain(long desc) {
    return !MemDesc.isBigEndian(desc)
        && !MemDesc.isAcquire(desc)
        && !MemDesc.isRelease(desc)
        && MemDesc.size(desc) <= 8;
  }

  /** Which of the seven loads: what to add to the opcode of the first. */
  static int loadForm(long desc, Type type) {
    boolean signed = MemDesc.isSigned(desc);
    return switch (MemDesc.size(desc)) {
      case 1 -> signed ? 1 : 0;
      case 2 -> signed ? 3 : 2;
      case 4 -> signed || type == Type.I32 ? 5 : 4;
      default -> 6;
    };
  }

  private void load(int i) {
    long desc = unit.immediate(i);
    if (!plain(desc)) {
      emit(Opcode.MEMORY, i, instruction);
      return;
    }
    boolean signed = MemDesc.isSigned(desc);
    int opcode =
        switch (MemDesc.size(desc)) {
          case 1 -> signed ? Opcode.LOAD_1S : Opcode.LOAD_1U;
          case 2 -> signed ? Opcode.LOAD_2S : Opcode.LOAD_2U;
          case 4 -> signed || unit.type(i) == Type.I32 ? Opcode.LOAD_4S : Opcode.LOAD_4U;
          default -> Opcode.LOAD_8;
        };
    emit(
        opcode,
        unit.result(i),
        in(i, 0),
        EngineState.tlb(MemDesc.mmuIndex(desc)),
        (int) desc,
        instruction);
  }

  private void store(int i) {
    long desc = unit.immediate(i);
    if (!plain(desc)) {
      emit(Opcode.MEMORY, i, instruction);
      return;
    }
    emit(
        Opcode.STORE_1 + MemDesc.sizeLog2(desc),
        in(i, 0),
        in(i, 1),
        EngineState.tlb(MemDesc.mmuIndex(desc)),
        (int) desc,
        instruction);
  }

  // ---- control ---------------------------------------------------------------------------------

  private void branch(int i) {
    int taken = unit.target(i);
    int otherwise = unit.otherTarget(i);
    Cond cond = Cond.of((int) unit.immediate(i));
    int opcode =
        switch (cond) {
          case EQ -> Opcode.BR_EQ;
          case NE -> Opcode.BR_NE;
          case LT -> Opcode.BR_LT;
          case GE -> Opcode.BR_GE;
          case LTU -> Opcode.BR_LTU;
          case GEU -> Opcode.BR_GEU;
          default -> Opcode.BR_COND;
        };
    emit(opcode, in(i, 0), in(i, 1));
    conditionalEdges(i, taken, otherwise, opcode == Opcode.BR_COND ? cond.ordinal() : -1, 2);
  }

  /** A conditional branch on flags: the condition as a value, then a branch on that. */
  private void branchOnFlags(int i) {
    emit(Opcode.SLOW, i);
    int zero = frame++;
    emit(Opcode.CONST, zero, 0);
    emit(Opcode.BR_NE, flagSlot(unit), zero);
    conditionalEdges(i, unit.target(i), unit.otherTarget(i), -1, 1);
  }

  /** The slot where {@link Opcode#SLOW} leaves the outcome of a {@code brflags}. */
  static int flagSlot(IrUnit unit) {
    return unit.values();
  }

  /** The two targets behind a conditional branch, and the edges that pass values. */
  void conditionalEdges(int i, int taken, int otherwise, int cond, int firstArgument) {
    int takenWord = length;
    word(0);
    int otherWord = length;
    word(0);
    if (cond >= 0) {
      word(cond);
    }
    int passed = unit.parameterCount(taken);
    edgeAt(takenWord, i, taken, firstArgument);
    edgeAt(otherWord, i, otherwise, firstArgument + passed);
  }

  private void edgeAt(int at, int i, int block, int firstArgument) {
    if (unit.parameterCount(block) == 0) {
      words[at] = block;
      fixup(at);
    } else {
      words[at] = length;
      edge(i, block, firstArgument);
    }
  }

  /** The parallel copy into a block's parameters, through fresh slots, and the jump. */
  private void edge(int i, int block, int firstArgument) {
    int count = unit.parameterCount(block);
    int temporaries = frame;
    if (count > 1) {
      frame += count;
      for (int p = 0; p < count; p++) {
        emit(Opcode.MOVE, temporaries + p, in(i, firstArgument + p));
      }
    }
    for (int p = 0; p < count; p++) {
      int from = count > 1 ? temporaries + p : in(i, firstArgument);
      emit(Opcode.MOVE, unit.firstParameter(block) + p, from);
    }
    emit(Opcode.BR, block);
    fixup(length - 1);
  }

  private void call(int i) {
    int count = unit.argumentCount(i);
    emit(
        Opcode.CALL,
        unit.result(i),
        unit.auxiliary(i),
        count > 0 ? in(i, 0) : -1,
        count > 1 ? in(i, 1) : -1,
        count > 2 ? in(i, 2) : -1,
        instruction);
  }

  // ---- words -----------------------------------------------------------------------------------

  void emit(int opcode, int... operands) {
    word(opcode);
    for (int operand : operands) {
      word(operand);
    }
  }

  private void word(int word) {
    if (length == words.length) {
      words = Arrays.copyOf(words, 2 * length);
    }
    words[length++] = word;
  }

  private void fixup(int at) {
    if (fixupCount == fixups.length) {
      fixups = Arrays.copyOf(fixups, 2 * fixupCount);
    }
    fixups[fixupCount++] = at;
  }
}
