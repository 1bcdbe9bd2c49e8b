package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.cpu.GuestState;
import java.util.List;

/**
 * What asks for attention: {@code mip}, {@code mie}, {@code mideleg} and their supervisor views,
 * and the inputs that interrupt controllers drive. Source: privileged, sections 3.1.9 and 12.1.3.
 *
 * <p>Inputs change on any thread. Whoever sets a bit of {@code mip} kicks the hart afterwards; the
 * hart enables first and looks afterwards; so one of the two sees the other.
 */
final class Interrupts {
  static final int SSI = 1;
  static final int MSI = 3;
  static final int STI = 5;
  static final int MTI = 7;
  static final int SEI = 9;
  static final int MEI = 11;

  static final long SSIP = 1L << SSI;
  static final long MSIP = 1L << MSI;
  static final long STIP = 1L << STI;
  static final long MTIP = 1L << MTI;
  static final long SEIP = 1L << SEI;
  static final long MEIP = 1L << MEI;

  private static final long MACHINE_BITS = MSIP | MTIP | MEIP;
  private static final long SUPERVISOR_BITS = SSIP | STIP | SEIP;

  /** Most urgent first. */
  private static final int[] PRIORITY = {MEI, MSI, MTI, SEI, SSI, STI};

  private final RiscvCpu cpu;
  private final GuestState state;
  private final long implemented;
  private final List<IrqLine> levels;
  private final IrqLine supervisorSoftware;

  Interrupts(RiscvCpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state();
    boolean supervisor = cpu.model().has(RiscvOption.S);
    implemented = MACHINE_BITS | (supervisor ? SUPERVISOR_BITS : 0);
    levels =
        List.of(level("msip", MSI), level("mtip", MTI), level("meip", MEI), level("seip", SEI));
    supervisorSoftware =
        new IrqLine(
            name("ssip"),
            high -> {
              if (high) {
                raiseSoftware(SSIP);
              }
            });
  }

  private String name(String input) {
    return "hart" + cpu.index() + "." + input;
  }

  private IrqLine level(String input, int number) {
    return new IrqLine(name(input), high -> setInput(1L << number & implemented, high));
  }

  /** Sets or clears a bit of {@code mip} that follows an input. Any thread. */
  void setInput(long bit, boolean high) {
    state.update(RiscvState.MIP_INPUTS, bit, high ? bit : 0);
    if (high) {
      cpu.kick();
    }
  }

  /** Sets a bit of {@code mip} as software does. Any thread. */
  void raiseSoftware(long bit) {
    state.update(RiscvState.MIP, bit, bit & implemented);
    cpu.kick();
  }

  /** Clears a bit of {@code mip} as software does. Any thread. */
  void clearSoftware(long bit) {
    state.update(RiscvState.MIP, bit, 0);
  }

  /** The input that sets a level-sensitive bit. */
  IrqLine line(int number) {
    return switch (number) {
      case MSI -> levels.get(0);
      case MTI -> levels.get(1);
      case MEI -> levels.get(2);
      case SEI -> levels.get(3);
      case SSI -> supervisorSoftware;
      default -> throw new IllegalArgumentException("no input for interrupt " + number);
    };
  }

  /** After all registers were zeroed: what the wires still say. */
  void reset() {
    long inputs = 0;
    int[] numbers = {MSI, MTI, MEI, SEI};
    for (int number : numbers) {
      inputs |= line(number).level() ? 1L << number : 0;
    }
    state.update(RiscvState.MIP_INPUTS, -1, inputs & implemented);
    state.update(RiscvState.MIP, -1, 0);
  }

  // ---- registers -------------------------------------------------------------------------------

  void declare(CsrFile csrs) {
    csrs.add(0x304, "mie", this::enabled, (value, mask) -> writeEnabled(value));
    csrs.add(0x344, "mip", this::pending, this::writePending);
    if (cpu.model().has(RiscvOption.S)) {
      csrs.add(0x303, "mideleg", this::delegated, (value, mask) -> delegate(value));
      csrs.add(
          0x104,
          "sie",
          () -> enabled() & delegated(),
          (value, mask) -> writeEnabled((enabled() & ~delegated()) | (value & delegated())));
      csrs.add(0x144, "sip", () -> pending() & delegated(), this::writeSupervisorPending);
    }
  }

  /** {@code mip} as it reads. Any thread. */
  long pending() {
    return state.getVolatile(RiscvState.MIP) | state.getVolatile(RiscvState.MIP_INPUTS);
  }

  private long enabled() {
    return state.getVolatile(RiscvState.MIE);
  }

  private long delegated() {
    return state.get(RiscvState.MIDELEG);
  }

  private void writeEnabled(long value) {
    state.update(RiscvState.MIE, -1, value & implemented);
    check();
  }

  private void delegate(long value) {
    state.set(RiscvState.MIDELEG, value & SUPERVISOR_BITS);
    check();
  }

  private void writePending(long value, long mask) {
    // With Sstc switched on STIP is what the comparator says (privileged, section 3.1.9).
    long writable = cpu.timer().enabled() ? SSIP | SEIP : SUPERVISOR_BITS;
    state.update(RiscvState.MIP, writable & implemented & mask, value);
    check();
  }

  private void writeSupervisorPending(long value, long mask) {
    state.update(RiscvState.MIP, SSIP & delegated() & mask, value);
    check();
  }

  /** Gives the supervisor all that it can have, with nothing enabled. */
  void delegateAll() {
    state.set(RiscvState.MIDELEG, SUPERVISOR_BITS);
    state.update(RiscvState.MIE, -1, 0);
  }

  // ---- taking ----------------------------------------------------------------------------------

  /** True if something is pending that is enabled by itself: what ends WFI. Any thread. */
  boolean wakes() {
    return (pending() & enabled()) != 0;
  }

  /** After a change that may let an interrupt through: has the hart look. */
  void check() {
    if (next() >= 0) {
      cpu.kick();
    }
  }

  /** The interrupt that is to be taken now, or −1. Section 3.1.9. */
  int next() {
    long ready = pending() & enabled();
    if (ready == 0) {
      return -1;
    }
    int privilege = (int) state.get(RiscvState.PRIVILEGE);
    long status = state.get(RiscvState.MSTATUS);
    boolean machine = privilege < Privilege.MACHINE || (status & Status.MIE) != 0;
    long toMachine = ready & ~delegated();
    if (machine && toMachine != 0) {
      return mostUrgent(toMachine);
    }
    boolean supervisor =
        privilege < Privilege.SUPERVISOR
            || (privilege == Privilege.SUPERVISOR && (status & Status.SIE) != 0);
    long toSupervisor = ready & delegated();
    return supervisor && toSupervisor != 0 ? mostUrgent(toSupervisor) : -1;
  }

  private static int mostUrgent(long ready) {
    for (int number : PRIORITY) {
      if ((ready & 1L << number) != 0) {
        return number;
      }
    }
    return -1;
  }

  /** True if supervisor mode takes it. */
  boolean isDelegated(int number) {
    return (delegated() & 1L << number) != 0;
  }
}
