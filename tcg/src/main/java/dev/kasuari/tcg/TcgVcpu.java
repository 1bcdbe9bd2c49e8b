package dev.kasuari.tcg;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.machine.cpu.Vcpu;
import dev.kasuari.tcg.vector.VectorCounts;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Condition;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The thread that runs one CPU: finds or makes the block at the program counter, lets the back end
 * run, and does what only the loop can do when it comes back. The same loop serves every back end.
 */
final class TcgVcpu implements Vcpu {
  private final TcgAccelerator accelerator;
  private final Cpu cpu;
  private final SoftMmu mmu;
  private final ExecutionContext context;
  private final BlockFinder finder;
  private final Thread thread;
  private final Queue<Runnable> work = new ConcurrentLinkedQueue<>();

  /** Guarded by the accelerator's gate; see {@link TcgAccelerator}. */
  boolean executing;

  /** Waits in the gate for another CPU, inside an instruction: quiescent, but not stopped. */
  boolean waitingInside;

  /** In the gate, with nothing to do or not allowed to. */
  volatile boolean idle;

  /** Another vCPU works on this one, which is idle and has to stay so. Guarded by the gate. */
  boolean borrowed;

  /** Of the gate, for this vCPU only. */
  final Condition turn;

  private boolean halted;
  private final HaltPoll haltPoll = new HaltPoll();

  TcgVcpu(TcgAccelerator accelerator, Cpu cpu, String threadName) {
    this.accelerator = accelerator;
    this.cpu = cpu;
    this.turn = accelerator.newTurn();
    this.mmu = new SoftMmu(cpu, accelerator.memory());
    this.context = new ExecutionContext(cpu, mmu, accelerator.instructionSet().floatEnv());
    this.finder =
        new BlockFinder(
            accelerator, cpu, mmu, context, accelerator.instructionSet().translator(cpu));
    context.setUnits(finder::unitOf);
    this.thread = new Thread(null, this::run, threadName, 8L << 20);
    thread.setDaemon(true);
    cpu.attach(this);
  }

  Cpu cpu() {
    return cpu;
  }

  SoftMmu mmu() {
    return mmu;
  }

  Thread thread() {
    return thread;
  }

  boolean hasQueuedWork() {
    return !work.isEmpty();
  }

  /** With the gate: whether it would run guest code if it were allowed to. */
  boolean wantsToRun() {
    return !halted || cpu.hasWork();
  }

  void requestExit() {
    context.requestExit();
  }

  // ---- the loop --------------------------------------------------------------------------------

  private void run() {
    try {
      while (accelerator.awaitTurn(this)) {
        runWork();
        runGuest();
      }
    } catch (Throwable failure) {
      accelerator.vcpuFailed(this, failure);
    }
  }

  private void runWork() {
    Runnable next = work.poll();
    while (next != null) {
      next.run();
      next = work.poll();
    }
  }

  private void runGuest() {
    // A turn may be for queued work only, while the machine is paused.
    if (accelerator.mustLeave(this)) {
      return;
    }
    while (true) {
      if (context.takeExitRequest() && accelerator.mustLeave(this)) {
        return;
      }
      if (halted) {
        if (!cpu.hasWork()) {
          if (!haltPoll.await(context)) {
            return;
          }
          continue;
        }
        halted = false;
        haltPoll.ended();
      }
      cpu.deliverInterrupt();
      runBlocks();
    }
  }

  private void runBlocks() {
    long pc = cpu.pc();
    TranslationBlock block = finder.find(pc, cpu.mode());
    if (block == null) {
      context.linkFrom = null;
      raise(context.takeFault());
      return;
    }
    TranslationBlock from = context.linkFrom;
    context.linkFrom = null;
    if (from != null && pc == context.linkTarget && finder.mayLink(block)) {
      accelerator.cache().link(from, context.linkSlot, block);
    }
    int welcome = cpu.enter();
    if (welcome < 0) {
      return;
    }
    context.welcome(pc, block, welcome);
    Exit exit = accelerator.backEnd().run(context, block, pc);
    switch (exit) {
      case LOOKUP, POLL -> {}
      case HALT -> halted = true;
      case DEBUG -> accelerator.debugStop();
      case EXCEPTION -> raise(exit);
    }
  }

  private void raise(Exit exit) {
    assert exit == Exit.EXCEPTION;
    cpu.raise(context.cause, context.value);
  }

  // ---- what others ask of it -------------------------------------------------------------------

  @Override
  public void kick() {
    context.requestExit();
    if (idle) {
      accelerator.wake(this);
    }
  }

  @Override
  public void post(Runnable action) {
    work.add(action);
    context.requestExit();
    accelerator.wakeForWork(this);
  }

  @Override
  public Runnable begin(Runnable action) {
    if (Thread.currentThread().equals(thread)) {
      action.run();
      return () -> {};
    }
    return accelerator.begin(this, action);
  }

  @Override
  public Runnable beginOnOthers(Consumer<Cpu> action) {
    return accelerator.beginOnOthers(this, action);
  }

  /** Work for this CPU while it waits for another one. */
  void serveOthers() {
    runWork();
  }

  static @Nullable TcgVcpu current(Iterable<TcgVcpu> all) {
    for (TcgVcpu vcpu : all) {
      if (Thread.currentThread().equals(vcpu.thread)) {
        return vcpu;
      }
    }
    return null;
  }

  @Override
  public void flushTlb() {
    accelerator.log().write(LogCategory.MMU, () -> "cpu%d: TLB flushed".formatted(cpu.index()));
    mmu.flush();
  }

  @Override
  public void flushTlb(LongPredicate addressSpaces) {
    accelerator
        .log()
        .write(
            LogCategory.MMU, () -> "cpu%d: TLB flushed of address spaces".formatted(cpu.index()));
    mmu.flush(addressSpaces);
  }

  @Override
  public void useAddressSpace(long id) {
    mmu.use(id);
  }

  @Override
  public void flushTlbPage(long virtualAddress) {
    Log log = accelerator.log();
    if (log.on(LogCategory.MMU)) {
      log.write(
          LogCategory.MMU,
          () -> "cpu%d: TLB flushed of 0x%x".formatted(cpu.index(), virtualAddress));
    }
    mmu.flushPage(virtualAddress);
  }

  @Override
  public long instructionsRetired() {
    return context.retired();
  }

  @Override
  public void setInstructionsRetired(long count) {
    context.setRetired(count);
  }

  @Override
  public void waitForInterrupt() {
    halted = true;
    context.requestExit();
  }

  // ---- life ------------------------------------------------------------------------------------

  /** While stopped. */
  void reset() {
    halted = false;
    haltPoll.reset();
    work.clear();
    context.linkFrom = null;
    context.current = null;
    mmu.faulted = false;
    cpu.reset();
    context.setRetired(0);
    context.dropReservation();
    mmu.flush();
    context.jumps().clear();
  }

  /** While it is not executing: lets go of blocks that may be gone. */
  void forgetBlocks() {
    context.jumps().clear();
    context.linkFrom = null;
  }

  /** What its translations depend on; see {@link Translator#configuration}. */
  String configuration() {
    return finder.configuration();
  }

  /** Before it starts; see {@link BlockFinder#runCold}. */
  void runCold(int runs) {
    finder.runCold(runs);
  }

  void setNoChain(boolean noChain) {
    context.noChain = noChain;
  }

  /** Counts the vector operations that are done in Java. Before the thread starts. */
  VectorCounts countVectorOperations() {
    return context.vectors().count();
  }

  /** After the thread has ended. */
  void close() {
    context.close();
  }
}
