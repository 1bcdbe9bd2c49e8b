package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.machine.cpu.StateLayout;

/**
 * The registers of a hart as bytes: what translated code and Java share. Everything that a hart
 * remembers is here; what is derived from it is remade by {@link RiscvCpu#stateChanged}.
 *
 * <p>Registers hold XLEN bits; with XLEN 32 the upper half of an integer register is its sign. The
 * accrued exceptions and the valid rounding mode are {@link StateLayout#FP_FLAGS} and {@link
 * StateLayout#FP_ROUNDING}, whose encodings are those of {@code fcsr}.
 */
public final class RiscvState {
  public static final StateLayout LAYOUT = new StateLayout();

  /** Integer registers; element 0 is never written. */
  public static final StateField X = LAYOUT.array("x", 8, 32);

  public static final StateField PC = LAYOUT.field("pc", 8);

  /** Floating-point registers, singles boxed. */
  public static final StateField F = LAYOUT.array("f", 8, 32);

  /** {@code mstatus} without SD, which is a function of FS. */
  public static final StateField MSTATUS = LAYOUT.field("mstatus", 8);

  /** 0 user, 1 supervisor, 3 machine. */
  public static final StateField PRIVILEGE = LAYOUT.field("privilege", 4);

  /** {@code frm} as the guest wrote it, 0 to 7; {@link StateLayout#FP_ROUNDING} where valid. */
  public static final StateField FRM = LAYOUT.field("frm", 4);

  /** The bits of {@code mip} that software sets. Written by any thread, atomically. */
  public static final StateField MIP = LAYOUT.field("mip", 8);

  /**
   * The bits of {@code mip} that follow interrupt inputs and the supervisor timer. Written by any
   * thread, atomically.
   */
  public static final StateField MIP_INPUTS = LAYOUT.field("mip_inputs", 8);

  public static final StateField MIE = LAYOUT.field("mie", 8);
  public static final StateField MIDELEG = LAYOUT.field("mideleg", 8);
  public static final StateField MEDELEG = LAYOUT.field("medeleg", 8);
  public static final StateField MTVEC = LAYOUT.field("mtvec", 8);
  public static final StateField MEPC = LAYOUT.field("mepc", 8);
  public static final StateField MCAUSE = LAYOUT.field("mcause", 8);
  public static final StateField MTVAL = LAYOUT.field("mtval", 8);
  public static final StateField MSCRATCH = LAYOUT.field("mscratch", 8);
  public static final StateField MCOUNTEREN = LAYOUT.field("mcounteren", 8);
  public static final StateField MCOUNTINHIBIT = LAYOUT.field("mcountinhibit", 8);
  public static final StateField MENVCFG = LAYOUT.field("menvcfg", 8);

  public static final StateField STVEC = LAYOUT.field("stvec", 8);
  public static final StateField SEPC = LAYOUT.field("sepc", 8);
  public static final StateField SCAUSE = LAYOUT.field("scause", 8);
  public static final StateField STVAL = LAYOUT.field("stval", 8);
  public static final StateField SSCRATCH = LAYOUT.field("sscratch", 8);
  public static final StateField SCOUNTEREN = LAYOUT.field("scounteren", 8);
  public static final StateField SENVCFG = LAYOUT.field("senvcfg", 8);
  public static final StateField SATP = LAYOUT.field("satp", 8);

  /** Read by the timer's thread as well. */
  public static final StateField STIMECMP = LAYOUT.field("stimecmp", 8);

  /**
   * {@code mcycle} and {@code minstret}: what has to be added to the number of instructions
   * retired, or the whole value while the counter is inhibited.
   */
  public static final StateField MCYCLE = LAYOUT.field("mcycle", 8);

  public static final StateField MINSTRET = LAYOUT.field("minstret", 8);

  /** Configuration bytes of the PMP entries. */
  public static final StateField PMPCFG = LAYOUT.array("pmpcfg", 1, 16);

  public static final StateField PMPADDR = LAYOUT.array("pmpaddr", 8, 16);

  /** Both bits of {@code mstatus.FS}. */
  public static final long MSTATUS_FS_DIRTY = 3 << 13;

  /** {@code CBZE} of {@code menvcfg} and {@code senvcfg}: {@code cbo.zero} may be executed. */
  public static final long ENVCFG_CBZE = 1 << 7;

  /** The bits of {@code mstatus} that mask interrupts and do nothing else: SIE and MIE. */
  public static final long MSTATUS_MASKS = 1 << 1 | 1 << 3;

  private RiscvState() {}
}
