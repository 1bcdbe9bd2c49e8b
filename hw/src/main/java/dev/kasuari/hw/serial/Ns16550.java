package dev.kasuari.hw.serial;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.machine.time.Clock;
import dev.kasuari.machine.time.Timer;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/**
 * National NS16550A UART: a serial port with FIFOs of 16 characters. Source: PC16550D data sheet
 * (National Semiconductor, June 1995), section 8 "Registers".
 *
 * <p>What is sent takes no time unless the back end has no room; the baud rate counts only for the
 * character timeout. The other end always holds CTS, DSR and DCD.
 */
@DeviceModel(name = "serial-mm", bus = SysBus.class)
public final class Ns16550 extends Device<Ns16550.Props, Ns16550.State> {
  /**
   * What can be chosen.
   *
   * @param chardev the other end; without one nothing comes, and what is sent is lost
   * @param regShift the registers are 1 &lt;&lt; reg-shift bytes apart
   * @param clockFrequency of the baud generator's input, Hz
   */
  public record Props(
      @Nullable CharBackend chardev,
      @Options.Default("0") @Options.Range(min = 0, max = 3) int regShift,
      @Options.Default("3686400") @Options.Range(min = 1) int clockFrequency) {}

  /** What changes. */
  public static final class State {
    int ier;
    int fcr;
    int lcr;
    int mcr;
    int scr;

    /** Not defined after a reset; 12 lets software live that never sets it. */
    int divisor = 12;

    final UartFifo.State received = new UartFifo.State();
    final UartFifo.State toSend = new UartFifo.State();

    /** The transmitter shift register, or -1: a character for which the other end has no room. */
    int shifting = -1;

    /** LSR's OE, PE, FE and BI, until it is read. */
    int lineErrors;

    /** The transmitter holding register became empty, and nobody has looked yet. */
    boolean thrEmptied;

    /** A character waits in the FIFO and neither line nor CPU moved for four character times. */
    boolean timedOut;

    /** When that will be. */
    long timeoutAt = Timer.NEVER;

    /** MSR's upper half: the modem inputs as they were last. */
    int modem = CTS | DSR | DCD;

    /** MSR's lower half: what has changed. */
    int modemDelta;
  }

  // IER: what may interrupt.
  private static final int ERBFI = 0x01; // received data available
  private static final int ETBEI = 0x02; // transmitter holding register empty
  private static final int ELSI = 0x04; // receiver line status
  private static final int EDSSI = 0x08; // modem status

  // IIR: what does.
  private static final int NO_INTERRUPT = 0x01;
  private static final int LINE_STATUS = 0x06;
  private static final int DATA_AVAILABLE = 0x04;
  private static final int TIMEOUT = 0x0c;
  private static final int THR_EMPTY = 0x02;
  private static final int MODEM_STATUS = 0x00;
  private static final int FIFOS_ENABLED = 0xc0;

  // FCR.
  private static final int FIFO_ENABLE = 0x01;
  private static final int RECEIVER_RESET = 0x02;
  private static final int TRANSMITTER_RESET = 0x04;

  // LCR.
  private static final int TWO_STOP_BITS = 0x04;
  private static final int PARITY = 0x08;
  private static final int SET_BREAK = 0x40;
  private static final int DLAB = 0x80;

  // MCR.
  private static final int DTR = 0x01;
  private static final int RTS = 0x02;
  private static final int OUT1 = 0x04;
  private static final int OUT2 = 0x08;
  private static final int LOOP = 0x10;

  // LSR.
  private static final int DATA_READY = 0x01;
  private static final int OVERRUN = 0x02;
  private static final int BREAK = 0x10;
  private static final int THRE = 0x20;
  private static final int TEMT = 0x40;
  private static final int FIFO_ERROR = 0x80;

  // MSR: the inputs; four bits below each, that it has changed.
  private static final int CTS = 0x10;
  private static final int DSR = 0x20;
  private static final int RI = 0x40;
  private static final int DCD = 0x80;

  private static final int[] TRIGGER_LEVELS = {1, 4, 8, 14};
  private static final long SECOND = 1_000_000_000L;

  private IrqLine irq;
  private Timer timer;
  private Clock clock;
  private SerialLine line;

  /** At the clock of the {@code virt} board. */
  public static Ns16550 of(@Nullable CharBackend chardev) {
    return Ns16550Type.TYPE.create(new Props(chardev, 0, 3_686_400));
  }

  @Override
  protected void realize(Wiring w) {
    int shift = props().regShift();
    w.region(
        "regs",
        0x100,
        Registers.width(1 << shift)
            .accepts(1, 8)
            .oneAtATime()
            .at(0L << shift, "RBR_THR_DLL")
            .doc("received, to be sent; with DLAB the divisor's lower half")
            .reset(0)
            .read(() -> dlab() ? state().divisor & 0xff : receive())
            .peek(() -> dlab() ? state().divisor & 0xff : received().peek())
            .write(this::writeThrOrDll)
            .at(1L << shift, "IER_DLM")
            .doc("interrupt enable; with DLAB the divisor's upper half")
            .field("ERBFI", 0, 1, "received data available")
            .field("ETBEI", 1, 1, "transmitter holding register empty")
            .field("ELSI", 2, 1, "receiver line status")
            .field("EDSSI", 3, 1, "modem status")
            .reset(0)
            .readWrite(() -> dlab() ? state().divisor >> 8 : state().ier, this::writeIerOrDlm)
            .at(2L << shift, "IIR_FCR")
            .doc("interrupt identification; FIFO control")
            .reset(NO_INTERRUPT)
            .read(this::identify)
            .peek(this::iir)
            .write(this::controlFifos)
            .at(3L << shift, "LCR")
            .field("WLS", 0, 2, "word length less 5")
            .field("STB", 2, 1, "two stop bits")
            .field("PEN", 3, 1, "parity")
            .field("EPS", 4, 1, "even parity")
            .field("SP", 5, 1, "stick parity")
            .field("BREAK", 6, 1, "set break")
            .field("DLAB", 7, 1, "divisor latch access")
            .reset(0)
            .readWrite(() -> state().lcr, this::writeLcr)
            .at(4L << shift, "MCR")
            .field("DTR", 0, 1, "data terminal ready")
            .field("RTS", 1, 1, "request to send")
            .field("OUT1", 2, 1, "output 1")
            .field("OUT2", 3, 1, "output 2")
            .field("LOOP", 4, 1, "loopback")
            .reset(0)
            .readWrite(() -> state().mcr, this::writeMcr)
            .at(5L << shift, "LSR")
            .field("DR", 0, 1, "data ready")
            .field("OE", 1, 1, "overrun")
            .field("PE", 2, 1, "parity error")
            .field("FE", 3, 1, "framing error")
            .field("BI", 4, 1, "break")
            .field("THRE", 5, 1, "transmitter holding register empty")
            .field("TEMT", 6, 1, "transmitter empty")
            .field("ERROR", 7, 1, "an error in the FIFO")
            .reset(THRE | TEMT)
            .read(this::readLsr)
            .peek(this::lsr)
            .write(v -> {}) // of a factory's tests only
            .at(6L << shift, "MSR")
            .field("DELTA", 0, 4, "CTS, DSR, DCD changed, RI ended")
            .field("CTS", 4, 1, "clear to send")
            .field("DSR", 5, 1, "data set ready")
            .field("RI", 6, 1, "ring indicator")
            .field("DCD", 7, 1, "data carrier detect")
            .reset(CTS | DSR | DCD)
            .read(this::readMsr)
            .peek(this::msr)
            .write(v -> {})
            .at(7L << shift, "SCR")
            .doc("scratch")
            .reset(0)
            .readWrite(() -> state().scr, v -> state().scr = (int) v & 0xff));
    irq = w.irq("irq");
    timer = w.timer("timeout", this::timeOut);
    clock = w.clock();
    line = new SerialLine(props().chardev(), w, this::transmit);
    line.connect(new Line());
  }

  private boolean dlab() {
    return (state().lcr & DLAB) != 0;
  }

  private boolean fifosEnabled() {
    return (state().fcr & FIFO_ENABLE) != 0;
  }

  private boolean loopback() {
    return (state().mcr & LOOP) != 0;
  }

  private UartFifo received() {
    return new UartFifo(state().received, fifosEnabled() ? UartFifo.SIZE : 1);
  }

  private UartFifo toSend() {
    return new UartFifo(state().toSend, fifosEnabled() ? UartFifo.SIZE : 1);
  }

  // Receiving.

  private long receive() {
    UartFifo fifo = received();
    int value = fifo.take();
    restartTimeout();
    revealErrors();
    if (fifo.size() == (fifosEnabled() ? UartFifo.SIZE / 2 : 0)) {
      line.askForMore();
    }
    return value;
  }

  /** A character has come in. */
  private void arrive(int value, int errors) {
    UartFifo fifo = received();
    if (fifo.full()) {
      state().lineErrors |= OVERRUN;
      if (fifosEnabled()) {
        return; // lost in the shift register, while the FIFO stays
      }
      fifo.clear();
    }
    fifo.put(value, errors);
    restartTimeout();
    revealErrors();
  }

  /** Errors are shown when their character is the next to be read. */
  private void revealErrors() {
    state().lineErrors |= received().takeErrors();
  }

  private void restartTimeout() {
    state().timedOut = false;
    boolean waits = fifosEnabled() && received().size() > 0;
    state().timeoutAt = waits ? clock.now() + 4 * characterNanos() : Timer.NEVER;
  }

  private void timeOut() {
    state().timeoutAt = Timer.NEVER;
    state().timedOut = true;
  }

  /** Start bit, word, parity and stop bits, each of 16 times the divisor of clocks. */
  private long characterNanos() {
    int word = 5 + (state().lcr & 3);
    int parity = (state().lcr & PARITY) != 0 ? 1 : 0;
    int stop = (state().lcr & TWO_STOP_BITS) != 0 ? 2 : 1;
    long clocks = 16L * Math.max(1, state().divisor) * (1 + word + parity + stop);
    return clocks * SECOND / props().clockFrequency();
  }

  /** What the other end sees. In loopback the line is disconnected. */
  private final class Line implements CharBackend.Receiver {
    @Override
    public int canReceive() {
      return loopback() ? 0 : received().room();
    }

    @Override
    public void receive(byte[] bytes) {
      for (byte b : bytes) {
        arrive(b & 0xff, 0);
      }
    }

    @Override
    public void event(CharBackend.Event event) {
      if (event == CharBackend.Event.BREAK && !loopback()) {
        arrive(0, BREAK);
      }
    }
  }

  // Sending.

  private void writeThrOrDll(long value) {
    if (dlab()) {
      state().divisor = (state().divisor & 0xff00) | ((int) value & 0xff);
      return;
    }
    UartFifo fifo = toSend();
    if (fifo.full() && !fifosEnabled()) {
      fifo.clear(); // overwritten; a full FIFO ignores what comes
    }
    if (!fifo.full()) {
      fifo.put((int) value & 0xff, 0);
    }
    state().thrEmptied = false;
    transmit();
  }

  /** Sends until there is nothing more or no room. */
  private void transmit() {
    do {
      UartFifo fifo = toSend();
      if (state().shifting < 0 && fifo.size() > 0) {
        state().shifting = fifo.take();
        state().thrEmptied = fifo.size() == 0;
      }
    } while (state().shifting >= 0 && shiftOut());
  }

  private boolean shiftOut() {
    int value = state().shifting;
    if (loopback()) {
      state().shifting = -1;
      arrive(value, 0);
      return true;
    }
    boolean sent = line.send(value);
    state().shifting = sent ? -1 : value;
    return sent;
  }

  // Control.

  private void writeIerOrDlm(long value) {
    if (dlab()) {
      state().divisor = (state().divisor & 0xff) | ((int) value & 0xff) << 8;
      return;
    }
    int before = state().ier;
    state().ier = (int) value & 0x0f;
    // Enabled while the register is empty, it interrupts again, which drivers use to begin.
    if ((state().ier & ~before & ETBEI) != 0 && toSend().size() == 0) {
      state().thrEmptied = true;
    }
  }

  private void controlFifos(long value) {
    boolean toggled = ((state().fcr ^ value) & FIFO_ENABLE) != 0;
    boolean enabled = (value & FIFO_ENABLE) != 0;
    if (toggled || (enabled && (value & RECEIVER_RESET) != 0)) {
      received().clear();
      state().lineErrors &= OVERRUN;
      restartTimeout();
      line.askForMore();
    }
    if (toggled || (enabled && (value & TRANSMITTER_RESET) != 0)) {
      state().thrEmptied |= toSend().size() > 0;
      toSend().clear();
    }
    state().fcr = enabled ? (int) value & ~(RECEIVER_RESET | TRANSMITTER_RESET) & 0xff : 0;
  }

  private void writeLcr(long value) {
    if ((value & ~state().lcr & SET_BREAK) != 0 && !loopback()) {
      line.sendBreak();
    }
    state().lcr = (int) value & 0xff;
  }

  private void writeMcr(long value) {
    boolean looped = loopback();
    state().mcr = (int) value & 0x1f;
    moveModem(loopback() ? loopedModem() : CTS | DSR | DCD);
    if (looped && !loopback()) {
      line.askForMore();
    }
    transmit();
  }

  private int loopedModem() {
    int mcr = state().mcr;
    return ((mcr & RTS) != 0 ? CTS : 0)
        | ((mcr & DTR) != 0 ? DSR : 0)
        | ((mcr & OUT1) != 0 ? RI : 0)
        | ((mcr & OUT2) != 0 ? DCD : 0);
  }

  /** Of RI only its end counts as a change. */
  private void moveModem(int inputs) {
    int changed = (inputs ^ state().modem) & ~(inputs & RI);
    state().modemDelta |= changed >> 4;
    state().modem = inputs;
  }

  // Status.

  private long lsr() {
    int lsr = state().lineErrors;
    lsr |= received().size() > 0 ? DATA_READY : 0;
    lsr |= toSend().size() == 0 ? THRE : 0;
    lsr |= toSend().size() == 0 && state().shifting < 0 ? TEMT : 0;
    boolean error = (state().lineErrors & ~OVERRUN) != 0 || received().hasErrors();
    return lsr | (fifosEnabled() && error ? FIFO_ERROR : 0);
  }

  private long readLsr() {
    long lsr = lsr();
    state().lineErrors = 0;
    return lsr;
  }

  private long msr() {
    return state().modem | state().modemDelta;
  }

  private long readMsr() {
    long msr = msr();
    state().modemDelta = 0;
    return msr;
  }

  /** The most urgent of what is pending and enabled (table IV). */
  private int interrupt() {
    int ier = state().ier;
    int trigger = fifosEnabled() ? TRIGGER_LEVELS[state().fcr >> 6 & 3] : 1;
    if ((ier & ELSI) != 0 && state().lineErrors != 0) {
      return LINE_STATUS;
    } else if ((ier & ERBFI) != 0 && received().size() >= trigger) {
      return DATA_AVAILABLE;
    } else if ((ier & ERBFI) != 0 && state().timedOut) {
      return TIMEOUT;
    } else if ((ier & ETBEI) != 0 && state().thrEmptied) {
      return THR_EMPTY;
    } else if ((ier & EDSSI) != 0 && state().modemDelta != 0) {
      return MODEM_STATUS;
    }
    return NO_INTERRUPT;
  }

  private long iir() {
    return interrupt() | (fifosEnabled() ? FIFOS_ENABLED : 0);
  }

  private long identify() {
    long iir = iir();
    if (interrupt() == THR_EMPTY) {
      state().thrEmptied = false; // told once
    }
    return iir;
  }

  @Override
  protected void outputs() {
    irq.set(interrupt() != NO_INTERRUPT);
    timer.at(state().timeoutAt);
  }

  @Override
  protected void onReset(State before) {
    line.askForMore();
  }

  @Override
  protected void onRestore() {
    state().divisor &= 0xffff;
    received().checked();
    toSend().checked();
    line.askForMore();
    transmit();
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("serial").compatible("ns16550a").reg().interrupts();
    n.u32("clock-frequency", props().clockFrequency());
    if (props().regShift() != 0) {
      n.u32("reg-shift", props().regShift());
    }
  }
}
