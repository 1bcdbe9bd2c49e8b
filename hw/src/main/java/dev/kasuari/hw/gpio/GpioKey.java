package dev.kasuari.hw.gpio;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.InterruptSpecifier;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.time.Clock;
import dev.kasuari.machine.time.Timer;
import dev.kasuari.qapi.Options;
import java.util.ArrayList;

/**
 * A key on a pin, such as the power key: its output {@code key} is high for 100 ms each time that
 * it is pressed. Software learns of it as Linux's devicetree binding {@code gpio-keys} says.
 */
@DeviceModel(name = "gpio-key", bus = SysBus.class)
public final class GpioKey extends Device<GpioKey.Props, GpioKey.State> {
  /** Linux's code of the power key. */
  public static final int KEY_POWER = 116;

  /**
   * What can be chosen.
   *
   * @param name of the key in the devicetree
   * @param label of the key, for people
   * @param code that Linux gives to the key
   */
  public record Props(
      @Options.Default("poweroff") String name,
      @Options.Default("GPIO Key Poweroff") String label,
      @Options.Default("116") @Options.Range(min = 0, max = 0x2ff) int code) {}

  /** What changes. */
  public static final class State {
    /** Until when the key is down, or {@link Timer#NEVER} if it is not. */
    long downUntil = Timer.NEVER;
  }

  private static final long PRESS_NANOS = 100_000_000;

  private IrqLine key;
  private Timer timer;
  private Clock clock;
  private Wiring wiring;

  /** The power key. */
  public static GpioKey power() {
    return GpioKeyType.TYPE.create(new Props("poweroff", "GPIO Key Poweroff", KEY_POWER));
  }

  /** Presses the key for a moment. From any thread. */
  public void press() {
    wiring.post(() -> state().downUntil = clock.now() + PRESS_NANOS);
  }

  @Override
  protected void realize(Wiring w) {
    key = w.irq("key");
    timer = w.timer("release", () -> state().downUntil = Timer.NEVER);
    clock = w.clock();
    wiring = w;
  }

  @Override
  protected void outputs() {
    key.set(state().downUntil != Timer.NEVER);
    timer.at(state().downUntil);
  }

  @Override
  public void describe(HardwareNode n) {
    HardwareNode child = n.named("gpio-keys").compatible("gpio-keys").child(props().name());
    var cells = new ArrayList<HardwareNode.Cell>();
    for (InterruptSpecifier pin : interrupts()) {
      cells.add(new HardwareNode.Cell.Reference(pin.controller()));
      pin.cells().forEach(c -> cells.add(new HardwareNode.Cell.U32(c)));
    }
    child
        .strings("label", props().label())
        .u32("linux,code", props().code())
        .cells("gpios", cells.toArray(HardwareNode.Cell[]::new));
  }
}
