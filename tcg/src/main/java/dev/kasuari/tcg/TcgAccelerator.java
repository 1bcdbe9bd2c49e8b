package dev.kasuari.tcg;

import static java.util.stream.Collectors.toSet;

import dev.kasuari.machine.ExecutionControl;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.RunState;
import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.DirtyLog;
import dev.kasuari.machine.memory.FlatView;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.vector.VectorCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs a machine's CPUs by translation, one thread each, and says when each of them may.
 *
 * <p>The gate is a lock, a condition for each vCPU, in which it waits for its turn, and one for
 * whoever waits for vCPUs. A vCPU is <em>executing</em> from {@link #awaitTurn} until it comes back
 * there; it may start only while the machine runs and no exclusive section is wanted. The gate is
 * taken last: nothing else is locked and no foreign code is called while it is held.
 */
public final class TcgAccelerator implements ExecutionControl {
  private final Machine machine;
  private final InstructionSet instructionSet;
  private final FutureTask<BackEnd> opening;
  private final Supplier<List<TranslationObserver>> announced;
  private final Function<String, @Nullable CodeArchive> archives;
  private final CodeCache cache = new CodeCache(this::pageHasCode, this::pageHasNoCode);
  private final List<Cpu> cpus = new ArrayList<>();
  private final List<TcgVcpu> vcpus = new ArrayList<>();
  private final List<TranslationObserver> observers = new ArrayList<>();
  private final List<VectorCounts> vectorCounts = new ArrayList<>();
  private final List<RamBlock> watched = new ArrayList<>();
  private final DirtyLog.Watch watch = new CodeWatch();
  private final AddressSpace.Listener mappingListener = this::mappingChanged;
  private @Nullable BackEnd backEnd;
  private @Nullable CodeArchive archive;

  private final ReentrantLock gate = new ReentrantLock();
  private final Condition changed = gate.newCondition();

  // Written with the gate, and read without it by {@link #mustLeave}.
  private volatile boolean running;
  private volatile boolean closed;
  private volatile @Nullable Thread exclusive;
  private volatile int unitFlags;

  /**
   * How often fast paths of writes were closed of which other vCPUs may have been in the middle.
   */
  private final AtomicLong writesClosed = new AtomicLong();

  /** The closings since which no vCPU is in the middle of such a write. */
  private volatile long writesSettled;

  /** Runs CPUs on a back end, which is closed with this. */
  public TcgAccelerator(Machine machine, InstructionSet instructionSet, BackEnd backEnd) {
    this(machine, instructionSet, new FutureTask<>(() -> backEnd), List::of, key -> null);
    opening.run();
  }

  /**
   * Runs CPUs on a back end that is made meanwhile, in a thread of its own: it needs the host, and
   * what else the machine consists of needs it not. {@link #prepare} waits for it.
   */
  public TcgAccelerator(Machine machine, InstructionSet instructionSet, BackEnd.Maker maker) {
    this(
        machine,
        instructionSet,
        new FutureTask<>(() -> maker.make(instructionSet)),
        maker::observers,
        maker::archive);
    var thread = new Thread(null, opening, machine.name() + " back end");
    thread.setDaemon(true);
    thread.start();
  }

  private TcgAccelerator(
      Machine machine,
      InstructionSet instructionSet,
      FutureTask<BackEnd> opening,
      Supplier<List<TranslationObserver>> announced,
      Function<String, @Nullable CodeArchive> archives) {
    this.machine = machine;
    this.instructionSet = instructionSet;
    this.opening = opening;
    this.announced = announced;
    this.archives = archives;
    machine.memory().addListener(mappingListener);
    machine.ram().onBlock(this::watch);
  }

  private void watch(RamBlock block) {
    block.dirty().addWatch(watch);
    watched.add(block);
  }

  /** Takes a CPU. Before {@link #prepare}. */
  public void add(Cpu cpu) {
    cpus.add(cpu);
  }

  /** Tells somebody of every unit that is made. Before {@link #start}. */
  public void observe(TranslationObserver observer) {
    observers.add(observer);
  }

  /** Whether somebody looks at units. */
  boolean observed() {
    for (int i = 0; i < observers.size(); i++) {
      if (observers.get(i).listens()) {
        return true;
      }
    }
    return false;
  }

  List<TranslationObserver> observers() {
    return observers;
  }

  AddressSpace memory() {
    return machine.memory();
  }

  InstructionSet instructionSet() {
    return instructionSet;
  }

  /** After {@link #prepare}. */
  BackEnd backEnd() {
    return Objects.requireNonNull(backEnd, "not prepared");
  }

  CodeCache cache() {
    return cache;
  }

  Log log() {
    return machine.log();
  }

  int unitFlags() {
    return unitFlags;
  }

  // ---- execution control -----------------------------------------------------------------------

  @Override
  public String name() {
    BackEnd known = backEnd;
    return known == null ? "tcg" : "tcg, " + known.name();
  }

  @Override
  public void prepare() {
    for (Cpu cpu : cpus) {
      vcpus.add(new TcgVcpu(this, cpu, machine.name() + " cpu" + cpu.index()));
    }
    BackEnd opened = opened();
    backEnd = opened;
    if (vcpus.size() > 1) {
      opened.expectSeveralCpus();
      vcpus.forEach(vcpu -> vcpu.mmu().share(opened.pairExchange(), this::exclusively));
    }
    vcpus.forEach(vcpu -> vcpu.runCold(opened.coldRuns()));
    archive = archive(opened);
    observers.addAll(announced.get());
    observers.forEach(opened::describeRoutines);
  }

  private @Nullable CodeArchive archive(BackEnd opened) {
    String key = opened.archiveKey();
    Set<String> translators = vcpus.stream().map(TcgVcpu::configuration).collect(toSet());
    return key == null || translators.size() != 1
        ? null
        : archives.apply(translators.iterator().next() + " " + key);
  }

  /** Where units are kept from one run to the next; null if they are not. */
  @Nullable CodeArchive archive() {
    return archive;
  }

  private BackEnd opened() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return opening.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          switch (e.getCause()) {
            case RuntimeException cause -> throw cause;
            case Error cause -> throw cause;
            case null, default -> throw new IllegalStateException(e);
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void start() {
    boolean noChain = log().on(LogCategory.EXEC) || log().on(LogCategory.CPU);
    boolean counts = log().on(LogCategory.VECTOR_OPS);
    for (TcgVcpu vcpu : vcpus) {
      vcpu.setNoChain(noChain);
      if (counts) {
        vectorCounts.add(vcpu.countVectorOperations());
      }
      vcpu.thread().start();
    }
  }

  @Override
  public void resume() {
    gate.lock();
    try {
      running = true;
      letAllLook();
    } finally {
      gate.unlock();
    }
  }

  @Override
  public void requestPause() {
    gate.lock();
    try {
      running = false;
      vcpus.forEach(TcgVcpu::requestExit);
      changed.signalAll();
    } finally {
      gate.unlock();
    }
  }

  @Override
  public void awaitPaused() {
    gate.lock();
    try {
      while (!closed && vcpus.stream().anyMatch(v -> v.executing || v.waitingInside)) {
        changed.awaitUninterruptibly();
      }
    } finally {
      gate.unlock();
    }
  }

  @Override
  public void reset() {
    vcpus.forEach(TcgVcpu::reset);
    cache.clear();
  }

  @Override
  public void close() {
    gate.lock();
    try {
      closed = true;
      vcpus.forEach(TcgVcpu::requestExit);
      letAllLook();
    } finally {
      gate.unlock();
    }
    for (TcgVcpu vcpu : vcpus) {
      join(vcpu.thread());
    }
    logVectorCounts();
    machine.memory().removeListener(mappingListener);
    watched.forEach(block -> block.dirty().removeWatch(watch));
    vcpus.forEach(TcgVcpu::close);
    CodeArchive kept = archive;
    if (kept != null) {
      kept.close();
    }
    try {
      opened().close();
    } catch (RuntimeException | Error e) {
      return; // whoever prepared was told of it
    }
  }

  private void logVectorCounts() {
    var all = new VectorCounts();
    vectorCounts.forEach(all::add);
    List<String> lines = all.lines();
    if (!lines.isEmpty()) {
      log()
          .write(
              LogCategory.VECTOR_OPS,
              () -> "vector operations done in Java:\n" + String.join("\n", lines));
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive() && !Thread.currentThread().equals(thread)) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the gate, as vCPUs see it ---------------------------------------------------------------

  private boolean mayExecute() {
    return exclusive == null || Thread.currentThread().equals(exclusive);
  }

  /** Waits until the vCPU has something to do and may do it; false when it is to end. */
  boolean awaitTurn(TcgVcpu vcpu) {
    gate.lock();
    try {
      vcpu.executing = false;
      changed.signalAll();
      // Idle first, then look: a kick either is seen here or finds the vCPU idle and wakes it.
      vcpu.idle = true;
      while (!closed) {
        boolean wants = vcpu.hasQueuedWork() || (running && vcpu.wantsToRun());
        if (wants && mayExecute() && !vcpu.borrowed) {
          vcpu.executing = true;
          return true;
        }
        vcpu.turn.awaitUninterruptibly();
      }
      return false;
    } finally {
      vcpu.idle = false;
      gate.unlock();
    }
  }

  /**
   * After a kick: whether the vCPU has to go back to {@link #awaitTurn}. Without the gate, as every
   * interrupt comes here: whoever wants it back says so first and kicks it then, and the vCPU takes
   * the kick first and looks then.
   */
  boolean mustLeave(TcgVcpu vcpu) {
    return closed || !running || !mayExecute() || vcpu.hasQueuedWork();
  }

  /** In which a vCPU waits for its turn. */
  Condition newTurn() {
    return gate.newCondition();
  }

  /** With the gate: what decides whose turn it is has changed for all. */
  private void letAllLook() {
    vcpus.forEach(vcpu -> vcpu.turn.signal());
    changed.signalAll();
  }

  /** Has a vCPU that waits for its turn look again. */
  void wake(TcgVcpu vcpu) {
    gate.lock();
    try {
      vcpu.turn.signal();
    } finally {
      gate.unlock();
    }
  }

  /** Has a vCPU look for work, wherever it waits. */
  void wakeForWork(TcgVcpu vcpu) {
    gate.lock();
    try {
      vcpu.turn.signal();
      changed.signalAll();
    } finally {
      gate.unlock();
    }
  }

  /**
   * Has an action run on a vCPU's thread, or by the vCPU that asks while that one has nothing to do
   * and is kept from beginning; the result waits for it. A guest that starts has thousands of
   * translations forgotten while its other CPUs are off, which would be woken for each.
   */
  Runnable begin(TcgVcpu on, Runnable action) {
    if (on.idle && TcgVcpu.current(vcpus) != null && borrow(on)) {
      try {
        action.run();
      } finally {
        giveBack(on);
      }
      return () -> {};
    }
    boolean[] done = {false};
    on.post(() -> {
      action.run();
      finished(done);
    });
    return () -> awaitInside(done);
  }

  /** Has an action run for all vCPUs but one, as {@link #begin}; the result waits for the last. */
  Runnable beginOnOthers(TcgVcpu self, Consumer<Cpu> action) {
    if (vcpus.size() == 1) {
      return () -> {};
    }
    List<Runnable> begun =
        vcpus.stream()
            .filter(vcpu -> vcpu != self)
            .map(vcpu -> begin(vcpu, () -> action.accept(vcpu.cpu())))
            .toList();
    return () -> begun.forEach(Runnable::run);
  }

  /** Keeps a vCPU that has nothing to do from executing; false if it may be about to. */
  private boolean borrow(TcgVcpu vcpu) {
    gate.lock();
    try {
      if (!vcpu.idle || vcpu.borrowed || vcpu.hasQueuedWork()) {
        return false;
      }
      vcpu.borrowed = true;
      return true;
    } finally {
      gate.unlock();
    }
  }

  private void giveBack(TcgVcpu vcpu) {
    gate.lock();
    try {
      vcpu.borrowed = false;
      if (vcpu.hasQueuedWork() || vcpu.wantsToRun()) {
        vcpu.turn.signal();
      }
    } finally {
      gate.unlock();
    }
  }

  private void awaitInside(boolean[] done) {
    TcgVcpu self = TcgVcpu.current(vcpus);
    gate.lock();
    try {
      if (self != null) {
        self.executing = false;
        self.waitingInside = true;
        changed.signalAll();
      }
      while (!closed && (!done[0] || !mayExecute())) {
        if (self != null && self.hasQueuedWork() && mayExecute()) {
          serve(self);
        } else {
          changed.awaitUninterruptibly();
        }
      }
      if (self != null) {
        self.waitingInside = false;
        self.executing = true;
      }
    } finally {
      gate.unlock();
    }
  }

  private void finished(boolean[] done) {
    gate.lock();
    try {
      done[0] = true;
      changed.signalAll();
    } finally {
      gate.unlock();
    }
  }

  /** Lets a waiting vCPU do what others ask of it, or two that wait for each other never end. */
  private void serve(TcgVcpu self) {
    self.executing = true;
    gate.unlock();
    try {
      self.serveOthers();
    } finally {
      gate.lock();
      self.executing = false;
      changed.signalAll();
    }
  }

  /**
   * Runs an action while no other vCPU executes. Called by a vCPU's thread between or inside
   * instructions, or by a thread that runs no guest.
   */
  public void exclusively(Runnable action) {
    TcgVcpu self = TcgVcpu.current(vcpus);
    enterExclusive(self);
    try {
      action.run();
    } finally {
      leaveExclusive(self);
    }
  }

  private void enterExclusive(@Nullable TcgVcpu self) {
    gate.lock();
    try {
      if (self != null) {
        self.executing = false;
        self.waitingInside = true;
        changed.signalAll();
      }
      while (exclusive != null) {
        changed.awaitUninterruptibly();
      }
      exclusive = Thread.currentThread();
      vcpus.stream().filter(v -> v != self).forEach(TcgVcpu::requestExit);
      while (vcpus.stream().anyMatch(v -> v.executing)) {
        changed.awaitUninterruptibly();
      }
    } finally {
      gate.unlock();
    }
  }

  private void leaveExclusive(@Nullable TcgVcpu self) {
    gate.lock();
    try {
      exclusive = null;
      if (self != null) {
        self.waitingInside = false;
        self.executing = true;
      }
      letAllLook();
    } finally {
      gate.unlock();
    }
  }

  /**
   * Compiles a unit, and fills an image if there is one, giving up other code if there is no room.
   */
  CompiledCode compile(IrUnit unit, int pageOffset, @Nullable CodeImage image) {
    while (true) {
      CompiledCode code =
          image == null
              ? backEnd().compile(unit, pageOffset)
              : backEnd().compile(unit, pageOffset, image);
      if (code != null) {
        return code;
      }
      exclusively(() -> {
        cache.forget(backEnd().reclaim());
        vcpus.forEach(TcgVcpu::forgetBlocks);
      });
    }
  }

  void debugStop() {
    machine.requestPause(RunState.DEBUG);
  }

  void vcpuFailed(TcgVcpu vcpu, Throwable failure) {
    gate.lock();
    try {
      vcpu.executing = false;
      changed.signalAll();
    } finally {
      gate.unlock();
    }
    machine.deviceFailed(
        "cpu%d at pc 0x%x".formatted(vcpu.cpu().index(), vcpu.cpu().pc()), failure);
  }

  // ---- code and mappings -----------------------------------------------------------------------

  private @Nullable RamBlock blockOf(long ramAddress) {
    return machine.ram().find(ramAddress);
  }

  /** Host address of the page around a RAM address, −1 if there is none. */
  long hostPage(long ramAddress) {
    RamBlock block = blockOf(ramAddress);
    return block == null ? -1 : block.hostAddress() + (ramAddress - block.ramBase() & -4096L);
  }

  private void pageHasCode(long page) {
    RamBlock block = blockOf(page);
    if (block != null) {
      block.dirty().setCode(page - block.ramBase());
    }
  }

  private void pageHasNoCode(long page) {
    RamBlock block = blockOf(page);
    if (block != null) {
      block.dirty().clearCode(page - block.ramBase());
    }
  }

  /**
   * Called by a vCPU's thread after it closed the ways in which a page is written, and before it
   * reads the page to translate it: a store that found its way open before must have landed, or the
   * code would be of bytes that change without anybody hearing of it.
   */
  void settleWrites() {
    long closed = writesClosed.get();
    if (closed != writesSettled) {
      exclusively(() -> writesSettled = closed);
    }
  }

  private void mappingChanged(FlatView before, FlatView after) {
    for (TcgVcpu vcpu : vcpus) {
      vcpu.post(vcpu::flushTlb);
    }
  }

  /** Hears of writes to pages with code, by vCPUs and by devices. */
  private final class CodeWatch implements DirtyLog.Watch {
    @Override
    public void codeWritten(long ramAddress, long length) {
      cache.invalidate(ramAddress, length);
    }

    @Override
    public void rearm(long ramAddress, long length) {
      boolean any = false;
      for (TcgVcpu vcpu : vcpus) {
        boolean open = vcpu.mmu().closeWrites(ramAddress, length);
        any |= open && !Thread.currentThread().equals(vcpu.thread());
      }
      if (any) {
        writesClosed.incrementAndGet();
      }
    }
  }
}
