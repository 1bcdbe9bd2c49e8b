package dev.kasuari.hw.rtc;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.time.Clock;
import dev.kasuari.machine.time.Timer;
import dev.kasuari.machine.time.WallClock;

/**
 * Goldfish real-time clock: nanoseconds since the epoch and one alarm. Source: Goldfish virtual
 * hardware, "RTC".
 */
@DeviceModel(name = "goldfish-rtc", bus = SysBus.class)
public final class GoldfishRtc extends Device<GoldfishRtc.Props, GoldfishRtc.State> {
  /** There is nothing to choose. */
  public record Props() {}

  /** What changes. */
  public static final class State {
    /** What the guest has set the time to, less the machine's date, nanoseconds. */
    long offset;

    long alarm;
    boolean armed;
    boolean pending;
    boolean enabled;

    /** The upper half that belongs to the lower half read last. */
    int latchedHigh;
  }

  private IrqLine irq;
  private Timer timer;
  private Clock clock;
  private WallClock date;

  /** A clock at the machine's date. */
  public static GoldfishRtc of() {
    return GoldfishRtcType.TYPE.create(new Props());
  }

  @Override
  protected void realize(Wiring w) {
    w.region(
        "regs",
        0x1000,
        Registers.width(4)
            .at(0x00, "TIME_LOW")
            .doc("lower half of the time in nanoseconds; reading latches the upper half")
            .read(this::latchTime)
            .peek(this::time)
            .write(v -> setTime((time() & ~0xffff_ffffL) | v))
            .at(0x04, "TIME_HIGH")
            .doc("upper half of the time, as it was when the lower was read")
            .read(() -> state().latchedHigh)
            .write(v -> setTime((time() & 0xffff_ffffL) | (v << 32)))
            .at(0x08, "ALARM_LOW")
            .doc("lower half of the alarm time; writing arms the alarm")
            .reset(0)
            .readWrite(() -> state().alarm, this::arm)
            .at(0x0c, "ALARM_HIGH")
            .doc("upper half of the alarm time, written first")
            .reset(0)
            .readWrite(() -> state().alarm >>> 32, this::setAlarmHigh)
            .at(0x10, "IRQ_ENABLED")
            .field("ENABLE", 0, 1, "the alarm may raise the interrupt")
            .reset(0)
            .readWrite(() -> state().enabled ? 1 : 0, v -> state().enabled = (v & 1) != 0)
            .at(0x14, "CLEAR_ALARM")
            .doc("any write disarms the alarm")
            .write(v -> state().armed = false)
            .at(0x18, "ALARM_STATUS")
            .field("RUNNING", 0, 1, "the alarm is armed")
            .reset(0)
            .read(() -> state().armed ? 1 : 0)
            .at(0x1c, "CLEAR_INTERRUPT")
            .doc("any write takes the interrupt back")
            .write(v -> state().pending = false));
    irq = w.irq("alarm");
    timer = w.timer("alarm", this::expire);
    clock = w.clock();
    date = w.wallClock();
  }

  private long time() {
    return date.epochNanos() + state().offset;
  }

  private long latchTime() {
    long now = time();
    state().latchedHigh = (int) (now >>> 32);
    return now;
  }

  private void setTime(long time) {
    state().offset = time - date.epochNanos();
  }

  private void setAlarmHigh(long high) {
    state().alarm = (state().alarm & 0xffff_ffffL) | (high << 32);
  }

  private void arm(long low) {
    state().alarm = (state().alarm & ~0xffff_ffffL) | low;
    state().armed = true;
    expire(); // an alarm in the past goes off at once
  }

  private void expire() {
    if (state().armed && due()) {
      state().armed = false;
      state().pending = true;
    }
  }

  private boolean due() {
    return Long.compareUnsigned(state().alarm, time()) <= 0;
  }

  @Override
  protected void outputs() {
    irq.set(state().pending && state().enabled);
    timer.at(state().armed ? deadline() : Timer.NEVER);
  }

  /** When the alarm goes off in virtual time; the guest's time may be set past it meanwhile. */
  private long deadline() {
    long now = clock.now();
    if (due()) {
      return now;
    }
    long wait = state().alarm - time();
    return Long.compareUnsigned(wait, Timer.NEVER - now) < 0 ? now + wait : Timer.NEVER;
  }

  /** A reset does not stop the battery: the time goes on as the guest has set it. */
  @Override
  protected void onReset(State before) {
    state().offset = before.offset;
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("rtc").compatible("google,goldfish-rtc").reg().interrupts();
  }
}
