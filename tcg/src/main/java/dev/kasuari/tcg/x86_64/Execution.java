package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.softfloat.Rounding;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.HostCode;
import dev.kasuari.tcg.SoftMmu;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.interp.Evaluator;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.Flags;
import dev.kasuari.tcg.ir.InstructionMap;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Printer;
import dev.kasuari.tcg.ir.Rmw;
import dev.kasuari.tcg.ir.Type;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One vCPU in translated code: enters it, does what it leaves for, and goes on, until only the loop
 * can help. The counterpart in Java of {@link Stubs}.
 */
final class Execution {
  /** MXCSR with all exceptions masked, all flags clear, rounding to nearest, no flushing. */
  private static final int MXCSR = 0x1f80;

  private static final int MXCSR_ROUNDING_SHIFT = 13;
  private static final long PAGE = -4096L;

  private final X86BackEnd backEnd;
  private final ExecutionContext context;
  private final SoftMmu mmu;
  private final long state;
  private final JumpTable jumps;

  /** Where code goes on that waits for Java now; 0 if none does. Read while this does not run. */
  private volatile long resumePoint;

  /**
   * @param jumpTable host address of room for the jump table
   */
  Execution(X86BackEnd backEnd, ExecutionContext context, long jumpTable) {
    this.backEnd = backEnd;
    this.context = context;
    this.mmu = context.mmu();
    this.state = context.state();
    this.jumps = new JumpTable(jumpTable);
    mmu.onPageFlush(jumps::dropPage);
  }

  boolean serves(X86BackEnd owner) {
    return backEnd == owner;
  }

  long resumePoint() {
    return resumePoint;
  }

  /** While it does not run: no code may be found any more that was known. */
  void forgetCode() {
    jumps.clear();
  }

  // ---- entering and leaving --------------------------------------------------------------------

  Exit run(TranslationBlock first, long pc) {
    TranslationBlock block = first;
    long at = pc;
    int kind = context.enteredBy;
    while (true) {
      Exit exit;
      if (block.code() instanceof X86Code code) {
        know(block, code, at, kind);
        exit = execute(code, at);
      } else {
        exit = backEnd.interpret(context, block, at);
      }
      TranslationBlock next = following;
      if (next == null) {
        return exit;
      }
      following = null;
      block = next;
      at = followingPc;
      kind = followingKind;
    }
  }

  /** The block to go on with, if there is one at hand. */
  private @Nullable TranslationBlock following;

  private long followingPc;
  private int followingKind;

  /** Makes a block known to code that jumps to its address by a jump of that kind. */
  private void know(TranslationBlock block, X86Code code, long pc, int kind) {
    RawMemory.putAlignedLong(state + ExitRecord.JUMPS, jumps.address());
    long here = jumps.context(context, block);
    if (here != JumpTable.NOWHERE && block.flags() == 0 && block.valid()) {
      jumps.put(pc, here + kind, code.entry());
    }
  }

  private Exit execute(X86Code first, long pc) {
    RawMemory.putAlignedLong(state + ExitRecord.PAGE, pc & PAGE);
    prepare(first.block());
    long address = backEnd.enter(state, first.entry());
    while (true) {
      if (address == 0) {
        throw fault();
      }
      X86Code code = backEnd.code(RawMemory.getInt(address));
      int site = code.site(address);
      Sites sites = code.sites();
      Op op = sites.op(site);
      if (op.terminator() || op == Op.UNIT_START) {
        return left(code, site);
      }
      context.current = code.block();
      context.currentInstruction = sites.instruction(site);
      resumePoint = address;
      long result = perform(code, site);
      resumePoint = 0;
      if (mmu.faulted) {
        sites.recover(site, state);
        return trap(code, site);
      }
      context.current = null;
      RawMemory.putAlignedLong(state + ExitRecord.RESULT, result);
      prepare(code.block());
      // Behind the number of the code.
      address = backEnd.resume(state, address + Integer.BYTES);
    }
  }

  /** The guest's MXCSR: its rounding mode, and no flags, as those so far are in the state. */
  private void prepare(TranslationBlock block) {
    int mode = RawMemory.getAlignedInt(state + StateLayout.FP_ROUNDING.offset());
    int control = mode <= Rounding.UP.ordinal() ? hostRounding(mode) : 0;
    RawMemory.putAlignedInt(
        state + ExitRecord.GUEST_MXCSR, MXCSR | control << MXCSR_ROUNDING_SHIFT);
    RawMemory.putAlignedLong(state + ExitRecord.CONTEXT, jumps.context(context, block));
  }

  /** Softfloat's number of a rounding mode to MXCSR's: nearest 0, down 1, up 2, toward zero 3. */
  private static int hostRounding(int mode) {
    return (0x2130 >> (4 * mode)) & 3;
  }

  /** Virtual address of the unit that runs. */
  private long base(X86Code code) {
    return RawMemory.getAlignedLong(state + ExitRecord.PAGE) + code.pageOffset();
  }

  /** Ends a unit at a terminator, or at its poll. */
  private Exit left(X86Code code, int site) {
    Sites sites = code.sites();
    long target = RawMemory.getAlignedLong(state + ExitRecord.FIRST);
    return switch (sites.op(site)) {
      case UNIT_START -> {
        context.current = null;
        context.cpu().setPc(base(code));
        yield Exit.POLL;
      }
      case GOTO -> {
        int slot = sites.auxiliary(site);
        TranslationBlock from = slot < 0 ? null : code.block();
        yield go(code.block(), base(code) + sites.immediate(site), from, slot);
      }
      case JUMP -> jump(code, target, (int) sites.immediate(site));
      case EXIT -> {
        var _ = context.lookup(target, null, 0);
        yield switch (ExitReason.of(sites.auxiliary(site))) {
          case LOOKUP -> Exit.LOOKUP;
          case HALT -> Exit.HALT;
          case DEBUG -> Exit.DEBUG;
        };
      }
      case RAISE -> {
        context.raise((int) sites.immediate(site), target);
        yield trap(code, site);
      }
      default -> throw new AssertionError(sites.op(site));
    };
  }

  /** On to the block at an address, through a chaining slot or not, if it can be had here. */
  private Exit go(TranslationBlock block, long target, @Nullable TranslationBlock from, int slot) {
    TranslationBlock next =
        from == null ? context.findBlock(target, block.mode()) : context.follow(from, slot);
    if (next == null) {
      return context.lookup(target, from, slot);
    }
    follow(next, target, 0);
    return Exit.LOOKUP;
  }

  /** On to the block at a computed address. */
  private Exit jump(X86Code code, long target, int kind) {
    TranslationBlock next = context.findBlock(target, code.block().mode(), kind);
    if (next == null) {
      return context.jump(base(code), target, kind);
    }
    follow(next, target, kind);
    return Exit.LOOKUP;
  }

  private void follow(TranslationBlock next, long pc, int kind) {
    following = next;
    followingPc = pc;
    followingKind = kind;
  }

  // ---- what code leaves for --------------------------------------------------------------------

  private long operand(Sites sites, int site, int position) {
    if (position >= sites.operands(site)) {
      return 0;
    }
    long raw = RawMemory.getAlignedLong(state + ExitRecord.operand(position));
    return switch (sites.operandType(site, position)) {
      case I32 -> (int) raw;
      case I64 -> raw;
      case FLAGS -> (raw & Flags.ALL) | Flags.ONE;
    };
  }

  private long perform(X86Code code, int site) {
    Sites sites = code.sites();
    Op op = sites.op(site);
    long desc = sites.immediate(site);
    long a = operand(sites, site, 0);
    long b = operand(sites, site, 1);
    long c = operand(sites, site, 2);
    return switch (op) {
      case LOAD -> mmu.load(a, desc);
      case STORE -> {
        mmu.store(a, b, desc);
        yield 0;
      }
      case LOAD2 -> {
        mmu.loadPair(a, desc);
        secondResult(mmu.pairSecond);
        yield mmu.pairFirst;
      }
      case STORE2 -> {
        mmu.storePair(a, b, c, desc);
        yield 0;
      }
      case CAS -> mmu.cas(a, b, c, desc);
      case CAS2 -> {
        mmu.casPair(a, b, c, operand(sites, site, 3), operand(sites, site, 4), desc);
        secondResult(mmu.pairSecond);
        yield mmu.pairFirst;
      }
      case RMW -> mmu.rmw(Rmw.of(sites.auxiliary(site)), a, b, desc);
      case LL -> mmu.loadLinked(a, desc);
      case SC -> mmu.storeConditional(a, b, desc);
      case PROBE -> {
        mmu.probe(a, desc);
        yield 0;
      }
      case FENCE -> {
        VarHandle.fullFence();
        yield 0;
      }
      case CALL -> {
        context.cpu().setPc(base(code) + sites.delta(site));
        yield context.call(code.helper(sites.auxiliary(site)), a, b, c);
      }
      case VECTOR -> {
        context.vectors().apply(code.vector(sites.auxiliary(site)));
        yield 0;
      }
      case FCLASS -> context.fp().classify(desc, a);
      default ->
          op.is(Op.Trait.FP)
              ? context.fp().apply(op, sites.type(site), desc, a, b, c)
              : evaluate(sites, site, a, b, c);
    };
  }

  private long evaluate(Sites sites, int site, long a, long b, long c) {
    Op op = sites.op(site);
    Type type = sites.type(site);
    long result = Evaluator.evaluate(op, type, sites.immediate(site), a, b, c, 0);
    if (sites.results(site) == 2) {
      secondResult(Evaluator.second(op, type, a, b, c));
    }
    return result;
  }

  private void secondResult(long value) {
    RawMemory.putAlignedLong(state + ExitRecord.SECOND_RESULT, value);
  }

  /** An exception at the current instruction: the state is that before it. */
  private Exit trap(X86Code code, int site) {
    int instruction = code.sites().instruction(site);
    int notRetired = code.block().instructions() - instruction;
    long counted = RawMemory.getAlignedLong(state + EngineState.RETIRED);
    RawMemory.putAlignedLong(state + EngineState.RETIRED, counted - notRetired);
    context.current = null;
    context.linkFrom = null;
    context.cpu().restore(base(code) + code.sites().delta(site), code.word(instruction));
    return context.takeFault();
  }

  // ---- faults of the code itself ---------------------------------------------------------------

  private CodeFaultException fault() {
    long address = RawMemory.getAlignedLong(state + ExitRecord.FIRST);
    long signal = RawMemory.getAlignedLong(state + ExitRecord.SECOND);
    long at = RawMemory.getAlignedLong(state + ExitRecord.THIRD);
    String what =
        switch ((int) signal) {
          case 4 -> "signal 4, an instruction that the host does not know,";
          case 8 -> "signal 8, a division without a result,";
          default -> "signal %d for address 0x%x".formatted(signal, address);
        };
    X86Code code = backEnd.codeAround(at);
    if (code == null) {
      return new CodeFaultException("%s at 0x%x, in no unit".formatted(what, at));
    }
    context.current = null;
    long base = base(code);
    String where =
        "unit at pc 0x%x and RAM 0x%x, code 0x%x+0x%x"
            .formatted(base, code.block().ramAddress(), code.entry(), at - code.entry());
    IrUnit unit = context.unitOf(code.block());
    if (unit == null) {
      context.cpu().setPc(base);
      return new CodeFaultException("%s in the code of a %s".formatted(what, where));
    }
    HostCode host = code.hostCode(unit);
    IrUnit compiled = host.unit();
    int i = host.operationAround((int) (at - code.entry()));
    int instruction = Math.max(InstructionMap.of(compiled)[i], 0);
    long pc = base + compiled.instructions().get(instruction).delta();
    context.cpu().setPc(pc);
    return new CodeFaultException(
        """
        %s in the code of '%s', guest pc 0x%x, %s
        Intermediate representation:
        %sEmitted code:
        %s\
        """
            .formatted(what, Printer.line(compiled, i), pc, where, compiled, code.listing(unit)));
  }
}
