package dev.kasuari.target.arm.cpu;

/**
 * The registers of the interrupt controller's CPU interface as op0:op1:CRn:CRm:op2, 16 bits, and
 * what kind each is of. Source: ARM IHI 0069, sections 12.2 and 12.4.
 */
final class GicRegister {
  private static final int EL1 = 3 << 14;
  private static final int EL2 = EL1 | 4 << 11;
  private static final int EL3 = EL1 | 6 << 11;
  private static final int C12 = 12 << 7;

  static final int PMR = EL1 | 4 << 7 | 6 << 3;
  static final int IAR0 = EL1 | C12 | 8 << 3;
  static final int EOIR0 = IAR0 | 1;
  static final int HPPIR0 = IAR0 | 2;
  static final int BPR0 = IAR0 | 3;
  static final int AP0R0 = IAR0 | 4;
  static final int AP1R0 = EL1 | C12 | 9 << 3;
  static final int DIR = EL1 | C12 | 11 << 3 | 1;
  static final int RPR = EL1 | C12 | 11 << 3 | 3;
  static final int SGI1R = EL1 | C12 | 11 << 3 | 5;
  static final int ASGI1R = EL1 | C12 | 11 << 3 | 6;
  static final int SGI0R = EL1 | C12 | 11 << 3 | 7;
  static final int IAR1 = EL1 | C12 | 12 << 3;
  static final int EOIR1 = IAR1 | 1;
  static final int HPPIR1 = IAR1 | 2;
  static final int BPR1 = IAR1 | 3;
  static final int CTLR = IAR1 | 4;
  static final int SRE = IAR1 | 5;
  static final int IGRPEN0 = IAR1 | 6;
  static final int IGRPEN1 = IAR1 | 7;

  static final int SRE_EL2 = EL2 | C12 | 9 << 3 | 5;
  static final int CTLR_EL3 = EL3 | C12 | 12 << 3 | 4;
  static final int SRE_EL3 = EL3 | C12 | 12 << 3 | 5;
  static final int IGRPEN1_EL3 = EL3 | C12 | 12 << 3 | 7;

  static final int ICH_AP0R0 = EL2 | C12 | 8 << 3;
  static final int ICH_AP1R0 = EL2 | C12 | 9 << 3;
  static final int ICH_HCR = EL2 | C12 | 11 << 3;
  static final int ICH_VTR = ICH_HCR | 1;
  static final int ICH_MISR = ICH_HCR | 2;
  static final int ICH_EISR = ICH_HCR | 3;
  static final int ICH_ELRSR = ICH_HCR | 5;
  static final int ICH_VMCR = ICH_HCR | 7;
  static final int ICH_LR0 = EL2 | C12 | 12 << 3;

  private GicRegister() {}

  /** True for the registers that are here, and those of this kind that are not. */
  static boolean has(int register) {
    int crm = register >>> 3 & 0xf;
    int op1 = register >>> 11 & 7;
    boolean block = (register >>> 7 & 0xf) == 12 && crm >= 8 && crm <= 13;
    return register == PMR || (register >>> 14 == 3 && block && (op1 == 0 || op1 == 4 || op1 == 6));
  }

  static boolean readable(int register) {
    return switch (register) {
      case PMR, IAR0, HPPIR0, BPR0, AP0R0, AP1R0, RPR, IAR1, HPPIR1, BPR1 -> true;
      case CTLR, SRE, IGRPEN0, IGRPEN1, SRE_EL2, CTLR_EL3, SRE_EL3, IGRPEN1_EL3 -> true;
      default -> isHypervisors(register);
    };
  }

  static boolean writable(int register) {
    return switch (register) {
      case PMR, EOIR0, BPR0, AP0R0, AP1R0, DIR, SGI0R, SGI1R, ASGI1R, EOIR1, BPR1 -> true;
      case CTLR, SRE, IGRPEN0, IGRPEN1, SRE_EL2, CTLR_EL3, SRE_EL3, IGRPEN1_EL3 -> true;
      case ICH_VTR, ICH_MISR, ICH_EISR, ICH_ELRSR -> false;
      default -> isHypervisors(register);
    };
  }

  /** ICH registers. */
  static boolean isHypervisors(int register) {
    return switch (register) {
      case ICH_AP0R0, ICH_AP1R0, ICH_HCR, ICH_VTR, ICH_MISR, ICH_EISR, ICH_ELRSR, ICH_VMCR -> true;
      default -> register >= ICH_LR0 && register < ICH_LR0 + GicVirtualInterface.LIST_REGISTERS;
    };
  }

  /** Those that send interrupts to other CPUs. */
  static boolean isSend(int register) {
    return register == SGI0R || register == SGI1R || register == ASGI1R;
  }

  /** Those that are of no group. */
  static boolean isCommon(int register) {
    return register == PMR
        || register == CTLR
        || register == DIR
        || register == RPR
        || isSend(register);
  }

  /** Those of group 0. */
  static boolean isGroup0(int register) {
    return (register >= IAR0 && register <= AP0R0) || register == IGRPEN0;
  }
}
