package dev.kasuari.testkit;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Placement;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.machine.time.ManualClock;
import dev.kasuari.machine.time.WallClock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A machine without CPUs to plug a device into. Its clock stands at 0 until a test moves it, its
 * date is {@link #START} then, and its log is kept.
 */
public final class TestBench implements AutoCloseable {
  /** The date when the clock stands at 0. */
  public static final Instant START = Instant.parse("2020-01-02T03:04:05Z");

  /** Where {@link #withRam} puts memory. */
  public static final long RAM = 0x8000_0000L;

  /** Where {@link #plug} puts the first region. */
  private static final long DEVICES = 0x1000_0000L;

  private final ManualClock clock = new ManualClock();
  private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
  private final Machine machine;
  private final boolean driven;
  private long nextAddress = DEVICES;

  public TestBench() {
    this(false);
  }

  /**
   * One whose machine has no thread: what is posted is done by {@link #awaitPosts}, on the thread
   * that made the bench. For tests of very many steps.
   */
  public static TestBench driven() {
    return new TestBench(true);
  }

  private TestBench(boolean driven) {
    this.driven = driven;
    Log log = Log.to(lines::add);
    log.select(EnumSet.of(LogCategory.GUEST_ERRORS, LogCategory.UNIMP));
    machine =
        Machine.builder("test")
            .clock(clock)
            .wallClock(WallClock.startingAt(START, clock))
            .log(log)
            .driven(driven)
            .build();
  }

  /** The machine. */
  public Machine machine() {
    return machine;
  }

  /** The clock. */
  public ManualClock clock() {
    return clock;
  }

  /** What was logged: guest errors, what is not implemented, failures. */
  public List<String> log() {
    return List.copyOf(lines);
  }

  /** Adds {@code size} bytes of memory at {@link #RAM}. */
  public RamBlock withRam(long size) {
    RamBlock block = machine.ram().allocate("ram", size);
    machine.locked(() -> machine.root().add(RAM, MemoryRegion.ram(block)));
    return block;
  }

  /** Adds a device to the board, with its regions at addresses of their own. */
  public <D extends Device<?, ?>> DeviceProbe<D> plug(D device) {
    Placement<D> placement = machine.sysBus().add(device);
    for (MemoryRegion region : device.regions()) {
      long size = Math.max(0x1_0000, Long.highestOneBit(region.size()) << 1);
      nextAddress = (nextAddress + size - 1) & -size;
      long address = nextAddress;
      machine.locked(() -> machine.root().add(address, region));
      nextAddress += size;
    }
    return new DeviceProbe<>(this, placement.device());
  }

  /**
   * Waits for the end of the machine.
   *
   * @throws AssertionError if it has not come within ten seconds
   */
  public Shutdown awaitShutdown() throws InterruptedException {
    Shutdown end = machine.awaitShutdown(10, TimeUnit.SECONDS);
    if (end == null) {
      throw new AssertionError("the machine has not ended; it is " + machine.state());
    }
    return end;
  }

  /** Waits until all that was posted to the event loop so far is done. */
  public void awaitPosts() throws InterruptedException {
    if (driven) {
      machine.drive();
      return;
    }
    var done = new java.util.concurrent.CountDownLatch(1);
    machine.post(done::countDown);
    if (!done.await(10, TimeUnit.SECONDS)) {
      throw new AssertionError("the event loop is stuck");
    }
  }

  /** Closes the machine; a failure of the emulator in it fails the test. */
  @Override
  public void close() {
    Throwable failure = machine.failure();
    machine.close();
    if (failure != null) {
      throw new AssertionError("the machine failed", failure);
    }
  }
}
