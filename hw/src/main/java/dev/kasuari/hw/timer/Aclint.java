package dev.kasuari.hw.timer;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.time.Clock;
import dev.kasuari.machine.time.Timer;
import dev.kasuari.qapi.Options;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * RISC-V advanced core-local interruptor: software interrupts and timers of harts. MSWI and MTIMER
 * lie as in the SiFive CLINT. Source: RISC-V Advanced Core Local Interruptor Specification 1.0,
 * chapters 2 and 3.
 *
 * <p>Outputs {@code msip[i]} and {@code mtip[i]} for each hart. The harts' {@code time} is {@link
 * #mtime}.
 */
@DeviceModel(name = "riscv.sifive.clint", bus = SysBus.class)
public final class Aclint extends Device<Aclint.Props, Aclint.State> {
  /** What MSWI and MTIMER of a CLINT have room for. */
  public static final int MAX_HARTS = 4095;

  /**
   * What can be chosen.
   *
   * @param harts how many harts it serves
   * @param frequency ticks of mtime a second
   */
  public record Props(
      @Options.Range(min = 1, max = MAX_HARTS) int harts,
      @Options.Default("10000000") @Options.Range(min = 1, max = SECOND) long frequency) {}

  /** What changes. */
  public static final class State {
    /** What mtime is ahead of the ticks since the machine began. */
    long offset;

    boolean[] msip = {};
    long[] mtimecmp = {};
  }

  private static final long SECOND = 1_000_000_000L;

  private final List<Runnable> listeners = new ArrayList<>();
  private IrqLine[] msip;
  private IrqLine[] mtip;
  private Timer timer;
  private Clock clock;

  /** Whether timer lines are to be computed again: only time and what is written change them. */
  private boolean timersStale;

  /** The state's offset, for readers without the lock. */
  private volatile long offset;

  /** For {@code harts} harts, at {@code frequency} ticks a second. */
  public static Aclint of(int harts, long frequency) {
    return AclintType.TYPE.create(new Props(harts, frequency));
  }

  @Override
  protected void realize(Wiring w) {
    int harts = props().harts();
    w.region(
        "regs",
        0x1_0000,
        Registers.width(4)
            .accepts(4, 8)
            .at(0x0000, "MSIP")
            .times(harts, 4)
            .field("MSIP", 0, 1, "the hart has a software interrupt")
            .reset(0)
            .readWriteEach(i -> state().msip[i] ? 1 : 0, (i, v) -> state().msip[i] = (v & 1) != 0)
            .at(0x4000, "MTIMECMP")
            .wide(8)
            .times(harts, 8)
            .doc("the hart's timer interrupt is pending while mtime is at or past this")
            .reset(-1)
            .readWriteEach(i -> state().mtimecmp[i], this::setCompare)
            .at(0xbff8, "MTIME")
            .wide(8)
            .doc("ticks")
            .readWrite(this::readTime, this::setTime));
    msip = new IrqLine[harts];
    mtip = new IrqLine[harts];
    for (int hart = 0; hart < harts; hart++) { // by hart, as interrupts-extended lists them
      msip[hart] = w.irq("msip[" + hart + "]");
      mtip[hart] = w.irq("mtip[" + hart + "]");
    }
    timer = w.timer("mtip", () -> timersStale = true);
    clock = w.clock();
    fit();
  }

  /** The counter; from any thread. */
  public long mtime() {
    return ticks() + offset;
  }

  /** Who reads the time may expect the interrupts that are due by then. */
  private long readTime() {
    timersStale = true;
    return mtime();
  }

  /** Ticks of {@link #mtime} a second. */
  public long frequency() {
    return props().frequency();
  }

  /** Tells {@code listener}, under the machine's lock, whenever mtime has been set. */
  public void onTimeChange(Runnable listener) {
    listeners.add(listener);
  }

  private void setCompare(int hart, long value) {
    state().mtimecmp[hart] = value;
    timersStale = true;
  }

  private void setTime(long value) {
    state().offset = value - ticks();
    timersStale = true;
    publish();
  }

  private void publish() {
    if (offset != state().offset) {
      offset = state().offset;
      listeners.forEach(Runnable::run);
    }
  }

  /** Ticks since the machine began. */
  private long ticks() {
    long nanos = clock.now();
    long frequency = props().frequency();
    // In two parts, as the product has more than 64 bits after some hours.
    return nanos / SECOND * frequency + nanos % SECOND * frequency / SECOND;
  }

  /** The first nanosecond of virtual time at which {@link #ticks} is {@code tick} or more. */
  private long nanosAt(long tick) {
    long frequency = props().frequency();
    long seconds = tick / frequency;
    if (tick < 0 || seconds >= Timer.NEVER / SECOND) {
      return Timer.NEVER;
    }
    return seconds * SECOND + (tick % frequency * SECOND + frequency - 1) / frequency;
  }

  /** Hot: each interrupt from hart to hart comes here twice, and asking for the time is dear. */
  @Override
  protected void outputs() {
    boolean[] levels = state().msip;
    for (int hart = 0; hart < levels.length; hart++) {
      msip[hart].set(levels[hart]);
    }
    if (timersStale) {
      timersStale = false;
      driveTimers();
    }
  }

  private void driveTimers() {
    long ticks = ticks();
    long mtime = ticks + state().offset;
    long first = Timer.NEVER;
    for (int hart = 0; hart < mtip.length; hart++) {
      long compare = state().mtimecmp[hart];
      boolean pending = Long.compareUnsigned(mtime, compare) >= 0;
      mtip[hart].set(pending);
      // Pending ends when mtime wraps to 0.
      long distance = (pending ? 0 : compare) - mtime;
      if (distance > 0 && ticks + distance > 0) {
        first = Math.min(first, ticks + distance);
      }
    }
    timer.at(nanosAt(first));
  }

  /** A reset clears mtime and MSIP; what MTIMECMP is then is open, so that it disturbs nobody. */
  @Override
  protected void onReset(State before) {
    state().offset = -ticks();
    fit();
    publish();
  }

  @Override
  protected void onRestore() {
    fit();
    publish();
  }

  /** Gives the arrays as many elements as there are harts. */
  private void fit() {
    int harts = props().harts();
    int had = state().mtimecmp.length;
    state().msip = Arrays.copyOf(state().msip, harts);
    state().mtimecmp = Arrays.copyOf(state().mtimecmp, harts);
    if (had < harts) {
      Arrays.fill(state().mtimecmp, had, harts, -1);
    }
    timersStale = true;
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("clint").compatible("sifive,clint0", "riscv,clint0").reg().interruptsExtended();
  }
}
