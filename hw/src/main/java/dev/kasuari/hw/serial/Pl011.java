package dev.kasuari.hw.serial;

import dev.kasuari.hw.PrimeCell;
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
 * Arm PrimeCell UART PL011, revision r1p1: a serial port with FIFOs of 16 characters. Source: ARM
 * DDI 0183, chapter 3 "Programmers Model". Arm's generic UART (SBSA) is a part of it.
 *
 * <p>It sends and receives whether or not UARTEN, TXE and RXE are set, as if firmware had done so:
 * software that is started without any, early consoles and small programs, relies on that. What is
 * sent takes no time unless the back end has no room; the baud rate counts only for the receive
 * timeout. The other end always holds CTS, DSR and DCD.
 */
@DeviceModel(name = "pl011", bus = SysBus.class)
public final class Pl011 extends Device<Pl011.Props, Pl011.State> {
  /**
   * What can be chosen.
   *
   * @param chardev the other end; without one nothing comes, and what is sent is lost
   * @param clockFrequency of UARTCLK, Hz
   */
  public record Props(
      @Nullable CharBackend chardev,
      @Options.Default("24000000") @Options.Range(min = 1) int clockFrequency) {}

  /** What changes. */
  public static final class State {
    final UartFifo.State received = new UartFifo.State();
    final UartFifo.State toSend = new UartFifo.State();

    /** The transmit shift register, or -1: a character for which the other end has no room. */
    int shifting = -1;

    /** A character was lost since the last one that found room: DR's OE. */
    boolean overrun;

    int rsr;
    int ilpr;
    int ibrd;
    int fbrd;
    int lcr;
    int cr = TXE | RXE;
    int ifls = 0x12;
    int imsc;
    int ris;
    int dmacr;

    /** The modem inputs as they were last, in FR's places. */
    int modem = CTS | DSR | DCD;

    /** When what waits in the FIFO has waited for 32 bit times. */
    long timeoutAt = Timer.NEVER;
  }

  // RSR; in DR eight bits higher.
  private static final int RSR_BREAK = 0x4;
  private static final int RSR_OVERRUN = 0x8;
  private static final int RSR_BITS = 0xf;

  // FR.
  private static final int CTS = 0x001;
  private static final int DSR = 0x002;
  private static final int DCD = 0x004;
  private static final int BUSY = 0x008;
  private static final int RXFE = 0x010;
  private static final int TXFF = 0x020;
  private static final int RXFF = 0x040;
  private static final int TXFE = 0x080;
  private static final int RI = 0x100;

  // LCR_H.
  private static final int BRK = 0x01;
  private static final int FEN = 0x10;

  // CR.
  private static final int LBE = 0x0080;
  private static final int TXE = 0x0100;
  private static final int RXE = 0x0200;
  private static final int DTR = 0x0400;
  private static final int RTS = 0x0800;
  private static final int OUT1 = 0x1000;
  private static final int OUT2 = 0x2000;

  // RIS, MIS, IMSC and ICR.
  private static final int INT_RI = 0x001;
  private static final int INT_CTS = 0x002;
  private static final int INT_DCD = 0x004;
  private static final int INT_DSR = 0x008;
  private static final int INT_MODEM = 0x00f;
  private static final int INT_RX = 0x010;
  private static final int INT_TX = 0x020;
  private static final int INT_RT = 0x040;
  private static final int INT_ERROR = 0x780;
  private static final int INT_ALL = 0x7ff;
  private static final int ERROR_SHIFT = 7; // from RSR's bits to RIS's

  /** Sixteenths of a FIFO that IFLS can choose. */
  private static final int[] LEVELS = {2, 4, 8, 12, 14, 14, 14, 14};

  private static final long SECOND = 1_000_000_000L;

  private IrqLine irq;
  private IrqLine receiveIrq;
  private IrqLine transmitIrq;
  private IrqLine timeoutIrq;
  private IrqLine modemIrq;
  private IrqLine errorIrq;
  private Timer timer;
  private Clock clock;
  private SerialLine line;

  /** At 24 MHz, the clock of the {@code virt} board. */
  public static Pl011 of(@Nullable CharBackend chardev) {
    return Pl011Type.TYPE.create(new Props(chardev, 24_000_000));
  }

  @Override
  protected void realize(Wiring w) {
    var registers =
        Registers.width(4)
            .accepts(1, 4)
            .at(0x00, "UARTDR")
            .doc("received, to be sent")
            .field("DATA", 0, 8, "character")
            .field("FE", 8, 1, "framing error")
            .field("PE", 9, 1, "parity error")
            .field("BE", 10, 1, "break")
            .field("OE", 11, 1, "overrun")
            .read(this::receive)
            .peek(() -> received().peek())
            .write(this::send)
            .at(0x04, "UARTRSR_ECR")
            .doc("errors of the character read last, and overrun; any write clears them")
            .reset(0)
            .read(() -> state().rsr)
            .write(v -> state().rsr = 0)
            .at(0x18, "UARTFR")
            .field("CTS", 0, 1, "clear to send")
            .field("DSR", 1, 1, "data set ready")
            .field("DCD", 2, 1, "data carrier detect")
            .field("BUSY", 3, 1, "sending")
            .field("RXFE", 4, 1, "receive FIFO empty")
            .field("TXFF", 5, 1, "transmit FIFO full")
            .field("RXFF", 6, 1, "receive FIFO full")
            .field("TXFE", 7, 1, "transmit FIFO empty")
            .field("RI", 8, 1, "ring indicator")
            .reset(TXFE | RXFE | CTS | DSR | DCD)
            .read(this::flags)
            .at(0x20, "UARTILPR")
            .doc("low-power divisor of the infrared encoder, which is not there")
            .reset(0)
            .readWrite(() -> state().ilpr, v -> state().ilpr = (int) v & 0xff)
            .at(0x24, "UARTIBRD")
            .doc("baud rate divisor")
            .reset(0)
            .readWrite(() -> state().ibrd, v -> state().ibrd = (int) v & 0xffff)
            .at(0x28, "UARTFBRD")
            .doc("64ths of the baud rate divisor")
            .reset(0)
            .readWrite(() -> state().fbrd, v -> state().fbrd = (int) v & 0x3f)
            .at(0x2c, "UARTLCR_H")
            .field("BRK", 0, 1, "send break")
            .field("PEN", 1, 1, "parity")
            .field("EPS", 2, 1, "even parity")
            .field("STP2", 3, 1, "two stop bits")
            .field("FEN", 4, 1, "FIFOs")
            .field("WLEN", 5, 2, "word length less 5")
            .field("SPS", 7, 1, "stick parity")
            .reset(0)
            .readWrite(() -> state().lcr, this::writeLcr)
            .at(0x30, "UARTCR")
            .field("UARTEN", 0, 1, "enable")
            .field("SIREN", 1, 1, "infrared, which is not there")
            .field("SIRLP", 2, 1, "infrared low power")
            .field("LBE", 7, 1, "loopback")
            .field("TXE", 8, 1, "transmit enable")
            .field("RXE", 9, 1, "receive enable")
            .field("DTR", 10, 1, "data transmit ready")
            .field("RTS", 11, 1, "request to send")
            .field("OUT1", 12, 1, "output 1")
            .field("OUT2", 13, 1, "output 2")
            .field("RTSEN", 14, 1, "RTS flow control")
            .field("CTSEN", 15, 1, "CTS flow control")
            .reset(TXE | RXE)
            .readWrite(() -> state().cr, this::writeCr)
            .at(0x34, "UARTIFLS")
            .field("TXIFLSEL", 0, 3, "how full the transmit FIFO may be to interrupt")
            .field("RXIFLSEL", 3, 3, "how full the receive FIFO must be to interrupt")
            .reset(0x12)
            .readWrite(() -> state().ifls, v -> state().ifls = (int) v & 0x3f)
            .at(0x38, "UARTIMSC")
            .doc("interrupts that get through")
            .reset(0)
            .readWrite(() -> state().imsc, v -> state().imsc = (int) v & INT_ALL)
            .at(0x3c, "UARTRIS")
            .field("RI", 0, 1, "ring indicator changed")
            .field("CTS", 1, 1, "clear to send changed")
            .field("DCD", 2, 1, "carrier changed")
            .field("DSR", 3, 1, "data set ready changed")
            .field("RX", 4, 1, "received")
            .field("TX", 5, 1, "sent")
            .field("RT", 6, 1, "receive timeout")
            .field("FE", 7, 1, "framing error")
            .field("PE", 8, 1, "parity error")
            .field("BE", 9, 1, "break")
            .field("OE", 10, 1, "overrun")
            .reset(0)
            .read(() -> state().ris)
            .at(0x40, "UARTMIS")
            .doc("UARTRIS, masked")
            .reset(0)
            .read(this::masked)
            .at(0x44, "UARTICR")
            .doc("takes interrupts back")
            .write(v -> state().ris &= ~(int) v)
            .at(0x48, "UARTDMACR")
            .doc("requests to a DMA controller, which nobody hears")
            .reset(0)
            .readWrite(() -> state().dmacr, v -> state().dmacr = (int) v & 0x7);
    w.region("regs", 0x1000, PrimeCell.identify(registers, 0x011, 1));
    irq = w.irq("irq");
    receiveIrq = w.irq("rx");
    transmitIrq = w.irq("tx");
    timeoutIrq = w.irq("rt");
    modemIrq = w.irq("ms");
    errorIrq = w.irq("e");
    timer = w.timer("timeout", this::timeOut);
    clock = w.clock();
    line = new SerialLine(props().chardev(), w, this::transmit);
    line.connect(new Line());
  }

  private boolean fifosEnabled() {
    return (state().lcr & FEN) != 0;
  }

  private boolean loopback() {
    return (state().cr & LBE) != 0;
  }

  private UartFifo received() {
    return new UartFifo(state().received, fifosEnabled() ? UartFifo.SIZE : 1);
  }

  private UartFifo toSend() {
    return new UartFifo(state().toSend, fifosEnabled() ? UartFifo.SIZE : 1);
  }

  private int receiveLevel() {
    return fifosEnabled() ? LEVELS[state().ifls >> 3] : 1;
  }

  private int transmitLevel() {
    return fifosEnabled() ? LEVELS[state().ifls & 7] : 0;
  }

  private long flags() {
    UartFifo in = received();
    UartFifo out = toSend();
    return state().modem
        | (out.size() > 0 || state().shifting >= 0 ? BUSY : 0)
        | (in.size() == 0 ? RXFE : 0)
        | (out.full() ? TXFF : 0)
        | (in.full() ? RXFF : 0)
        | (out.size() == 0 ? TXFE : 0);
  }

  // Receiving.

  private long receive() {
    UartFifo fifo = received();
    int errors = fifo.takeErrors() | (state().overrun ? RSR_OVERRUN : 0);
    int value = fifo.take();
    state().rsr = (state().rsr & RSR_OVERRUN) | errors;
    if (fifo.size() < receiveLevel()) {
      state().ris &= ~INT_RX;
    }
    if (fifo.size() == 0) {
      state().ris &= ~INT_RT;
    }
    restartTimeout();
    if (fifo.size() == (fifosEnabled() ? UartFifo.SIZE / 2 : 0)) {
      line.askForMore();
    }
    return value | errors << 8;
  }

  /** A character has come in. */
  private void arrive(int value, int errors) {
    UartFifo fifo = received();
    if (fifo.full()) {
      state().overrun = true;
      state().rsr |= RSR_OVERRUN;
      state().ris |= RSR_OVERRUN << ERROR_SHIFT;
      return; // lost in the shift register, while the FIFO stays
    }
    state().overrun = false;
    fifo.put(value, errors);
    state().ris |= errors << ERROR_SHIFT;
    if (fifo.size() == receiveLevel()) {
      state().ris |= INT_RX;
    }
    restartTimeout();
  }

  private void restartTimeout() {
    boolean waits = fifosEnabled() && received().size() > 0;
    state().timeoutAt = waits ? clock.now() + 32 * bitNanos() : Timer.NEVER;
  }

  private void timeOut() {
    state().timeoutAt = Timer.NEVER;
    state().ris |= INT_RT;
  }

  /** 16 clocks for each 1 of the divisor (section 3.3.6). */
  private long bitNanos() {
    int divisor64 = Math.max(64, state().ibrd << 6 | state().fbrd);
    return divisor64 * SECOND / (4L * props().clockFrequency());
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
        arrive(0, RSR_BREAK);
      }
    }
  }

  // Sending.

  private void send(long value) {
    UartFifo fifo = toSend();
    if (fifo.full()) {
      return;
    }
    fifo.put((int) value & 0xff, 0);
    state().ris &= ~INT_TX;
    transmit();
  }

  /** Sends until there is nothing more or no room; interrupts on the way down, not at the level. */
  private void transmit() {
    UartFifo fifo = toSend();
    int shifting = state().shifting;
    while (shifting >= 0 || fifo.size() > 0) {
      if (shifting < 0) {
        shifting = fifo.take();
      }
      state().shifting = shifting;
      if (!shiftOut(shifting)) {
        break;
      }
      shifting = -1;
      state().shifting = -1;
      state().ris |= fifo.size() <= transmitLevel() ? INT_TX : 0;
    }
  }

  private boolean shiftOut(int value) {
    if (loopback()) {
      arrive(value, 0);
      return true;
    }
    return line.send(value);
  }

  // Control.

  private void writeLcr(long value) {
    int changed = (state().lcr ^ (int) value) & 0xff;
    if ((changed & value & BRK) != 0 && !loopback()) {
      line.sendBreak();
    }
    state().lcr = (int) value & 0xff;
    if ((changed & FEN) != 0) {
      received().clear();
      toSend().clear();
      state().overrun = false;
      state().ris &= ~(INT_RX | INT_RT);
      restartTimeout();
      line.askForMore();
    }
  }

  private void writeCr(long value) {
    boolean looped = loopback();
    state().cr = (int) value & 0xff87;
    moveModem(loopback() ? loopedModem() : CTS | DSR | DCD);
    if (looped && !loopback()) {
      line.askForMore();
    }
    transmit();
  }

  private int loopedModem() {
    int cr = state().cr;
    return ((cr & RTS) != 0 ? CTS : 0)
        | ((cr & DTR) != 0 ? DSR : 0)
        | ((cr & OUT1) != 0 ? DCD : 0)
        | ((cr & OUT2) != 0 ? RI : 0);
  }

  private void moveModem(int inputs) {
    int changed = inputs ^ state().modem;
    state().modem = inputs;
    state().ris |=
        ((changed & RI) != 0 ? INT_RI : 0)
            | ((changed & CTS) != 0 ? INT_CTS : 0)
            | ((changed & DCD) != 0 ? INT_DCD : 0)
            | ((changed & DSR) != 0 ? INT_DSR : 0);
  }

  private int masked() {
    return state().ris & state().imsc;
  }

  @Override
  protected void outputs() {
    int pending = masked();
    irq.set(pending != 0);
    receiveIrq.set((pending & INT_RX) != 0);
    transmitIrq.set((pending & INT_TX) != 0);
    timeoutIrq.set((pending & INT_RT) != 0);
    modemIrq.set((pending & INT_MODEM) != 0);
    errorIrq.set((pending & INT_ERROR) != 0);
    timer.at(state().timeoutAt);
  }

  @Override
  protected void onReset(State before) {
    line.askForMore();
  }

  @Override
  protected void onRestore() {
    state().rsr &= RSR_BITS;
    state().ifls &= 0x3f;
    state().ibrd &= 0xffff;
    state().fbrd &= 0x3f;
    received().checked();
    toSend().checked();
    line.askForMore();
    transmit();
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("pl011").compatible("arm,pl011", "arm,primecell").reg().interrupts().clocks();
  }
}
