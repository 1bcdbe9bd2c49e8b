package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.interp.Evaluator;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.FlagCond;
import dev.kasuari.tcg.ir.GuestInstruction;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Rmw;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import java.util.Arrays;

/**
 * The IR as its table reads: every row done by itself by the {@link Evaluator} or the soft MMU, no
 * lowering, no fusion, no chaining. What back ends are measured against.
 */
public final class RowByRow implements BackEnd {
  private record Rows(IrUnit unit) implements CompiledCode {}

  @Override
  public String name() {
    return "row-by-row";
  }

  @Override
  public CompiledCode compile(IrUnit unit, int pageOffset) {
    return new Rows(unit);
  }

  @Override
  public Exit run(ExecutionContext context, TranslationBlock block, long pc) {
    return new Run(context, block, pc).run();
  }

  @Override
  public void close() {}

  /** One run of a unit. */
  private static final class Run {
    private final ExecutionContext context;
    private final SoftMmu mmu;
    private final TranslationBlock block;
    private final IrUnit unit;
    private final long base;
    private final long[] values;
    private int instruction = -1;
    private int i;

    Run(ExecutionContext context, TranslationBlock block, long base) {
      this.context = context;
      this.mmu = context.mmu();
      this.block = block;
      this.unit = ((Rows) block.code()).unit();
      this.base = base;
      this.values = new long[unit.values()];
      Arrays.fill(values, 0xdead_beef_dead_beefL);
    }

    Exit run() {
      if (RawMemory.getInt(context.state() + EngineState.POLL) != 0) {
        context.cpu().setPc(base);
        return Exit.POLL;
      }
      count(unit.immediate(0));
      i = 1;
      while (true) {
        if (unit.op(i).terminator()) {
          int next = branch();
          if (next == IrUnit.NONE) {
            return leave();
          }
          i = unit.blockStart(next);
          continue;
        }
        row();
        if (mmu.faulted) {
          return trap();
        }
        i++;
      }
    }

    private void count(long instructions) {
      long at = context.state() + EngineState.RETIRED;
      RawMemory.putLong(at, RawMemory.getLong(at) + instructions);
    }

    private long in(int position) {
      return position < unit.argumentCount(i) ? values[unit.argument(i, position)] : 0;
    }

    private void out(long value) {
      values[unit.result(i)] = unit.valueType(unit.result(i)) == Type.I32 ? (int) value : value;
    }

    // ---- rows ----------------------------------------------------------------------------------

    private void row() {
      Op op = unit.op(i);
      long imm = unit.immediate(i);
      if (op == Op.INSN_START) {
        instruction = unit.auxiliary(i);
      } else if (op == Op.PC) {
        out(base + imm);
      } else if (op == Op.GET) {
        out(get(imm));
      } else if (op == Op.SET) {
        set(imm, in(0));
      } else if (op == Op.VECTOR) {
        context.vectors().apply(unit.vector(i));
      } else if (op == Op.CALL) {
        call();
      } else if (op.is(Op.Trait.MEMORY)) {
        memory(op, imm);
      } else if (op == Op.FCLASS) {
        out(context.fp().classify(imm, in(0)));
      } else if (op.is(Op.Trait.FP)) {
        long result = context.fp().apply(op, unit.type(i), imm, in(0), in(1), in(2));
        if (unit.result(i) != IrUnit.NONE) {
          out(result);
        }
      } else {
        pure(op, imm);
      }
    }

    private void pure(Op op, long imm) {
      Type type = unit.type(i);
      out(Evaluator.evaluate(op, type, imm, in(0), in(1), in(2), in(3)));
      if (op.results().length() == 2) {
        values[unit.result(i) + 1] = Evaluator.second(op, type, in(0), in(1), in(2));
      }
    }

    private long get(long view) {
      long value = 0;
      int size = StateView.size(view);
      for (int b = 0; b < size; b++) {
        int at = RawMemory.littleEndian() ? b : size - 1 - b;
        long octet = RawMemory.getByte(context.state() + StateView.offset(view) + at) & 0xff;
        value |= octet << (8 * b);
      }
      int unused = 64 - 8 * size;
      return StateView.isSigned(view) ? value << unused >> unused : value;
    }

    private void set(long view, long value) {
      int size = StateView.size(view);
      for (int b = 0; b < size; b++) {
        int at = RawMemory.littleEndian() ? b : size - 1 - b;
        RawMemory.putByte(
            context.state() + StateView.offset(view) + at, (byte) (value >>> (8 * b)));
      }
    }

    private void call() {
      context.current = block;
      context.currentInstruction = instruction;
      context.cpu().setPc(base + now().delta());
      out(unit.helpers().get(unit.auxiliary(i)).call(context, in(0), in(1), in(2)));
    }

    private void memory(Op op, long desc) {
      long address = in(0);
      long next = address + MemDesc.size(desc);
      long writing = new MemDesc(desc).write().bits();
      switch (op) {
        case LOAD -> out(mmu.load(address, desc));
        case STORE -> mmu.store(address, in(1), desc);
        case LOAD2 -> {
          out(mmu.load(address, desc));
          long second = mmu.faulted ? 0 : mmu.load(next, desc);
          values[unit.result(i) + 1] = unit.type(i) == Type.I32 ? (int) second : second;
        }
        case STORE2 -> {
          mmu.probe(address, writing);
          if (!mmu.faulted) {
            mmu.probe(next, writing);
          }
          if (!mmu.faulted) {
            mmu.store(address, in(1), desc);
            mmu.store(next, in(2), desc);
          }
        }
        case CAS -> out(mmu.cas(address, in(1), in(2), desc));
        case CAS2 -> {
          mmu.casPair(address, in(1), in(2), in(3), in(4), desc);
          out(mmu.pairFirst);
          values[unit.result(i) + 1] = mmu.pairSecond;
        }
        case RMW -> out(mmu.rmw(Rmw.of(unit.auxiliary(i)), address, in(1), desc));
        case LL -> out(mmu.loadLinked(address, desc));
        case SC -> out(mmu.storeConditional(address, in(1), desc));
        case PROBE -> mmu.probe(address, desc);
        case UNRESERVE -> RawMemory.putInt(context.state() + EngineState.RESERVED, 0);
        case FENCE -> {}
        default -> throw new AssertionError(op);
      }
    }

    // ---- ends ----------------------------------------------------------------------------------

    /** The block that a branch takes, whose parameters it gives values; none if the unit ends. */
    private int branch() {
      long imm = unit.immediate(i);
      boolean taken =
          switch (unit.op(i)) {
            case BRCOND -> Cond.of((int) imm).test(in(0), in(1));
            case BRFLAGS -> FlagCond.of((int) imm).test((int) in(0));
            default -> true;
          };
      int to = taken ? unit.target(i) : unit.otherTarget(i);
      if (to == IrUnit.NONE) {
        return to;
      }
      int first = unit.op(i).fixedOperands() + (taken ? 0 : unit.parameterCount(unit.target(i)));
      long[] passed = new long[unit.parameterCount(to)];
      Arrays.setAll(passed, p -> in(first + p));
      for (int p = 0; p < passed.length; p++) {
        values[unit.firstParameter(to) + p] = passed[p];
      }
      return to;
    }

    private GuestInstruction now() {
      return unit.instructions().get(Math.max(instruction, 0));
    }

    private Exit leave() {
      Op op = unit.op(i);
      if (op == Op.RAISE) {
        context.raise((int) unit.immediate(i), in(0));
        return trap();
      }
      count(Math.max(instruction, 0) + 1 - unit.instructions().size());
      context.current = null;
      context.cpu().setPc(op == Op.GOTO ? base + unit.immediate(i) : in(0));
      return op != Op.EXIT
          ? Exit.LOOKUP
          : switch (ExitReason.of(unit.auxiliary(i))) {
            case LOOKUP -> Exit.LOOKUP;
            case HALT -> Exit.HALT;
            case DEBUG -> Exit.DEBUG;
          };
    }

    private Exit trap() {
      count(Math.max(instruction, 0) - unit.instructions().size());
      context.current = null;
      context.cpu().restore(base + now().delta(), now().word());
      return context.takeFault();
    }
  }
}
