package dev.kasuari.machine;

import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.Dma;
import java.util.ArrayList;
import java.util.List;

/**
 * What devices are plugged into. It decides where their registers appear and what they see of
 * memory.
 */
public abstract class Bus {
  private final Machine machine;
  private final String name;
  private HardwareNode node;
  private final List<Device<?, ?>> devices = new ArrayList<>();

  /**
   * An empty bus.
   *
   * @param node under which devices describe themselves
   */
  protected Bus(Machine machine, String name, HardwareNode node) {
    this.machine = machine;
    this.name = name;
    this.node = node;
  }

  /**
   * An empty bus of a device, which {@link Wiring#bus} adds to the machine.
   *
   * @param wiring the device's
   * @param name unique among the device's buses
   */
  protected Bus(Wiring wiring, String name) {
    this(wiring.machine(), wiring.device().id() + "." + name, wiring.device().node());
  }

  /**
   * An empty bus of a device, which {@link Wiring#bus} adds to the machine, under a name that is
   * unique in the machine: what people write behind {@code bus=}.
   *
   * @param name as it is
   * @param wiring the device's
   */
  protected Bus(String name, Wiring wiring) {
    this(wiring.machine(), name, wiring.device().node());
  }

  /** The machine it is part of. */
  public final Machine machine() {
    return machine;
  }

  /** What {@code bus=} calls it. */
  public final String name() {
    return name;
  }

  /** Its place in the hardware description. */
  public final HardwareNode node() {
    return node;
  }

  final void describeUnder(HardwareNode newNode) {
    node = newNode;
  }

  /** What is plugged in, in that order. */
  public final List<Device<?, ?>> devices() {
    return List.copyOf(devices);
  }

  /** What {@code device} sees of memory. The default is all of it, with no IOMMU. */
  protected Dma dma(Device<?, ?> device) {
    return machine.memory().dma(BusAccess.NOBODY);
  }

  /** True if no further device can be plugged in. */
  protected boolean full() {
    return false;
  }

  /** True if {@code -device} may use it; false where the board says what there is. */
  protected boolean open() {
    return true;
  }

  /** True if devices may come and go while the guest runs. */
  public boolean hotPluggable() {
    return false;
  }

  /**
   * Called after {@code device} was realized: gives its regions addresses if the bus does that.
   *
   * @throws dev.kasuari.qapi.OptionException if there is no room for it
   */
  protected void plugged(Device<?, ?> device) {}

  /** Called before {@code device} goes. */
  protected void unplugged(Device<?, ?> device) {}

  /**
   * Runs code of a plugged device under the lock and lets its outputs follow, as after an access:
   * for buses that bring accesses to devices themselves.
   */
  protected final void enter(Device<?, ?> device, Runnable action) {
    device.enter(action);
  }

  final boolean busy() {
    for (Device<?, ?> device : devices) {
      if (device.busy()) {
        return true;
      }
    }
    return false;
  }

  final void plug(Device<?, ?> device) {
    plugged(device);
    devices.add(device);
  }

  final void unplug(Device<?, ?> device) {
    unplugged(device);
    devices.remove(device);
  }

  @Override
  public final String toString() {
    return name;
  }
}
