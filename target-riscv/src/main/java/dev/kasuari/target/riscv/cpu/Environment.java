package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.cpu.GuestState;

/**
 * {@code menvcfg} and {@code senvcfg}: what a level lets the less privileged ones have. Source:
 * privileged, sections 3.1.18 and 12.1.10.
 */
final class Environment {
  /** Fences of the less privileged also order I/O; ours always do. */
  static final long FIOM = 1;

  static final long ADUE = 1L << 61;
  static final long STCE = 1L << 63;

  private final RiscvCpu cpu;
  private final GuestState state;
  private final long machineWritable;
  private final boolean updatesAtReset;

  Environment(RiscvCpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state();
    RiscvModel model = cpu.model();
    machineWritable =
        FIOM | (model.has(RiscvOption.SVADU) ? ADUE : 0) | (model.has(RiscvOption.SSTC) ? STCE : 0);
    // A devicetree that names Svadu alone promises that nobody has to switch it on.
    updatesAtReset = model.has(RiscvOption.SVADU) && !model.has(RiscvOption.SVADE);
  }

  void declare(CsrFile csrs) {
    csrs.split(
        0x30a, 0x31a, "menvcfg", () -> state.get(RiscvState.MENVCFG), (v, m) -> writeMachine(v));
    if (cpu.model().has(RiscvOption.S)) {
      csrs.field(0x10a, "senvcfg", RiscvState.SENVCFG, FIOM);
    }
  }

  void reset() {
    writeMachine(updatesAtReset ? ADUE : 0);
  }

  /** Gives a supervisor its timer, and page table updates if it may count on them. */
  void open() {
    writeMachine(STCE | (updatesAtReset ? ADUE : 0));
  }

  void writeMachine(long value) {
    state.set(RiscvState.MENVCFG, value & machineWritable);
    cpu.timer().enable(timerEnabled(state));
  }

  static boolean timerEnabled(GuestState state) {
    return (state.get(RiscvState.MENVCFG) & STCE) != 0;
  }

  /** True if the page walk sets A and D; otherwise it faults where they are clear. */
  static boolean updatesPageTables(GuestState state) {
    return (state.get(RiscvState.MENVCFG) & ADUE) != 0;
  }
}
