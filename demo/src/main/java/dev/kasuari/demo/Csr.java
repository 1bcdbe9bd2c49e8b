package dev.kasuari.demo;

/**
 * Control and status registers and their bits. Source: RISC-V volume II, "Supervisor-Level ISA".
 */
final class Csr {
  static final int SSTATUS = 0x100;
  static final int SIE = 0x104;
  static final int STVEC = 0x105;
  static final int SSCRATCH = 0x140;
  static final int SEPC = 0x141;
  static final int SCAUSE = 0x142;
  static final int STVAL = 0x143;
  static final int SIP = 0x144;
  static final int STIMECMP = 0x14d;
  static final int SATP = 0x180;
  static final int TIME = 0xc01;

  /** sstatus: interrupts are taken. */
  static final int SSTATUS_SIE = 1 << 1;

  /** sstatus: interrupts were taken before the trap. */
  static final int SSTATUS_SPIE = 1 << 5;

  /** sstatus: the trap came from S-mode. */
  static final int SSTATUS_SPP = 1 << 8;

  /** sie and sip: another hart calls. */
  static final int SOFTWARE_INTERRUPT = 1;

  /** sie and sip: it is time. */
  static final int TIMER_INTERRUPT = 5;

  /** sie and sip: a device calls, through the interrupt controller. */
  static final int EXTERNAL_INTERRUPT = 9;

  /** satp: three levels of tables, 39-bit virtual addresses. */
  static final long SATP_MODE_SV39 = 8L << 60;

  private Csr() {}
}
