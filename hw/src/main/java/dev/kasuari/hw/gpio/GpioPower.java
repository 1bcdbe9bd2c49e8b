package dev.kasuari.hw.gpio;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.Power;
import dev.kasuari.machine.ResetCause;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;

/**
 * The machine's switches at the end of two pins: a rise of the input {@code reset} resets it, one
 * of {@code shutdown} ends it. For firmware that has no other way, as Trusted Firmware on {@code
 * virt}.
 */
@DeviceModel(name = "gpio-pwr", bus = SysBus.class)
public final class GpioPower extends Device<GpioPower.Props, GpioPower.State> {
  /** There is nothing to choose. */
  public record Props() {}

  /** Nothing changes. */
  public static final class State {}

  /** Two inputs. */
  public static GpioPower of() {
    return GpioPowerType.TYPE.create(new Props());
  }

  @Override
  protected void realize(Wiring w) {
    Power power = w.power();
    w.input(
        "reset",
        level -> {
          if (level) {
            power.requestReset(ResetCause.GUEST);
          }
        });
    w.input(
        "shutdown",
        level -> {
          if (level) {
            power.requestShutdown(
                new Shutdown(Shutdown.Cause.GUEST, 0, "the guest has pulled the power pin"));
          }
        });
  }
}
