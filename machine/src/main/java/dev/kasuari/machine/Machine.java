package dev.kasuari.machine;

import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamList;
import dev.kasuari.machine.time.Clock;
import dev.kasuari.machine.time.RealtimeClock;
import dev.kasuari.machine.time.TimerQueue;
import dev.kasuari.machine.time.WallClock;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One machine: its memory, clock, lock and event loop, and what state it is in. Many live in one
 * process; a machine that is closed has given back every thread, mapping and descriptor.
 *
 * <p>The run state changes on the event loop only. {@code request…} methods ask for a change and
 * return at once; devices use them. {@link #resume}, {@link #pause} and {@link #reset} wait until
 * it is done and must not be called with the lock held.
 */
public final class Machine implements MachineContext, Power, AutoCloseable {
  /** How long operations of the host may take before a machine stops without them. */
  private static final long DRAIN_NANOS = 10_000_000_000L;

  private final String name;
  private final ReentrantLock lock = new ReentrantLock();
  private final Log log;
  private final Clock clock;
  private final TimerQueue timers;
  private final WallClock wallClock;
  private final RandomGenerator random;
  private final RamList ram = new RamList();
  private final MemoryRegion.Container root = MemoryRegion.container("system", MemoryRegion.WHOLE);
  private final AddressSpace memory;
  private final EventLoop loop;
  private final HardwareNode hardware = new HardwareNode("");
  private final DeviceList devices = new DeviceList(this);
  private final SysBus sysBus;
  private final boolean driven;
  private final boolean rebootEnds;
  private final boolean shutdownPauses;
  private final List<ExecutionControl> executions = new CopyOnWriteArrayList<>();
  private final List<MachineListener> listeners = new CopyOnWriteArrayList<>();
  private final List<AutoCloseable> resources = new CopyOnWriteArrayList<>();
  private final List<Runnable> resets = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Shutdown> ended = new CompletableFuture<>();
  private final AtomicBoolean prepared = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile RunState state = RunState.PRELAUNCH;
  private volatile @Nullable Throwable failure;
  private boolean started;
  private final List<Runnable> awaitingReset = new ArrayList<>();
  private boolean wasReset;

  private Machine(Builder builder) {
    name = builder.name;
    log = builder.log;
    clock = builder.clock;
    wallClock = builder.wallClock == null ? WallClock.ofHost() : builder.wallClock;
    random = new SplittableRandom(builder.seed);
    rebootEnds = builder.rebootEnds;
    shutdownPauses = builder.shutdownPauses;
    memory = new AddressSpace("memory", root, this);
    sysBus = new SysBus(this, hardware.child("soc"));
    driven = builder.driven;
    wasReset = !builder.inputAwaitsReset;
    loop = new EventLoop(name, this, driven);
    timers = new TimerQueue(clock, this, loop::wake);
  }

  /** Starts the description of a machine. */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /** The name ({@code -name}); threads carry it. */
  public String name() {
    return name;
  }

  @Override
  public ReentrantLock lock() {
    return lock;
  }

  @Override
  public Log log() {
    return log;
  }

  /** Virtual time. */
  public Clock clock() {
    return clock;
  }

  /** Timers of virtual time; they run on the event loop. */
  public TimerQueue timers() {
    return timers;
  }

  /** The date for real-time clocks. */
  public WallClock wallClock() {
    return wallClock;
  }

  /** Random numbers from the machine's seed. Under the lock only. */
  public RandomGenerator random() {
    return random;
  }

  /** The machine's blocks of memory. */
  public RamList ram() {
    return ram;
  }

  /** The tree that {@link #memory()} shows. */
  public MemoryRegion.Container root() {
    return root;
  }

  /** What CPUs see at physical addresses. */
  public AddressSpace memory() {
    return memory;
  }

  /** The board's own bus. */
  public SysBus sysBus() {
    return sysBus;
  }

  /** Adds a device to the board and maps its first region at {@code address}. */
  public <D extends Device<?, ?>> Placement<D> map(long address, D device) {
    return sysBus.map(address, device);
  }

  /** All devices. */
  public DeviceList devices() {
    return devices;
  }

  /**
   * The root of the hardware description, as the board made it. Devices are in it only after {@link
   * #describe}.
   */
  public HardwareNode hardware() {
    return hardware;
  }

  /** The hardware description with every device as it is wired now. */
  public HardwareNode describe() {
    locked(devices::describe);
    return hardware;
  }

  /** Adds what executes guest code. Before {@link #resume}. */
  public void addExecution(ExecutionControl execution) {
    executions.add(execution);
  }

  /** Adds a listener. */
  public void addListener(MachineListener listener) {
    listeners.add(listener);
  }

  /** Removes a listener. */
  public void removeListener(MachineListener listener) {
    listeners.remove(listener);
  }

  /**
   * Hands over what is to be closed with the machine, after its threads; last come, first closed.
   */
  public <T extends AutoCloseable> T own(T resource) {
    resources.addFirst(resource);
    return resource;
  }

  /**
   * Adds something that is to happen at every reset, under the lock, after devices and CPUs: a
   * loader putting a kernel back and the CPUs before it. In the order of adding.
   */
  public void onReset(Runnable action) {
    resets.add(action);
  }

  /**
   * Runs {@code action} on the event loop under the lock. All host input and every completion
   * enters the machine this way.
   *
   * @return false if the machine is closing and nothing will happen
   */
  public boolean post(Runnable action) {
    return loop.post(action);
  }

  /**
   * Runs an action at once, or after the reset with which the machine starts if {@link
   * Builder#inputAwaitsReset} says so.
   */
  void onceReset(Runnable action) {
    synchronized (awaitingReset) {
      if (!wasReset) {
        awaitingReset.add(action);
        return;
      }
    }
    action.run();
  }

  private void firstReset() {
    resetDevices(ResetCause.POWER_ON);
    synchronized (awaitingReset) {
      wasReset = true;
      awaitingReset.forEach(Runnable::run);
      awaitingReset.clear();
    }
  }

  /**
   * Does what was posted so far and what comes of it, on this thread, which made the machine.
   *
   * @throws IllegalStateException unless the machine was made to be {@link Builder#driven driven}
   */
  public void drive() {
    loop.drive();
  }

  /** Runs {@code action} under the lock on this thread. */
  public void locked(Runnable action) {
    lock.lock();
    try {
      action.run();
    } finally {
      lock.unlock();
    }
  }

  /** What the machine is doing. */
  public RunState state() {
    return state;
  }

  /** What stopped the machine in {@link RunState#INTERNAL_ERROR}, or null. */
  public @Nullable Throwable failure() {
    return failure;
  }

  /**
   * Takes from the host all that the machine needs and has not asked for yet, when it is complete.
   * Once; {@link #resume} does it if nobody did.
   *
   * @throws dev.kasuari.host.HostException if the host has no such room
   */
  public void prepare() {
    if (prepared.compareAndSet(false, true)) {
      ram.map();
      executions.forEach(ExecutionControl::prepare);
    }
  }

  /** Lets the guest run; the first time after a power-on reset. */
  public void resume() {
    prepare();
    control(this::resumeNow);
  }

  /** Stops the guest and waits until it stands. */
  public void pause() {
    pause(RunState.PAUSED);
  }

  /** As {@link #pause()}, with the reason as the new state. */
  public void pause(RunState reason) {
    control(() -> stopNow(reason));
  }

  /** Resets the machine, and waits until that is done; it goes on running if it did. */
  public void reset(ResetCause cause) {
    control(() -> resetNow(cause));
  }

  /** Asks for a reset. Any thread; the asking CPU stops soon. */
  @Override
  public void requestReset(ResetCause cause) {
    stopSoon();
    loop.control(() -> resetOrEnd(cause));
  }

  /** Asks for the end. Any thread; the asking CPU stops soon. */
  @Override
  public void requestShutdown(Shutdown shutdown) {
    stopSoon();
    loop.control(() -> shutDownNow(shutdown));
  }

  /** Asks to stop for {@code reason}. Any thread; the asking CPU stops soon. */
  @Override
  public void requestPause(RunState reason) {
    stopSoon();
    loop.control(() -> stopNow(reason));
  }

  @Override
  public void deviceFailed(String where, Throwable cause) {
    boolean first;
    synchronized (ended) {
      first = failure == null;
      failure = first ? cause : failure;
    }
    if (first) {
      // One line: who runs the machine decides where the trace goes, see failure().
      log.always(name + ": stopped by a failure of the emulator in " + where + ": " + cause);
      loop.control(() -> failNow(where + ": " + cause));
    }
    stopSoon();
  }

  /** Waits for the end of the machine. */
  public Shutdown awaitShutdown() throws InterruptedException {
    try {
      return ended.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits for the end of the machine, and gives null if it has not come in time. */
  public @Nullable Shutdown awaitShutdown(long timeout, TimeUnit unit) throws InterruptedException {
    try {
      return ended.get(timeout, unit);
    } catch (TimeoutException e) {
      return null;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Ends everything and gives it back. May be called again, from any thread but the machine's own,
   * and from a shutdown hook.
   */
  @Override
  public void close() {
    if ((loop.isCurrentThread() && !driven) || lock.isHeldByCurrentThread()) {
      throw new IllegalStateException(name + ": close() from inside the machine");
    }
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    loop.controlAndWait(() -> stopNow(RunState.SHUTDOWN));
    for (ExecutionControl execution : executions) {
      quietly("closing " + execution.name(), execution::close);
    }
    loop.close();
    for (Device<?, ?> device : devices.clear()) {
      quietly("closing " + device, device::dispose);
    }
    for (AutoCloseable resource : resources) {
      quietly("closing " + resource, resource);
    }
    memory.dispose();
    quietly("unmapping memory", ram);
    ended.complete(new Shutdown(Shutdown.Cause.HOST, 0, "closed"));
    log.close();
  }

  private void quietly(String what, AutoCloseable action) {
    try {
      action.close();
    } catch (Exception e) {
      log.always(name + ": " + what + ": " + e);
    }
  }

  private void control(Runnable action) {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException(name + ": waiting for a change of state under the lock");
    }
    loop.controlAndWait(action);
  }

  private void stopSoon() {
    for (ExecutionControl execution : executions) {
      execution.requestPause();
    }
  }

  // What follows runs on the event loop without the lock.

  private void resumeNow() {
    if (state.running() || state == RunState.INTERNAL_ERROR || closed.get()) {
      return;
    }
    if (!started) {
      started = true;
      executions.forEach(ExecutionControl::start);
      firstReset();
    }
    enter(RunState.RUNNING);
    clock.resume();
    executions.forEach(ExecutionControl::resume);
  }

  private void stopNow(RunState reason) {
    halt();
    if (state != RunState.INTERNAL_ERROR && !(state == RunState.PRELAUNCH && !started)) {
      enter(reason);
    }
  }

  /** Stops CPUs and clock, whatever the state is called afterwards. */
  private void halt() {
    stopSoon();
    if (started) {
      executions.forEach(ExecutionControl::awaitPaused);
    }
    clock.pause();
    drainNow();
  }

  /** Waits until no device has an operation of the host under way. Not under the lock. */
  void drain() {
    control(this::drainNow);
  }

  private void drainNow() {
    if (!loop.runUntil(this::idle, DRAIN_NANOS)) {
      log.always(name + ": host operations of devices did not end; going on without them");
    }
  }

  private boolean idle() {
    lock.lock();
    try {
      return devices.operations() == 0;
    } finally {
      lock.unlock();
    }
  }

  private void resetNow(ResetCause cause) {
    if (state == RunState.INTERNAL_ERROR) {
      return;
    }
    boolean running = state.running();
    halt();
    resetDevices(cause);
    if (running) {
      clock.resume();
      executions.forEach(ExecutionControl::resume);
    }
  }

  private void resetDevices(ResetCause cause) {
    locked(() -> {
      devices.reset();
      resets.forEach(Runnable::run);
    });
    executions.forEach(ExecutionControl::reset);
    listeners.forEach(l -> l.wasReset(cause));
  }

  private void resetOrEnd(ResetCause cause) {
    if (rebootEnds && cause != ResetCause.HOST) {
      shutDownNow(new Shutdown(Shutdown.Cause.GUEST_RESET, 0, "reset by the guest"));
    } else {
      resetNow(cause);
    }
  }

  private void shutDownNow(Shutdown shutdown) {
    halt();
    if (state != RunState.INTERNAL_ERROR) {
      enter(
          shutdown.cause() == Shutdown.Cause.GUEST_PANIC
              ? RunState.GUEST_PANICKED
              : RunState.SHUTDOWN);
    }
    listeners.forEach(l -> l.shutDown(shutdown));
    if (!shutdownPauses || shutdown.cause() == Shutdown.Cause.HOST) {
      ended.complete(shutdown);
    }
  }

  private void failNow(String reason) {
    try {
      halt();
      enter(RunState.INTERNAL_ERROR);
    } finally {
      state = RunState.INTERNAL_ERROR;
      ended.complete(new Shutdown(Shutdown.Cause.FAILURE, 1, reason));
    }
  }

  private void enter(RunState next) {
    RunState before = state;
    if (before != next) {
      state = next;
      listeners.forEach(l -> l.stateChanged(before, next));
    }
  }

  /** The choices that are made before a machine exists. */
  public static final class Builder {
    private final String name;
    private Log log = Log.toStderr();
    private Clock clock = new RealtimeClock();
    private @Nullable WallClock wallClock;
    private long seed;
    private boolean rebootEnds;
    private boolean shutdownPauses;
    private boolean driven;
    private boolean inputAwaitsReset;

    private Builder(String name) {
      this.name = name;
    }

    /** Where the machine logs; closed with it. The default is the standard error stream. */
    public Builder log(Log log) {
      this.log = log;
      return this;
    }

    /** Virtual time; the default goes with the host's. One clock drives one machine. */
    public Builder clock(Clock clock) {
      this.clock = clock;
      return this;
    }

    /** The date; the default is the host's. */
    public Builder wallClock(WallClock wallClock) {
      this.wallClock = wallClock;
      return this;
    }

    /** What random numbers are made from; the default is 0. */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /** A reset by the guest is the machine's end ({@code -no-reboot}). */
    public Builder rebootEnds(boolean ends) {
      this.rebootEnds = ends;
      return this;
    }

    /**
     * A machine that the guest switched off stays to be looked at ({@code -no-shutdown}); the host
     * can still end it.
     */
    public Builder shutdownPauses(boolean pauses) {
      this.shutdownPauses = pauses;
      return this;
    }

    /**
     * The machine has no thread of its own: the one that makes it calls {@link Machine#drive}. For
     * tests of devices, which are many times faster so.
     */
    public Builder driven(boolean driven) {
      this.driven = driven;
      return this;
    }

    /**
     * What the host has to say to devices waits until the machine starts. It begins with a reset,
     * which a character that a pipe held ready would not survive.
     */
    public Builder inputAwaitsReset() {
      this.inputAwaitsReset = true;
      return this;
    }

    /** Makes the machine, in {@link RunState#PRELAUNCH}. */
    public Machine build() {
      var machine = new Machine(this);
      machine.loop.start(machine.timers);
      return machine;
    }
  }
}
