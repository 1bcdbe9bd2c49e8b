package dev.kasuari.target.arm.cpu;

/**
 * Exceptions as numbers: exception class in bits 31 to 26 and instruction-specific syndrome in bits
 * 24 to 0, as in ESR_ELx (DDI 0487, D19.2.40). Bit 25 is not IL here; for aborts it says that the
 * fault is one of stage 2 and is taken to EL2, see {@link #STAGE_2}. Aborts, breakpoints,
 * watchpoints and steps have the class of a lower exception level; one more is the same level.
 */
public final class Syndrome {
  public static final int UNKNOWN = 0;
  public static final int WFX = 0x01 << 26;
  public static final int FP_TRAP = 0x07 << 26;
  public static final int PAUTH_TRAP = 0x09 << 26;
  public static final int BTI = 0x0d << 26;
  public static final int ILLEGAL_STATE = 0x0e << 26;
  public static final int SVC = 0x15 << 26;
  public static final int HVC = 0x16 << 26;
  public static final int SMC = 0x17 << 26;
  public static final int SYSTEM_TRAP = 0x18 << 26;
  public static final int ERET_TRAP = 0x1a << 26;
  public static final int PAC_FAIL = 0x1c << 26;
  public static final int INSTRUCTION_ABORT = 0x20 << 26;
  public static final int PC_ALIGNMENT = 0x22 << 26;
  public static final int DATA_ABORT = 0x24 << 26;
  public static final int SP_ALIGNMENT = 0x26 << 26;
  public static final int FP_EXCEPTION = 0x2c << 26;
  public static final int SERROR = 0x2f << 26;
  public static final int BREAKPOINT = 0x30 << 26;
  public static final int STEP = 0x32 << 26;
  public static final int WATCHPOINT = 0x34 << 26;
  public static final int BRK = 0x3c << 26;

  /** Of an abort: it is taken to EL2 with HPFAR_EL2, whose value the MMU knows. */
  public static final int STAGE_2 = 1 << 25;

  /** WnR of a data abort: the access was a write. */
  public static final int WRITE = 1 << 6;

  /** S1PTW: a fault of stage 2 on an access of the walk of stage 1. */
  public static final int S1PTW = 1 << 7;

  /** CM: the fault is that of a cache maintenance or address translation instruction. */
  public static final int MAINTENANCE = 1 << 8;

  // Fault status codes, to which the level of the walk is added where there is one.
  public static final int ADDRESS_SIZE = 0b000000;
  public static final int TRANSLATION = 0b000100;
  public static final int ACCESS_FLAG = 0b001000;
  public static final int PERMISSION = 0b001100;
  public static final int EXTERNAL = 0b010000;
  public static final int EXTERNAL_ON_WALK = 0b010100;
  public static final int ALIGNMENT = 0b100001;
  public static final int UNSUPPORTED_ATOMIC = 0b110101;

  private Syndrome() {}
}
