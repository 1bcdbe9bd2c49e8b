package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.vector.VectorOperations;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a back end needs to run one vCPU's code, and where it leaves the details of its exits. Used
 * by that vCPU's thread only, but for {@link #requestExit}.
 */
public final class ExecutionContext implements Helper.Context, AutoCloseable {
  private final Cpu cpu;
  private final SoftMmu mmu;
  private final FpOperations fp;
  private final VectorOperations vectors;
  private final long state;
  private final JumpCache jumps = new JumpCache();
  private long[] frame = new long[1024];

  /** After {@link Exit#EXCEPTION}: what to raise. */
  public int cause;

  public long value;

  /** After {@link Exit#LOOKUP}: the block and slot to chain to what is found, or null. */
  public @Nullable TranslationBlock linkFrom;

  public int linkSlot;

  /** Where the link leads: an interrupt may have come between the exit and the lookup. */
  public long linkTarget;

  /** The kind of the jump that leads there; see {@link Cpu#jumped}. */
  private int linkKind;

  /** How the block that is about to run was come to: the kind of the jump, if it was welcome. */
  public int enteredBy;

  /** The block that runs now and which of its instructions, for whoever asks in a helper. */
  public @Nullable TranslationBlock current;

  public int currentInstruction;

  /** What the back end keeps for this vCPU. */
  public @Nullable Object backEndState;

  /** No block may follow another without the loop: {@code -d exec}, single steps, lockstep. */
  public boolean noChain;

  /** Makes the unit of a block once more, for reports; null if it cannot. */
  private Function<TranslationBlock, @Nullable IrUnit> units = block -> null;

  public ExecutionContext(Cpu cpu, SoftMmu mmu, FloatEnv env) {
    this.cpu = cpu;
    this.mmu = mmu;
    this.state = cpu.state().address();
    this.fp = new FpOperations(cpu.state(), env);
    this.vectors = new VectorOperations(state);
    mmu.onPageFlush(jumps::dropPage);
  }

  @Override
  public Cpu cpu() {
    return cpu;
  }

  public SoftMmu mmu() {
    return mmu;
  }

  public FpOperations fp() {
    return fp;
  }

  public VectorOperations vectors() {
    return vectors;
  }

  /** Host address of the guest state. */
  public long state() {
    return state;
  }

  /** Room for at least {@code slots} values; what it holds means nothing between blocks. */
  public long[] frame(int slots) {
    if (frame.length < slots) {
      frame = Arrays.copyOf(frame, 2 * slots);
    }
    return frame;
  }

  @Override
  public void raise(int exceptionCause, long exceptionValue) {
    mmu.faulted = true;
    mmu.faultCause = exceptionCause;
    mmu.faultValue = exceptionValue;
  }

  /** Calls a helper, which may look at {@link #current}. */
  public long call(Helper helper, long a, long b, long c) {
    ExecutionLog log = mmu.log();
    return log == null ? helper.call(this, a, b, c) : log.call(this, helper, a, b, c);
  }

  /**
   * Leaves for the block at a virtual address.
   *
   * @param from the block to chain to it, by a slot, or null
   */
  public Exit lookup(long target, @Nullable TranslationBlock from, int slot) {
    current = null;
    linkFrom = from;
    linkSlot = slot;
    linkTarget = target;
    linkKind = 0;
    cpu.setPc(target);
    return Exit.LOOKUP;
  }

  /**
   * Leaves for the block at a computed address.
   *
   * @param from virtual address of the unit that the jump is in
   * @param kind as the CPU is told of it
   */
  public Exit jump(long from, long target, int kind) {
    var _ = lookup(target, null, 0);
    cpu.jumped(kind, from);
    linkKind = kind;
    linkTarget = cpu.pc();
    return Exit.LOOKUP;
  }

  /** Before a block runs: which jumps may lead there from now on, a bit each. */
  void welcome(long pc, TranslationBlock block, int kinds) {
    if (kinds != 0) {
      jumps.welcome(pc, block, kinds);
    }
    enteredBy = pc == linkTarget && (kinds >> linkKind & 1) != 0 ? linkKind : 0;
  }

  /** Moves the fault of the soft MMU or of a helper into this exit record. */
  public Exit takeFault() {
    mmu.faulted = false;
    cause = mmu.faultCause;
    value = mmu.faultValue;
    return Exit.EXCEPTION;
  }

  /** Asks the code to leave at the next block. Any thread. */
  public void requestExit() {
    RawMemory.putIntVolatile(state + EngineState.POLL, 1);
  }

  /** True if the code was asked to leave, and has not yet. */
  boolean exitRequested() {
    return RawMemory.getIntVolatile(state + EngineState.POLL) != 0;
  }

  /** Takes the request back; true if there was one. */
  boolean takeExitRequest() {
    boolean was = RawMemory.getIntVolatile(state + EngineState.POLL) != 0;
    if (was) {
      RawMemory.putIntVolatile(state + EngineState.POLL, 0);
    }
    return was;
  }

  /** Instructions retired before the current one. */
  long retired() {
    long counted = RawMemory.getAlignedLong(state + EngineState.RETIRED);
    TranslationBlock block = current;
    return block == null ? counted : counted - (block.instructions() - currentInstruction);
  }

  /** Forgets what a load has reserved. */
  void dropReservation() {
    RawMemory.putAlignedInt(state + EngineState.RESERVED, 0);
  }

  void setRetired(long count) {
    TranslationBlock block = current;
    RawMemory.putAlignedLong(
        state + EngineState.RETIRED,
        block == null ? count : count + (block.instructions() - currentInstruction));
  }

  /** Says how the unit of a block can be had again, which neither block nor code keeps. */
  public void setUnits(Function<TranslationBlock, @Nullable IrUnit> units) {
    this.units = units;
  }

  /** The unit of a block, made once more, for reports; null if it cannot be made. */
  public @Nullable IrUnit unitOf(TranslationBlock block) {
    return units.apply(block);
  }

  JumpCache jumps() {
    return jumps;
  }

  /** The block chained to a slot, if it may be entered without the loop. */
  public @Nullable TranslationBlock follow(TranslationBlock block, int slot) {
    TranslationBlock next = block.link(slot);
    return next != null && next.valid() && !noChain ? next : null;
  }

  /** As the next, if it is the target of a jump of a kind. */
  public @Nullable TranslationBlock findBlock(long pc, long mode, int kind) {
    return noChain ? null : jumps.find(pc, mode, mmu.generation, kind);
  }

  /** The block at a virtual address in the given mode if it can be had without the loop. */
  public @Nullable TranslationBlock findBlock(long pc, long mode) {
    return noChain ? null : jumps.find(pc, mode, mmu.generation);
  }

  @Override
  public void close() {
    jumps.clear();
    mmu.close();
  }
}
