package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.cpu.GuestState;

/**
 * {@code menvcfg} and {@code senvcfg}: what a level lets the less privileged ones have. Source:
 * privileged, sections 3.1.18 and 12.1.10.
 */
final class Environment {
  /** Fences of the less privileged also order I/O; ours always do. */
  static final long FIOM = 1;

  /** Whether {@code cbo.inval} is illegal (0), flushes (1) or invalidates (3). */
  static final long CBIE = 3 << 4;

  /** {@code cbo.clean} and {@code cbo.flush} may be executed. */
  static final long CBCFE = 1 << 6;

  static final long CBZE = RiscvState.ENVCFG_CBZE;

  static final long ADUE = 1L << 61;
  static final long PBMTE = 1L << 62;
  static final long STCE = 1L << 63;

  private final RiscvCpu cpu;
  private final GuestState state;
  private final long shared;
  private final long machineWritable;
  private final boolean updatesAtReset;

  Environment(RiscvCpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state();
    RiscvModel model = cpu.model();
    shared =
        FIOM
            | (model.has(RiscvOption.ZICBOM) ? CBIE | CBCFE : 0)
            | (model.has(RiscvOption.ZICBOZ) ? CBZE : 0);
    machineWritable =
        shared
            | (model.has(RiscvOption.SVADU) ? ADUE : 0)
            | (model.has(RiscvOption.SVPBMT) ? PBMTE : 0)
            | (model.has(RiscvOption.SSTC) ? STCE : 0);
    // A devicetree that names Svadu alone promises that nobody has to switch it on.
    updatesAtReset = model.has(RiscvOption.SVADU) && !model.has(RiscvOption.SVADE);
  }

  void declare(CsrFile csrs) {
    csrs.split(
        0x30a, 0x31a, "menvcfg", () -> state.get(RiscvState.MENVCFG), (v, m) -> writeMachine(v));
    if (cpu.model().has(RiscvOption.S)) {
      csrs.field(0x10a, "senvcfg", RiscvState.SENVCFG, shared);
    }
  }

  void reset() {
    writeMachine(updatesAtReset ? ADUE : 0);
  }

  /**
   * Gives a supervisor its timer, cache blocks and memory types, and page table updates if it may
   * count on them.
   */
  void open() {
    writeMachine(STCE | PBMTE | CBIE | CBCFE | CBZE | (updatesAtReset ? ADUE : 0));
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

  /** True if page tables may say what kind of memory a page is. */
  static boolean typesMemory(GuestState state) {
    return (state.get(RiscvState.MENVCFG) & PBMTE) != 0;
  }

  /** True if the present mode may clean, flush or, as it is named, invalidate cache blocks. */
  boolean managesCaches(boolean invalidating) {
    long enabling = invalidating ? CBIE : CBCFE;
    boolean machine =
        cpu.privilege() == Privilege.MACHINE || (state.get(RiscvState.MENVCFG) & enabling) != 0;
    boolean supervisor =
        cpu.privilege() != Privilege.USER
            || !cpu.model().has(RiscvOption.S)
            || (state.get(RiscvState.SENVCFG) & enabling) != 0;
    return machine && supervisor;
  }
}
