package dev.kasuari.machine;

import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.machine.time.Clock;
import dev.kasuari.machine.time.Timer;
import dev.kasuari.machine.time.WallClock;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;

/**
 * What a device says of itself while it is realized, and what it gets of its machine. Whatever is
 * called back is called under the machine's lock, and {@link Device#outputs} follows it.
 */
public final class Wiring {
  /** Hears one of several inputs. */
  @FunctionalInterface
  public interface InputSink {
    /** Input number {@code index} is now high, or low. */
    void set(int index, boolean level);
  }

  private final Machine machine;
  private final Device<?, ?> device;
  private final Dma dma;

  Wiring(Machine machine, Device<?, ?> device, Dma dma) {
    this.machine = machine;
    this.device = device;
    this.dma = dma;
  }

  Machine machine() {
    return machine;
  }

  Device<?, ?> device() {
    return device;
  }

  // What the device has.

  /**
   * A region of registers; the board or bus says where.
   *
   * @param size bytes
   */
  public MemoryRegion.Mmio region(String name, long size, MmioHandler handler) {
    if (handler instanceof Registers registers) {
      registers.attach(device.id(), machine.log());
      device.addRegisters(name, registers);
    }
    var guarded = new GuardedHandler(device, handler, machine.log());
    return region(name, MemoryRegion.mmio(device.id() + "." + name, size, guarded));
  }

  /**
   * A region that reads as memory and whose writes are registers, as flash has.
   *
   * @param block the memory, see {@link #ram}
   */
  public MemoryRegion.RomDevice romDevice(String name, RamBlock block, MmioHandler handler) {
    var guarded = new GuardedHandler(device, handler, machine.log());
    return region(name, MemoryRegion.romDevice(block, guarded));
  }

  /** A region of any other kind: memory, or a container of several. */
  public <T extends MemoryRegion> T region(String name, T region) {
    return device.addRegion(name, region);
  }

  /**
   * Memory of the device's own: flash, video memory. Its contents are saved with the RAM.
   *
   * @param size bytes, a multiple of 4096
   */
  public RamBlock ram(String name, long size) {
    return machine.ram().allocate(device.id() + "." + name, size);
  }

  /** An output line. */
  public IrqLine irq(String name) {
    return device.addOutput(name);
  }

  /** Several output lines called {@code name[0]}, {@code name[1]} … */
  public IrqLine[] irqs(String name, int count) {
    var lines = new IrqLine[count];
    for (int i = 0; i < count; i++) {
      lines[i] = irq(name + "[" + i + "]");
    }
    return lines;
  }

  /** An input line. */
  public IrqLine input(String name, IrqLine.Sink sink) {
    return device.addInput(name, sink);
  }

  /** Several input lines called {@code name[0]}, {@code name[1]} … */
  public IrqLine[] inputs(String name, int count, InputSink sink) {
    var lines = new IrqLine[count];
    for (int i = 0; i < count; i++) {
      int index = i;
      lines[i] = input(name + "[" + i + "]", level -> sink.set(index, level));
    }
    return lines;
  }

  /**
   * As {@link #inputs}, of an interrupt controller: {@code cells} gives what the hardware
   * description calls each.
   */
  public IrqLine[] interruptInputs(
      String name, int count, IntFunction<java.util.List<Integer>> cells, InputSink sink) {
    IrqLine[] lines = inputs(name, count, sink);
    for (int i = 0; i < count; i++) {
      lines[i].describe(new InterruptSpecifier(device.node(), cells.apply(i)));
    }
    return lines;
  }

  /** Something with a type of its own that the board connects: a vector port, a clock's rate. */
  public <T> void port(String name, Class<T> type, T port) {
    device.addPort(name, type.cast(port));
  }

  /** A bus that other devices are plugged into. */
  public <B extends Bus> B bus(B bus) {
    device.addBus(bus);
    return bus;
  }

  /** A timer of virtual time, to be armed in {@link Device#outputs} or a register. */
  public Timer timer(String name, Runnable action) {
    Timer timer = machine.timers().create(device.id() + "." + name, () -> device.enter(action));
    device.addTimer(timer);
    return timer;
  }

  // What the device gets.

  /** Memory as the device's bus shows it. */
  public Dma dma() {
    return dma;
  }

  /** Virtual time. */
  public Clock clock() {
    return machine.clock();
  }

  /** The date. */
  public WallClock wallClock() {
    return machine.wallClock();
  }

  /** Random numbers of the machine's seed. Under the lock only. */
  public RandomGenerator random() {
    return machine.random();
  }

  /** The machine's log. */
  public Log log() {
    return machine.log();
  }

  /** The machine's switches. */
  public Power power() {
    return machine;
  }

  /**
   * Runs {@code action} on the machine's event loop; from any thread. Completions and input of the
   * host enter this way. Nothing happens once the device is gone.
   */
  public void post(Runnable action) {
    machine.post(() -> {
      if (device.attached()) {
        device.enter(action);
      }
    });
  }

  /**
   * As {@link #post}, for input that comes without having been asked for: see {@link
   * Machine.Builder#inputAwaitsReset}.
   */
  public void postInput(Runnable action) {
    machine.onceReset(() -> post(action));
  }

  /**
   * Runs code of the device now, under the lock, and lets its outputs follow: how a port enters the
   * device when somebody outside calls it.
   */
  public void enter(Runnable action) {
    device.enter(action);
  }

  /** Hands over what is to be closed with the device; last come, first closed. */
  public <T extends AutoCloseable> T own(T resource) {
    device.addResource(resource);
    return resource;
  }
}
