package dev.kasuari.machine;

/**
 * The board itself: devices at addresses and on wires that the board decides, which software learns
 * from the hardware description.
 */
public final class SysBus extends Bus {
  SysBus(Machine machine, HardwareNode node) {
    super(machine, "sysbus", node);
  }

  /**
   * Lets devices be described in another node than {@code /soc}, which is gone then: for boards
   * whose software expects them at the root.
   */
  public void describeIn(HardwareNode place) {
    node().detach();
    describeUnder(place);
  }

  @Override
  protected boolean open() {
    return false;
  }

  /**
   * Adds a device and maps its first region.
   *
   * @param address in the machine's physical memory
   */
  public <D extends Device<?, ?>> Placement<D> map(long address, D device) {
    return add(device).at(address);
  }

  /** Adds a device whose regions, if any, are mapped one by one. */
  public <D extends Device<?, ?>> Placement<D> add(D device) {
    machine().devices().add(device, this);
    return new Placement<>(machine(), device);
  }
}
