package dev.kasuari.machine;

import dev.kasuari.machine.memory.MemoryRegion;
import java.util.function.Consumer;

/**
 * A device on the board, being wired.
 *
 * @param machine the machine
 * @param device the device
 */
public record Placement<D extends Device<?, ?>>(Machine machine, D device) {
  /** Maps the first region. */
  public Placement<D> at(long address) {
    return map(device.regions().getFirst(), address);
  }

  /** Maps the region called {@code name}. */
  public Placement<D> at(String name, long address) {
    return map(device.region(name), address);
  }

  /** Connects the output called {@code name} to an input of something else. */
  public Placement<D> irq(String name, IrqLine input) {
    device.connect(name, input);
    return this;
  }

  /** Says what drives the clock input called {@code name}. */
  public Placement<D> clock(String name, HardwareNode source) {
    device.clock(name, source);
    return this;
  }

  /** Shows the regions that are mapped to the secure world alone. */
  public Placement<D> secureOnly() {
    machine.locked(() -> device.regions().forEach(region -> region.setSecureOnly(true)));
    return this;
  }

  /** Adds to the device's description, if it has one, what only the board knows. */
  public Placement<D> describe(Consumer<HardwareNode> more) {
    device.describeFurther(more);
    return this;
  }

  /** Describes the device in another node than that of the bus. */
  public Placement<D> describeIn(HardwareNode place) {
    device.describeIn(place);
    return this;
  }

  private Placement<D> map(MemoryRegion region, long address) {
    machine.locked(() -> machine.root().add(address, region));
    return this;
  }
}
