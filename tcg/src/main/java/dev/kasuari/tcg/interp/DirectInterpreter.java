package dev.kasuari.tcg.interp;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.PairExchange;
import dev.kasuari.tcg.SoftMmu;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.FlagCond;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.x86_64.PairInstruction;
import org.jspecify.annotations.Nullable;

/**
 * Runs units straight from their IR: there is nothing to prepare, so it is the fastest way to run a
 * unit once, and the slowest to run it often. Other back ends run cold code with it.
 *
 * <p>A unit always comes back to the loop at its end.
 */
public final class DirectInterpreter implements BackEnd {
  /** A unit as it is. */
  private record Uncompiled(IrUnit unit) implements CompiledCode {}

  @Override
  public String name() {
    return "direct";
  }

  @Override
  public CompiledCode compile(IrUnit unit, int pageOffset) {
    return new Uncompiled(unit);
  }

  @Override
  public @Nullable PairExchange pairExchange() {
    return PairInstruction.find();
  }

  @Override
  public Exit run(ExecutionContext context, TranslationBlock block, long pc) {
    IrUnit unit = ((Uncompiled) block.code()).unit;
    SoftMmu mmu = context.mmu();
    long state = context.state();
    long[] r = context.frame(unit.values());
    int instruction = 0;
    int i = unit.blockStart(0);
    while (true) {
      Op op = unit.op(i);
      int d = unit.result(i);
      switch (op) {
        case UNIT_START -> {
          context.current = null;
          if (RawMemory.getIntVolatile(state + EngineState.POLL) != 0) {
            context.cpu().setPc(pc);
            return Exit.POLL;
          }
          long retired = RawMemory.getLong(state + EngineState.RETIRED);
          RawMemory.putLong(state + EngineState.RETIRED, retired + unit.immediate(i));
        }
        case INSN_START -> instruction = unit.auxiliary(i);
        case CONST -> r[d] = unit.immediate(i);
        case PC -> r[d] = pc + unit.immediate(i);
        case GET -> r[d] = fit(unit, i, SlowOperations.get(state, unit.immediate(i)));
        case SET -> SlowOperations.set(state, unit.immediate(i), r[unit.argument(i, 0)]);
        case ADD -> r[d] = fit(unit, i, r[unit.argument(i, 0)] + r[unit.argument(i, 1)]);
        case SUB -> r[d] = fit(unit, i, r[unit.argument(i, 0)] - r[unit.argument(i, 1)]);
        case AND -> r[d] = r[unit.argument(i, 0)] & r[unit.argument(i, 1)];
        case OR -> r[d] = r[unit.argument(i, 0)] | r[unit.argument(i, 1)];
        case XOR -> r[d] = r[unit.argument(i, 0)] ^ r[unit.argument(i, 1)];
        case WIDEN_S, NARROW -> r[d] = (int) r[unit.argument(i, 0)];
        case WIDEN_U -> r[d] = r[unit.argument(i, 0)] & 0xffffffffL;
        case LOAD -> {
          if (!load(context, unit, i, r)) {
            return Leaving.fault(context, block, unit, pc, instruction);
          }
        }
        case STORE -> {
          if (!store(context, unit, i, r)) {
            return Leaving.fault(context, block, unit, pc, instruction);
          }
        }
        case CALL -> {
          Leaving.enterJava(context, block, unit, pc, instruction);
          Helper helper = unit.helpers().get(unit.auxiliary(i));
          long result =
              context.call(
                  helper, operand(unit, i, 0, r), operand(unit, i, 1, r), operand(unit, i, 2, r));
          if (mmu.faulted) {
            return Leaving.fault(context, block, unit, pc, instruction);
          }
          r = context.frame(unit.values());
          r[d] = result;
        }
        case BR, BRCOND, BRFLAGS -> {
          i = branch(unit, i, r);
          continue;
        }
        case GOTO -> {
          Leaving.correctCount(state, block, instruction);
          return context.lookup(pc + unit.immediate(i), null, 0);
        }
        case JUMP -> {
          Leaving.correctCount(state, block, instruction);
          return context.jump(pc, r[unit.argument(i, 0)], (int) unit.immediate(i));
        }
        case EXIT -> {
          Leaving.correctCount(state, block, instruction);
          context.lookup(r[unit.argument(i, 0)], null, 0);
          return Leaving.exit(unit.auxiliary(i));
        }
        case RAISE -> {
          context.raise((int) unit.immediate(i), r[unit.argument(i, 0)]);
          return Leaving.fault(context, block, unit, pc, instruction);
        }
        default -> {
          if (op.is(Op.Trait.MEMORY)) {
            SlowOperations.memory(context, unit, null, i, r);
            if (mmu.faulted) {
              return Leaving.fault(context, block, unit, pc, instruction);
            }
          } else {
            SlowOperations.compute(context, unit, null, i, r);
          }
        }
      }
      i++;
    }
  }

  private static long operand(IrUnit unit, int i, int position, long[] r) {
    return position < unit.argumentCount(i) ? r[unit.argument(i, position)] : 0;
  }

  private static long fit(IrUnit unit, int i, long value) {
    return unit.type(i) == Type.I32 ? (int) value : value;
  }

  // ---- memory ----------------------------------------------------------------------------------

  /** False if it faulted. */
  private static boolean load(ExecutionContext context, IrUnit unit, int i, long[] r) {
    long desc = unit.immediate(i);
    long address = r[unit.argument(i, 0)];
    long at = FastPath.entry(context.state(), tlb(desc), address);
    if (Lowering.plain(desc) && FastPath.hits(at + SoftMmu.READ_TAG, address, (int) desc)) {
      long host = address + RawMemory.getLong(at + SoftMmu.ADDEND);
      r[unit.result(i)] = FastPath.load(Lowering.loadForm(desc, unit.type(i)), host);
      return true;
    }
    r[unit.result(i)] = fit(unit, i, context.mmu().load(address, desc));
    return !context.mmu().faulted;
  }

  /** False if it faulted. */
  private static boolean store(ExecutionContext context, IrUnit unit, int i, long[] r) {
    long desc = unit.immediate(i);
    long address = r[unit.argument(i, 0)];
    long value = r[unit.argument(i, 1)];
    long at = FastPath.entry(context.state(), tlb(desc), address);
    if (Lowering.plain(desc) && FastPath.hits(at + SoftMmu.WRITE_TAG, address, (int) desc)) {
      long host = address + RawMemory.getLong(at + SoftMmu.ADDEND);
      FastPath.store(MemDesc.sizeLog2(desc), host, value);
      return true;
    }
    context.mmu().store(address, value, desc);
    return !context.mmu().faulted;
  }

  private static int tlb(long desc) {
    return EngineState.tlb(MemDesc.mmuIndex(desc));
  }

  // ---- branches --------------------------------------------------------------------------------

  /** Passes values to the parameters of the block that follows; its first operation. */
  private static int branch(IrUnit unit, int i, long[] r) {
    int own = unit.op(i).fixedOperands();
    boolean taken =
        switch (unit.op(i)) {
          case BRCOND ->
              Cond.of((int) unit.immediate(i)).test(r[unit.argument(i, 0)], r[unit.argument(i, 1)]);
          case BRFLAGS -> FlagCond.of((int) unit.immediate(i)).test((int) r[unit.argument(i, 0)]);
          default -> true;
        };
    int to = taken ? unit.target(i) : unit.otherTarget(i);
    int count = unit.parameterCount(to);
    if (count != 0) {
      pass(unit, i, taken ? own : own + unit.parameterCount(unit.target(i)), to, r);
    }
    return unit.blockStart(to);
  }

  /** All at once: a value that is passed may be a parameter that is assigned. */
  private static void pass(IrUnit unit, int i, int first, int to, long[] r) {
    long[] passed = new long[unit.parameterCount(to)];
    for (int p = 0; p < passed.length; p++) {
      passed[p] = r[unit.argument(i, first + p)];
    }
    System.arraycopy(passed, 0, r, unit.firstParameter(to), passed.length);
  }

  @Override
  public void close() {}
}
