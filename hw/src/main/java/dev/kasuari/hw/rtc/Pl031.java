package dev.kasuari.hw.rtc;

import dev.kasuari.hw.PrimeCell;
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
 * Arm PrimeCell real-time clock PL031: a counter of seconds and one match. Source: ARM DDI 0224,
 * chapter 3 "Programmers Model". It runs from the start, at the machine's date.
 */
@DeviceModel(name = "pl031", bus = SysBus.class)
public final class Pl031 extends Device<Pl031.Props, Pl031.State> {
  /** There is nothing to choose. */
  public record Props() {}

  /** What changes. */
  public static final class State {
    /** What the counter is ahead of the date's seconds, modulo 2 to the 32. */
    int ahead;

    int match;
    int load;

    /** The counter since when the match is awaited, if {@link #awaited}. */
    int since;

    boolean awaited;
    boolean raw;
    boolean unmasked;
  }

  private static final long SECOND = 1_000_000_000L;

  private IrqLine irq;
  private Timer timer;
  private Clock clock;
  private WallClock date;

  /** A clock at the machine's date. */
  public static Pl031 of() {
    return Pl031Type.TYPE.create(new Props());
  }

  @Override
  protected void realize(Wiring w) {
    var registers =
        Registers.width(4)
            .accepts(1, 4) // firmware reads the identification a byte at a time
            .at(0x00, "RTCDR")
            .doc("the counter, seconds")
            .read(this::counter)
            .at(0x04, "RTCMR")
            .doc("interrupts when the counter is this")
            .reset(0)
            .readWrite(() -> state().match, this::setMatch)
            .at(0x08, "RTCLR")
            .doc("sets the counter; reads as written last")
            .reset(0)
            .readWrite(() -> state().load, this::setCounter)
            .at(0x0c, "RTCCR")
            .doc("the clock runs, and cannot be stopped")
            .reset(1)
            .read(() -> 1)
            .write(v -> {})
            .at(0x10, "RTCIMSC")
            .field("RTCIMSC", 0, 1, "the interrupt gets through")
            .reset(0)
            .readWrite(() -> state().unmasked ? 1 : 0, v -> state().unmasked = (v & 1) != 0)
            .at(0x14, "RTCRIS")
            .field("RTCRIS", 0, 1, "the counter has matched")
            .reset(0)
            .read(() -> state().raw ? 1 : 0)
            .at(0x18, "RTCMIS")
            .field("RTCMIS", 0, 1, "it has matched, and gets through")
            .reset(0)
            .read(() -> asserted() ? 1 : 0)
            .at(0x1c, "RTCICR")
            .doc("bit 0 takes the interrupt back")
            .write(v -> state().raw &= (v & 1) == 0);
    w.region("regs", 0x1000, PrimeCell.identify(registers, 0x031, 0));
    irq = w.irq("irq");
    timer = w.timer("match", this::expire);
    clock = w.clock();
    date = w.wallClock();
  }

  private int counter() {
    return (int) Math.floorDiv(date.epochNanos(), SECOND) + state().ahead;
  }

  private void setMatch(long value) {
    state().match = (int) value;
    await();
  }

  private void setCounter(long value) {
    state().load = (int) value;
    state().ahead += (int) value - counter();
    await();
  }

  private void await() {
    state().since = counter();
    state().awaited = true;
    expire();
  }

  /** Seconds from when the match is awaited until it comes, unsigned: the counter may wrap. */
  private long distance() {
    return Integer.toUnsignedLong(state().match - state().since);
  }

  private long passed() {
    return Integer.toUnsignedLong(counter() - state().since);
  }

  private void expire() {
    if (state().awaited && passed() >= distance()) {
      state().awaited = false;
      state().raw = true;
    }
  }

  private boolean asserted() {
    return state().raw && state().unmasked;
  }

  @Override
  protected void outputs() {
    irq.set(asserted());
    timer.at(state().awaited ? deadline() : Timer.NEVER);
  }

  /** When the counter will be at the match, in virtual time. */
  private long deadline() {
    long seconds = Math.max(0, distance() - passed());
    long wait = seconds * SECOND - Math.floorMod(date.epochNanos(), SECOND);
    long now = clock.now();
    return wait < Timer.NEVER - now ? Math.max(now, now + wait) : Timer.NEVER;
  }

  /** A reset does not stop the battery: the time goes on as the guest has set it. */
  @Override
  protected void onReset(State before) {
    state().ahead = before.ahead;
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("pl031").compatible("arm,pl031", "arm,primecell").reg().interrupts().clocks();
  }
}
