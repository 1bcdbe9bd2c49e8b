package dev.kasuari.target.riscv.cpu;

/**
 * The mode word: what else the translation of an instruction depends on.
 *
 * <p>MMU indexes: {@link #MMU_USER}, {@link #MMU_SUPERVISOR}, {@link #MMU_SUPERVISOR_SUM} (S-mode
 * that may access user pages) and {@link #MMU_MACHINE} (no translation). {@code mstatus.MPRV} makes
 * M-mode's data accesses use one of the first three.
 */
public final class RiscvMode {
  public static final int MMU_USER = 0;
  public static final int MMU_SUPERVISOR = 1;
  public static final int MMU_SUPERVISOR_SUM = 2;
  public static final int MMU_MACHINE = 3;

  /** How many MMU indexes there are. */
  public static final int MMU_INDEXES = 4;

  private static final int DATA_SHIFT = 2;
  private static final int FP_SHIFT = 4;
  private static final int FRM_VALID = 1 << 6;
  private static final int RV32 = 1 << 7;

  private RiscvMode() {}

  /**
   * Packs a mode word.
   *
   * @param fs {@code mstatus.FS}, 0 to 3
   * @param frm {@code frm}, 0 to 7
   */
  static long pack(int privilege, int dataMmuIndex, int fs, int frm, int xlen) {
    // Initial and clean translate alike: both must turn dirty.
    int fp = fs == 0 ? 0 : fs == 3 ? 3 : 1;
    return privilege
        | dataMmuIndex << DATA_SHIFT
        | fp << FP_SHIFT
        | (frm <= 4 ? FRM_VALID : 0)
        | (xlen == 32 ? RV32 : 0);
  }

  /** As {@link Privilege} numbers them. */
  public static int privilege(long mode) {
    return (int) mode & 3;
  }

  /** The MMU index of loads and stores. */
  public static int dataMmuIndex(long mode) {
    return (int) mode >> DATA_SHIFT & 3;
  }

  /** True if floating-point instructions are illegal. */
  public static boolean fpOff(long mode) {
    return (mode >> FP_SHIFT & 3) == 0;
  }

  /** True if {@code mstatus.FS} says already that floating-point registers were changed. */
  public static boolean fpDirty(long mode) {
    return (mode >> FP_SHIFT & 3) == 3;
  }

  /** True if {@code frm} holds a rounding mode that exists. */
  public static boolean frmValid(long mode) {
    return (mode & FRM_VALID) != 0;
  }

  /** 32 or 64. */
  public static int xlen(long mode) {
    return (mode & RV32) != 0 ? 32 : 64;
  }

  /** The word as dumps show it: {@code S data=S+SUM fp=on xlen=64}. */
  public static String describe(long mode) {
    String data =
        switch (dataMmuIndex(mode)) {
          case MMU_USER -> "U";
          case MMU_SUPERVISOR -> "S";
          case MMU_SUPERVISOR_SUM -> "S+SUM";
          default -> "M";
        };
    String fp = fpOff(mode) ? "off" : fpDirty(mode) ? "dirty" : "on";
    return "%s data=%s fp=%s frm=%s xlen=%d"
        .formatted(
            Privilege.name(privilege(mode)),
            data,
            fp,
            frmValid(mode) ? "valid" : "reserved",
            xlen(mode));
  }
}
