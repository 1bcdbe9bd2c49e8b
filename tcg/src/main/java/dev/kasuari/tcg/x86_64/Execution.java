package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.softfloat.Rounding;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.SoftMmu;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.GuestInstruction;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Printer;
import dev.kasuari.tcg.ir.Type;
import org.jspecify.annotations.Nullable;

/**
 * One run of a vCPU: enters code, does what the code leaves for, and goes on, until only the loop
 * can help. The counterpart in Java of {@link Stubs}.
 */
final class Execution {
  /** MXCSR with all exceptions masked, all flags clear, rounding to nearest, no flushing. */
  private static final int MXCSR = 0x1f80;

  private static final int MXCSR_ROUNDING_SHIFT = 13;

  private final X86BackEnd backEnd;
  private final ExecutionContext context;
  private final SoftMmu mmu;
  private final long state;
  private TranslationBlock block;
  private long base;

  Execution(X86BackEnd backEnd, ExecutionContext context, TranslationBlock block, long pc) {
    this.backEnd = backEnd;
    this.context = context;
    this.mmu = context.mmu();
    this.state = context.state();
    this.block = block;
    this.base = pc;
  }

  Exit run() {
    RawMemory.putLong(state + ExitRecord.FRAME, backEnd.frame(context.cpu().index()));
    RawMemory.putLong(state + ExitRecord.TABLE, mmu.table());
    while (true) {
      Exit exit = block.code() instanceof X86Code code ? execute(code) : interpretedThen(block);
      if (exit != null) {
        return exit;
      }
    }
  }

  /** Null if the next block was found, which is the current one then. */
  private @Nullable Exit interpretedThen(TranslationBlock interpreted) {
    Exit exit = backEnd.interpret(context, interpreted, base);
    if (exit != Exit.LOOKUP) {
      return exit;
    }
    long target = context.cpu().pc();
    TranslationBlock from = context.linkFrom;
    // What an exit asks to look up anew has a mode of its own, which only the loop knows.
    return from == null ? exit : go(target, from, context.linkSlot);
  }

  // ---- entering and leaving --------------------------------------------------------------------

  /** Null if the code went on to another block, which is the current one then. */
  private @Nullable Exit execute(X86Code code) {
    prepare();
    RawMemory.putLong(state + ExitRecord.BASE, base);
    long site = backEnd.enter(state, code.entry());
    while (true) {
      if (site == 0) {
        throw fault(code);
      }
      int i = code.operationAt(site);
      Op op = code.unit().op(i);
      if (op.terminator() || op == Op.UNIT_START) {
        return left(code, i);
      }
      long result = perform(code, i);
      if (mmu.faulted) {
        return trap(code, i);
      }
      RawMemory.putLong(state + ExitRecord.RESULT, result);
      prepare();
      site = backEnd.resume(state, site);
    }
  }

  /** The guest's MXCSR: its rounding mode, and no flags, as those so far are in the state. */
  private void prepare() {
    int mode = RawMemory.getInt(state + StateLayout.FP_ROUNDING.offset());
    int control = mode <= Rounding.UP.ordinal() ? hostRounding(mode) : 0;
    RawMemory.putInt(state + ExitRecord.GUEST_MXCSR, MXCSR | control << MXCSR_ROUNDING_SHIFT);
  }

  /** Softfloat's number of a rounding mode to MXCSR's: nearest 0, down 1, up 2, toward zero 3. */
  private static int hostRounding(int mode) {
    return (0x2130 >> (4 * mode)) & 3;
  }

  private long operand(X86Code code, int i, int position) {
    IrUnit unit = code.unit();
    if (position >= unit.argumentCount(i)) {
      return 0;
    }
    long raw = RawMemory.getLong(state + ExitRecord.FIRST + 8L * position);
    return unit.valueType(unit.argument(i, position)) == Type.I32 ? (int) raw : raw;
  }

  /** Ends a unit at a terminator, or at its poll. */
  private @Nullable Exit left(X86Code code, int i) {
    IrUnit unit = code.unit();
    long target = RawMemory.getLong(state + ExitRecord.FIRST);
    return switch (unit.op(i)) {
      case UNIT_START -> {
        context.current = null;
        context.cpu().setPc(base);
        yield Exit.POLL;
      }
      case GOTO -> {
        int slot = unit.auxiliary(i);
        yield go(base + unit.immediate(i), slot < 0 ? null : block, slot);
      }
      case JUMP -> go(target, null, 0);
      case EXIT -> {
        var _ = lookup(target, null, 0);
        yield switch (ExitReason.of(unit.auxiliary(i))) {
          case LOOKUP -> Exit.LOOKUP;
          case HALT -> Exit.HALT;
          case DEBUG -> Exit.DEBUG;
        };
      }
      case RAISE -> {
        context.raise((int) unit.immediate(i), target);
        yield trap(code, i);
      }
      default -> throw new AssertionError(unit.op(i));
    };
  }

  /** On to the block at an address, through a chaining slot or not; null if it could be had. */
  private @Nullable Exit go(long target, @Nullable TranslationBlock from, int slot) {
    TranslationBlock next =
        from == null ? context.findBlock(target, block.mode()) : context.follow(from, slot);
    if (next == null) {
      return lookup(target, from, slot);
    }
    block = next;
    base = target;
    return null;
  }

  private Exit lookup(long target, @Nullable TranslationBlock from, int slot) {
    context.current = null;
    context.linkFrom = from;
    context.linkSlot = slot;
    context.linkTarget = target;
    context.cpu().setPc(target);
    return Exit.LOOKUP;
  }

  // ---- what code leaves for --------------------------------------------------------------------

  private long perform(X86Code code, int i) {
    IrUnit unit = code.unit();
    long a = operand(code, i, 0);
    long b = operand(code, i, 1);
    long c = operand(code, i, 2);
    context.current = block;
    context.currentInstruction = code.instruction(i);
    return switch (unit.op(i)) {
      case LOAD -> mmu.load(a, unit.immediate(i));
      case STORE -> {
        mmu.store(a, b, unit.immediate(i));
        yield 0;
      }
      case CALL -> {
        context.cpu().setPc(base + instructionOf(code, i).delta());
        Helper helper = unit.helpers().get(unit.auxiliary(i));
        yield helper.call(context, a, b, c);
      }
      default -> context.fp().apply(unit.op(i), unit.type(i), unit.immediate(i), a, b, c);
    };
  }

  private static GuestInstruction instructionOf(X86Code code, int i) {
    return code.unit().instructions().get(code.instruction(i));
  }

  /** An exception at the current instruction: the state is that before it. */
  private Exit trap(X86Code code, int i) {
    int notRetired = block.instructions() - code.instruction(i);
    long counted = RawMemory.getLong(state + EngineState.RETIRED);
    RawMemory.putLong(state + EngineState.RETIRED, counted - notRetired);
    GuestInstruction at = instructionOf(code, i);
    context.current = null;
    context.linkFrom = null;
    context.cpu().restore(base + at.delta(), at.word());
    return context.takeFault();
  }

  // ---- faults of the code itself ---------------------------------------------------------------

  private CodeFaultException fault(X86Code code) {
    long address = RawMemory.getLong(state + ExitRecord.FIRST);
    long signal = RawMemory.getLong(state + ExitRecord.SECOND);
    long at = RawMemory.getLong(state + ExitRecord.THIRD);
    String what = "signal %d for address 0x%x".formatted(signal, address);
    if (!code.contains(at)) {
      return new CodeFaultException("%s at 0x%x, in no unit".formatted(what, at));
    }
    int i = code.operationAround(at);
    GuestInstruction instruction = instructionOf(code, i);
    context.current = null;
    context.cpu().setPc(base + instruction.delta());
    return new CodeFaultException(
        "%s in the code of '%s', guest pc 0x%x, unit at pc 0x%x and RAM 0x%x, code 0x%x+0x%x"
            .formatted(
                what,
                Printer.line(code.unit(), i),
                base + instruction.delta(),
                base,
                block.ramAddress(),
                code.entry(),
                at - code.entry()));
  }
}
