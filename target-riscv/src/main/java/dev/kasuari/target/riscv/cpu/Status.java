package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.cpu.GuestState;

/** {@code mstatus} and its view {@code sstatus}. Source: privileged, sections 3.1.6 and 12.1.1. */
final class Status {
  static final long SIE = 1L << 1;
  static final long MIE = 1L << 3;
  static final long SPIE = 1L << 5;
  static final long MPIE = 1L << 7;
  static final long SPP = 1L << 8;
  static final int MPP_SHIFT = 11;
  static final long MPP = 3L << MPP_SHIFT;
  static final int FS_SHIFT = 13;
  static final long FS = 3L << FS_SHIFT;
  static final long MPRV = 1L << 17;
  static final long SUM = 1L << 18;
  static final long MXR = 1L << 19;
  static final long TVM = 1L << 20;
  static final long TW = 1L << 21;
  static final long TSR = 1L << 22;
  private static final long UXL_64 = 2L << 32;
  private static final long SXL_64 = 2L << 34;
  private static final long UXL = 3L << 32;

  private final RiscvCpu cpu;
  private final GuestState state;
  private final boolean supervisor;
  private final int xlen;
  private final long writable;
  private final long supervisorWritable;
  private final long fixed;

  Status(RiscvCpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state();
    RiscvModel model = cpu.model();
    xlen = model.xlen();
    supervisor = model.has(RiscvOption.S);
    long fp = model.has(RiscvOption.F) ? FS : 0;
    supervisorWritable = supervisor ? SIE | SPIE | SPP | SUM | MXR | fp : 0;
    writable =
        supervisorWritable | (MIE | MPIE | MPP | MPRV | TW | fp) | (supervisor ? TVM | TSR : 0);
    fixed = xlen == 32 ? 0 : UXL_64 | (supervisor ? SXL_64 : 0);
  }

  void declare(CsrFile csrs) {
    csrs.split(0x300, 0x310, "mstatus", () -> withDirty(value()), this::write);
    if (supervisor) {
      csrs.add(0x100, "sstatus", this::readSupervisor, this::writeSupervisor);
    }
  }

  void reset() {
    state.set(RiscvState.MSTATUS, fixed);
  }

  long value() {
    return state.get(RiscvState.MSTATUS);
  }

  boolean has(long bit) {
    return (value() & bit) != 0;
  }

  /** Sets bits without any consequence: for traps and returns, which have their own. */
  void replace(long mask, long bits) {
    state.set(RiscvState.MSTATUS, (value() & ~mask) | (bits & mask));
  }

  /** The stored bits that a status register shows. */
  long bits(int number) {
    return number == 0x100 ? supervisorWritable | UXL : -1;
  }

  /** Adds SD: it says that FS is dirty. */
  private long withDirty(long status) {
    return (status & FS) == FS ? status | 1L << (xlen - 1) : status;
  }

  private void write(long value, long mask) {
    long old = value();
    long next = (old & ~writable) | (value & writable);
    int previous = (int) (next >> MPP_SHIFT) & 3;
    if (previous == 2 || (previous == Privilege.SUPERVISOR && !supervisor)) {
      next = (next & ~MPP) | (old & MPP);
    }
    state.set(RiscvState.MSTATUS, next);
    if (((old ^ next) & MXR) != 0) {
      cpu.flushTlb();
    }
    cpu.interrupts().check();
  }

  private long readSupervisor() {
    return withDirty(value() & (supervisorWritable | UXL));
  }

  private void writeSupervisor(long value, long mask) {
    write((value() & ~supervisorWritable) | (value & supervisorWritable), mask);
  }

  /** The mode word; called whenever a block is looked up. */
  long mode() {
    long status = value();
    int privilege = (int) state.get(RiscvState.PRIVILEGE);
    return RiscvMode.pack(
        privilege,
        dataMmuIndex(status, privilege),
        (int) (status >> FS_SHIFT) & 3,
        (int) state.get(RiscvState.FRM),
        xlen);
  }

  private static int dataMmuIndex(long status, int privilege) {
    boolean previous = privilege == Privilege.MACHINE && (status & MPRV) != 0;
    int effective = previous ? (int) (status >> MPP_SHIFT) & 3 : privilege;
    return switch (effective) {
      case Privilege.MACHINE -> RiscvMode.MMU_MACHINE;
      case Privilege.USER -> RiscvMode.MMU_USER;
      default -> (status & SUM) != 0 ? RiscvMode.MMU_SUPERVISOR_SUM : RiscvMode.MMU_SUPERVISOR;
    };
  }

  /** As firmware leaves it to a supervisor: interrupts off, nothing trapped, nothing borrowed. */
  void prepareSupervisor() {
    replace(SIE | SPIE | SPP | MPRV | SUM | MXR | TVM | TW | TSR, 0);
  }

  boolean floatOn() {
    return has(FS);
  }

  void floatDirty() {
    replace(FS, FS);
  }
}
