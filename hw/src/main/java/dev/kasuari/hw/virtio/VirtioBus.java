package dev.kasuari.hw.virtio;

import dev.kasuari.machine.Bus;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Wiring;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The place of one {@link VirtioDevice} behind a transport. */
public final class VirtioBus extends Bus {
  private final IrqLine irq;
  private final Supplier<String> firmwarePath;
  private @Nullable VirtioDevice<?, ?> device;

  /**
   * An empty place.
   *
   * @param name unique in the machine
   * @param wiring the transport's
   * @param irq follows the device's interrupt
   * @param firmwarePath how firmware finds the transport
   */
  VirtioBus(String name, Wiring wiring, IrqLine irq, Supplier<String> firmwarePath) {
    super(name, wiring);
    this.irq = irq;
    this.firmwarePath = firmwarePath;
  }

  /** How firmware finds the place. */
  String firmwarePath() {
    return firmwarePath.get();
  }

  /** What is plugged in, or null. */
  @Nullable VirtioDevice<?, ?> device() {
    return device;
  }

  /** Runs code of the device and lets its outputs follow; nothing happens if there is none. */
  void call(java.util.function.Consumer<VirtioDevice<?, ?>> action) {
    VirtioDevice<?, ?> present = device;
    if (present != null) {
      enter(present, () -> action.accept(present));
    }
  }

  @Override
  protected boolean full() {
    return device != null;
  }

  @Override
  protected void plugged(Device<?, ?> newDevice) {
    if (device != null) {
      throw new dev.kasuari.qapi.OptionException(
          name() + " holds " + device.id() + " already, and has room for one device");
    }
    if (newDevice instanceof VirtioDevice<?, ?> virtio) {
      device = virtio;
      virtio.output("irq").connect(irq::set);
    }
  }

  @Override
  protected void unplugged(Device<?, ?> oldDevice) {
    device = null;
  }
}
