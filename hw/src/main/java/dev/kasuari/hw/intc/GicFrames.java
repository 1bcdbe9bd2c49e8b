package dev.kasuari.hw.intc;

import dev.kasuari.machine.Bus;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.Placement;
import dev.kasuari.machine.Wiring;

/** Where an interrupt controller has frames that turn messages into interrupts. */
public final class GicFrames extends Bus {
  GicFrames(Wiring wiring) {
    super(wiring, "frames");
  }

  @Override
  protected boolean open() {
    return false;
  }

  /**
   * Adds a frame and maps its first region.
   *
   * @param address in the machine's physical memory
   */
  public <D extends Device<?, ?>> Placement<D> map(long address, D device) {
    machine().devices().add(device, this);
    return new Placement<>(machine(), device).at(address);
  }
}
