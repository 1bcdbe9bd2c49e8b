package dev.kasuari.testkit;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.memory.MemoryRegion;

/** A device on a {@link TestBench}: its registers and lines. */
public final class DeviceProbe<D extends Device<?, ?>> extends RegionProbe {
  private final TestBench bench;
  private final D device;

  DeviceProbe(TestBench bench, D device) {
    super(bench.machine(), first(device));
    this.bench = bench;
    this.device = device;
  }

  private static long first(Device<?, ?> device) {
    return device.regions().isEmpty() ? 0 : device.regions().getFirst().absoluteAddress();
  }

  /** The device. */
  public D device() {
    return device;
  }

  /** The registers of the region called {@code name}. */
  public RegionProbe region(String name) {
    MemoryRegion region = device.region(name);
    return new RegionProbe(bench.machine(), region.absoluteAddress());
  }

  /** Listens to the output line called {@code name}. */
  public IrqProbe irq(String name) {
    var probe = new IrqProbe(name);
    IrqLine line = device.output(name);
    bench.machine().locked(() -> line.connect(probe));
    return probe;
  }

  /** Drives the input line called {@code name}. */
  public void drive(String name, boolean level) {
    bench.machine().locked(() -> device.input(name).set(level));
  }

  /** Resets the machine. */
  public void reset() {
    bench.machine().reset(dev.kasuari.machine.ResetCause.HOST);
  }

  /** Saves the device, resets it, and restores it from what was saved. */
  public void saveAndRestore() {
    var saved = bench.machine().devices().save();
    reset();
    bench.machine().devices().restore(saved);
  }
}
