package dev.kasuari.hw.serial;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Power;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import org.jspecify.annotations.Nullable;

/**
 * Host-target interface of RISC-V simulators: in one word the guest asks its host for something, in
 * the other the host answers. Both name a device and a command of it. There is no manual; source:
 * riscv-isa-sim, fesvr (device numbers, system calls), and what QEMU's board {@code spike} answers.
 *
 * <p>A request begins when its upper half is written, so that 32-bit harts write the lower one
 * first. TOHOST is 0 again when the host has taken it.
 */
@DeviceModel(name = "riscv.htif", bus = SysBus.class)
public final class Htif extends Device<Htif.Props, Htif.State> {
  /** Offset of the word with answers. */
  public static final int FROMHOST = 0x00;

  /** Offset of the word with requests. */
  public static final int TOHOST = 0x08;

  /**
   * What can be chosen.
   *
   * @param chardev the console; without one, output is lost
   */
  public record Props(@Nullable CharBackend chardev) {}

  /** What changes. */
  public static final class State {
    long tohost;
    long fromhost;

    /** The guest waits for a character. */
    boolean reading;

    /** TOHOST has a character for which the console has no room yet. */
    boolean sending;
  }

  // A device and a command of it: 0 is the system, 1 the console.
  private static final int CALL_OR_END = 0x0000;
  private static final int GETCHAR = 0x0100;
  private static final int PUTCHAR = 0x0101;

  private static final long PAYLOAD = (1L << 48) - 1;
  private static final long UPPER = 0xffff_ffffL << 32;

  // System calls, with the numbers of Linux on RISC-V.
  private static final int WRITE = 64;
  private static final int MOST_TO_WRITE = 4096;
  private static final int BAD_FILE = -9;
  private static final int NO_SUCH_CALL = -38;

  private Wiring wiring;
  private Power power;
  private Dma dma;
  private Log log;

  /** An interface with this console. */
  public static Htif of(@Nullable CharBackend chardev) {
    return HtifType.TYPE.create(new Props(chardev));
  }

  @Override
  protected void realize(Wiring w) {
    wiring = w;
    power = w.power();
    dma = w.dma();
    log = w.log();
    w.region(
        "regs",
        0x1000,
        Registers.width(4)
            .accepts(1, 8)
            .at(FROMHOST, "FROMHOST")
            .wide(8)
            .doc("the host's answer, which the guest clears when it has read it")
            .field("PAYLOAD", 0, 48, "of the answer")
            .field("COMMAND", 48, 8, "that is answered")
            .field("DEVICE", 56, 8, "that answers")
            .reset(0)
            .readWrite(() -> state().fromhost, this::writeFromhost)
            .at(TOHOST, "TOHOST")
            .doc("the guest's request, lower half")
            .field("PAYLOAD", 0, 32, "lower bits")
            .reset(0)
            .readWrite(() -> state().tohost & ~UPPER, this::writeTohost)
            .at(TOHOST + 4, "TOHOST_HIGH")
            .doc("the guest's request, upper half; begins it")
            .field("PAYLOAD", 0, 16, "upper bits")
            .field("COMMAND", 16, 8, "of the device")
            .field("DEVICE", 24, 8, "0 system, 1 console")
            .reset(0)
            .readWrite(() -> state().tohost >>> 32, this::writeTohostHigh));
    CharBackend console = props().chardev();
    if (console != null) {
      console.connect(new Keyboard(), w::postInput);
    }
  }

  private void writeFromhost(long value) {
    state().fromhost = value;
    askForInput();
  }

  private void writeTohost(long value) {
    if (!state().sending) {
      state().tohost = (state().tohost & UPPER) | value;
    }
  }

  private void writeTohostHigh(long value) {
    if (!state().sending) {
      state().tohost = (state().tohost & ~UPPER) | value << 32;
      perform();
    }
  }

  /** Does what TOHOST asks for, and clears it unless that has to wait. */
  private void perform() {
    long request = state().tohost;
    if (request == 0) {
      return;
    }
    long payload = request & PAYLOAD;
    switch ((int) (request >>> 48)) {
      case CALL_OR_END -> callOrEnd(payload);
      case GETCHAR -> state().reading = true;
      case PUTCHAR -> put((byte) payload);
      default -> {
        unimplemented("request 0x%x".formatted(request));
        answer(request, 0);
      }
    }
    if (!state().sending) {
      state().tohost = 0;
    }
    askForInput();
  }

  private void answer(long request, long payload) {
    state().fromhost = (request & ~PAYLOAD) | payload;
  }

  private void unimplemented(String what) {
    log.write(LogCategory.UNIMP, () -> id() + ": " + what);
  }

  private void callOrEnd(long payload) {
    if ((payload & 1) == 0) {
      call(payload);
      return;
    }
    int code = (int) (payload >>> 1);
    power.requestShutdown(
        new Shutdown(Shutdown.Cause.GUEST, code, "the guest ended with code " + code));
  }

  // The console.

  private void put(byte value) {
    CharBackend console = props().chardev();
    byte[] one = {value};
    state().sending =
        console != null && console.write(one, 0, 1, () -> wiring.post(this::resume)) == 0;
    // Few wait for this answer; it must not replace a character that nobody has read yet.
    if (!state().sending && state().fromhost == 0) {
      answer(state().tohost, 0x100 | (value & 0xff));
    }
  }

  private void resume() {
    if (state().sending) {
      perform();
    }
  }

  private boolean ready() {
    return state().reading && state().fromhost == 0;
  }

  private void askForInput() {
    CharBackend console = props().chardev();
    if (ready() && console != null) {
      console.acceptInput();
    }
  }

  /** What the console sees. */
  private final class Keyboard implements CharBackend.Receiver {
    @Override
    public int canReceive() {
      return ready() ? 1 : 0;
    }

    @Override
    public void receive(byte[] bytes) {
      state().reading = false;
      answer((long) GETCHAR << 48, 0x100 | (bytes[0] & 0xff));
    }
  }

  // System calls: eight 64-bit words in memory, the number and its arguments, then its result.

  private void call(long words) {
    try {
      long number = dma.read64(words);
      long result = NO_SUCH_CALL;
      if (number == WRITE) {
        result = write(dma.read64(words + 8), dma.read64(words + 16), dma.read64(words + 24));
      } else {
        unimplemented("system call " + number);
      }
      dma.write64(words, result);
    } catch (DmaFault e) {
      log.write(LogCategory.GUEST_ERRORS, () -> id() + ": system call: " + e.getMessage());
    }
    answer(0, 1);
  }

  /** Writes to standard output or error, both of which are the console; as much as it takes now. */
  private long write(long file, long address, long length) throws DmaFault {
    if (file != 1 && file != 2) {
      return BAD_FILE;
    }
    int count = (int) (length < 0 ? MOST_TO_WRITE : Math.min(length, MOST_TO_WRITE));
    byte[] bytes = dma.read(address, count);
    CharBackend console = props().chardev();
    return console == null ? count : console.write(bytes, 0, count, () -> {});
  }

  @Override
  protected void onRestore() {
    resume();
    askForInput();
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("htif").compatible("ucb,htif0").reg();
  }
}
