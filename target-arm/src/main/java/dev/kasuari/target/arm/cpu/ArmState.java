package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.machine.cpu.StateLayout;
import java.util.List;

/**
 * The registers of a processing element as bytes: what translated code and Java share. Everything
 * that it remembers is here; what is derived from it is remade by the CPU after a restore.
 *
 * <p>Names are those of the Arm Architecture Reference Manual for A-profile (DDI 0487), chapters
 * B1.2 "Registers in AArch64 Execution state" and D19 "AArch64 System Register Descriptions".
 * Arrays of system registers are indexed by exception level; elements of levels that lack the
 * register are never used. The accrued floating-point exceptions and the rounding mode of FPSR and
 * FPCR are {@link StateLayout#FP_FLAGS} and {@link StateLayout#FP_ROUNDING}.
 */
public final class ArmState {
  public static final StateLayout LAYOUT = new StateLayout();

  /** General-purpose registers; element 31 is the stack pointer in use. */
  public static final StateField X = LAYOUT.array("x", 8, 32);

  public static final StateField PC = LAYOUT.field("pc", 8);

  /**
   * The condition flags as {@code dev.kasuari.tcg.ir.Flags} packs them, whose C is the borrow of a
   * subtraction: the complement of PSTATE.C.
   */
  public static final StateField NZCV = LAYOUT.field("nzcv", 4);

  /**
   * What LDXP of two doublewords has reserved: the address plus 1, or 0 for nothing, and the two
   * values. Other reservations are the accelerator's.
   */
  public static final StateField EXCLUSIVE_PAIR = LAYOUT.array("exclusive_pair", 8, 3);

  /** The current exception level, 0 to 3. */
  public static final StateField EL = LAYOUT.field("el", 4);

  /**
   * PSTATE without flags and exception level, each bit where SPSR_EL1 has it: SSBS, UAO, PAN, DIT,
   * TCO, SS, IL, BTYPE, D, A, I, F and SPSel.
   */
  public static final StateField PSTATE = LAYOUT.field("pstate", 8);

  /** Stack pointers by level, but for the one in use. */
  public static final StateField SP = LAYOUT.array("sp_el", 8, 4);

  /** Vector registers, of 128 bits. */
  public static final StateField V = LAYOUT.array("v", 16, 32);

  /** For what an instruction on vectors computes on its way; nothing between instructions. */
  public static final StateField SCRATCH = LAYOUT.array("scratch", 16, 8);

  /** FPCR as the guest wrote it. */
  public static final StateField FPCR = LAYOUT.field("fpcr", 8);

  /** QC of FPSR, 0 or 1. */
  public static final StateField QC = LAYOUT.field("qc", 4);

  /**
   * Interrupt inputs as {@code ISR_EL1} numbers them, above them those of the virtual ones from the
   * interrupt controller, and whether HCR_EL2 has any pending. Written by any thread, atomically.
   */
  public static final StateField INPUTS = LAYOUT.field("inputs", 8);

  // ---- exceptions ------------------------------------------------------------------------------

  public static final StateField ELR = LAYOUT.array("elr_el", 8, 4);
  public static final StateField SPSR = LAYOUT.array("spsr_el", 8, 4);
  public static final StateField ESR = LAYOUT.array("esr_el", 8, 4);
  public static final StateField FAR = LAYOUT.array("far_el", 8, 4);
  public static final StateField AFSR0 = LAYOUT.array("afsr0_el", 8, 4);
  public static final StateField AFSR1 = LAYOUT.array("afsr1_el", 8, 4);
  public static final StateField VBAR = LAYOUT.array("vbar_el", 8, 4);
  public static final StateField HPFAR = LAYOUT.field("hpfar_el2", 8);
  public static final StateField VDISR = LAYOUT.field("vdisr_el2", 8);
  public static final StateField VSESR = LAYOUT.field("vsesr_el2", 8);
  public static final StateField DISR = LAYOUT.field("disr_el1", 8);

  // ---- control ---------------------------------------------------------------------------------

  public static final StateField SCTLR = LAYOUT.array("sctlr_el", 8, 4);
  public static final StateField ACTLR = LAYOUT.array("actlr_el", 8, 4);
  public static final StateField CPACR = LAYOUT.field("cpacr_el1", 8);

  /** CPTR_EL2 and CPTR_EL3. */
  public static final StateField CPTR = LAYOUT.array("cptr_el", 8, 4);

  public static final StateField SCR = LAYOUT.field("scr_el3", 8);
  public static final StateField HCR = LAYOUT.field("hcr_el2", 8);
  public static final StateField HCRX = LAYOUT.field("hcrx_el2", 8);
  public static final StateField HSTR = LAYOUT.field("hstr_el2", 8);
  public static final StateField MDCR = LAYOUT.array("mdcr_el", 8, 4);
  public static final StateField VPIDR = LAYOUT.field("vpidr_el2", 8);
  public static final StateField VMPIDR = LAYOUT.field("vmpidr_el2", 8);
  public static final StateField RMR = LAYOUT.field("rmr", 8);

  // ---- translation -----------------------------------------------------------------------------

  public static final StateField TTBR0 = LAYOUT.array("ttbr0_el", 8, 4);

  /** TTBR1_EL1 and TTBR1_EL2. */
  public static final StateField TTBR1 = LAYOUT.array("ttbr1_el", 8, 4);

  public static final StateField TCR = LAYOUT.array("tcr_el", 8, 4);
  public static final StateField MAIR = LAYOUT.array("mair_el", 8, 4);
  public static final StateField AMAIR = LAYOUT.array("amair_el", 8, 4);
  public static final StateField VTTBR = LAYOUT.field("vttbr_el2", 8);
  public static final StateField VTCR = LAYOUT.field("vtcr_el2", 8);
  public static final StateField PAR = LAYOUT.field("par_el1", 8);
  public static final StateField CONTEXTIDR = LAYOUT.array("contextidr_el", 8, 4);

  /** 1 from an invalidation of translations to the DSB that completes it, for others too. */
  public static final StateField SHOOTDOWN = LAYOUT.field("shootdown", 4);

  // ---- threads ---------------------------------------------------------------------------------

  public static final StateField TPIDR = LAYOUT.array("tpidr_el", 8, 4);
  public static final StateField TPIDRRO = LAYOUT.field("tpidrro_el0", 8);
  public static final StateField SCXTNUM = LAYOUT.array("scxtnum_el", 8, 4);
  public static final StateField CSSELR = LAYOUT.field("csselr_el1", 8);

  // ---- timers: physical, virtual, EL2 physical, EL2 virtual, secure physical -------------------

  public static final StateField CNT_CTL = LAYOUT.array("cnt_ctl", 8, 5);

  /** Read by the timer's thread as well. */
  public static final StateField CNT_CVAL = LAYOUT.array("cnt_cval", 8, 5);

  public static final StateField CNTFRQ = LAYOUT.field("cntfrq_el0", 8);
  public static final StateField CNTVOFF = LAYOUT.field("cntvoff_el2", 8);
  public static final StateField CNTKCTL = LAYOUT.field("cntkctl_el1", 8);
  public static final StateField CNTHCTL = LAYOUT.field("cnthctl_el2", 8);

  // ---- pointer authentication: the keys IA, IB, DA, DB and GA, low half first ------------------

  public static final StateField KEYS = LAYOUT.array("apkey", 8, 10);

  // ---- debug and performance monitors ----------------------------------------------------------

  public static final StateField MDSCR = LAYOUT.field("mdscr_el1", 8);
  public static final StateField DBGCLAIM = LAYOUT.field("dbgclaim_el1", 8);
  public static final StateField OSDLR = LAYOUT.field("osdlr_el1", 8);
  public static final StateField OSLSR = LAYOUT.field("oslsr_el1", 8);

  /** What was stepped last: bit 0, an instruction; bit 1, a load-exclusive one. */
  public static final StateField STEPPED = LAYOUT.field("stepped", 4);

  /** A bit for each instruction of a page at which there may be a breakpoint. */
  public static final StateField BREAK_MAP = LAYOUT.array("break_map", 4, 32);

  public static final StateField DBGBVR = LAYOUT.array("dbgbvr_el1", 8, 16);
  public static final StateField DBGBCR = LAYOUT.array("dbgbcr_el1", 8, 16);
  public static final StateField DBGWVR = LAYOUT.array("dbgwvr_el1", 8, 16);
  public static final StateField DBGWCR = LAYOUT.array("dbgwcr_el1", 8, 16);
  public static final StateField PMCR = LAYOUT.field("pmcr_el0", 8);
  public static final StateField PMCNTEN = LAYOUT.field("pmcnten_el0", 8);
  public static final StateField PMOVS = LAYOUT.field("pmovs_el0", 8);
  public static final StateField PMINTEN = LAYOUT.field("pminten_el1", 8);
  public static final StateField PMUSERENR = LAYOUT.field("pmuserenr_el0", 8);
  public static final StateField PMSELR = LAYOUT.field("pmselr_el0", 8);
  public static final StateField PMCCFILTR = LAYOUT.field("pmccfiltr_el0", 8);

  /** Counts as they were when so many instructions had been retired. */
  public static final StateField PMSINCE = LAYOUT.field("pmsince", 8);

  public static final StateField PMCCNTR = LAYOUT.field("pmccntr_el0", 8);

  public static final StateField PMEVCNTR = LAYOUT.array("pmevcntr_el0", 8, 31);
  public static final StateField PMEVTYPER = LAYOUT.array("pmevtyper_el0", 8, 31);

  // ---- the CPU's half of a GICv3: its own registers, then those of a hypervisor's guest
  // ----------

  public static final StateField ICC_PMR = LAYOUT.field("icc_pmr_el1", 8);

  /** A bit for each group, as {@code InterruptPort} numbers them. */
  public static final StateField ICC_IGRPEN = LAYOUT.field("icc_igrpen", 8);

  public static final StateField ICC_BPR0 = LAYOUT.field("icc_bpr0_el1", 8);

  /** Of the non-secure and of the secure world. */
  public static final StateField ICC_BPR1 = LAYOUT.array("icc_bpr1_el1", 8, 2);

  /** CBPR and EOImode of the non-secure and of the secure world. */
  public static final StateField ICC_CTLR = LAYOUT.array("icc_ctlr_el1", 8, 2);

  /** EOImode of EL3. */
  public static final StateField ICC_CTLR_EL3 = LAYOUT.field("icc_ctlr_el3", 8);

  /** Active priorities by group. */
  public static final StateField ICC_AP = LAYOUT.array("icc_ap", 8, 3);

  public static final StateField ICH_HCR = LAYOUT.field("ich_hcr_el2", 8);

  /** ICH_VMCR_EL2 without priorities. */
  public static final StateField ICH_CONTROLS = LAYOUT.field("ich_controls", 8);

  public static final StateField ICH_PMR = LAYOUT.field("ich_pmr", 8);
  public static final StateField ICH_BPR = LAYOUT.array("ich_bpr", 8, 2);
  public static final StateField ICH_AP = LAYOUT.array("ich_ap", 8, 2);
  public static final StateField ICH_LR = LAYOUT.array("ich_lr", 8, 4);

  /** All of that half. */
  static final List<StateField> GIC =
      List.of(
          ICC_PMR,
          ICC_IGRPEN,
          ICC_BPR0,
          ICC_BPR1,
          ICC_CTLR,
          ICC_CTLR_EL3,
          ICC_AP,
          ICH_HCR,
          ICH_CONTROLS,
          ICH_PMR,
          ICH_BPR,
          ICH_AP,
          ICH_LR);

  private ArmState() {}
}
