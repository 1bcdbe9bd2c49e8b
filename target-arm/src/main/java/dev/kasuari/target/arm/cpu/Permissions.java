package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.Access;

/**
 * What descriptors permit, as bits. Source: DDI 0487, D8.4 "Memory access control", and the
 * functions AArch64.S1DirectBasePermissions and AArch64.S2DirectBasePermissions.
 */
final class Permissions {
  static final int READ = 1;
  static final int WRITE = 2;
  static final int EXECUTE = 4;
  static final int ALL = READ | WRITE | EXECUTE;

  /** AP[2]: no writes. */
  private static final int READ_ONLY = 2;

  /** AP[1]: EL0 may, too. In APTable it says that EL0 may not. */
  private static final int UNPRIVILEGED = 1;

  private Permissions() {}

  static int needed(Access access) {
    return switch (access) {
      case READ -> READ;
      case WRITE -> WRITE;
      case EXECUTE -> EXECUTE;
    };
  }

  /** What AP[2:1] and APTable[1:0] let EL0 do with data. */
  private static int user(int ap, int apTable) {
    if ((ap & UNPRIVILEGED) == 0 || (apTable & UNPRIVILEGED) != 0) {
      return 0;
    }
    return READ | privilegedWrite(ap, apTable);
  }

  private static int privilegedWrite(int ap, int apTable) {
    return ((ap | apTable) & READ_ONLY) == 0 ? WRITE : 0;
  }

  /** For EL0, where two exception levels share a regime. */
  static int unprivileged(int ap, int apTable, boolean uxn, boolean wxn) {
    int data = user(ap, apTable);
    boolean executes = !uxn && !(wxn && (data & WRITE) != 0);
    return data | (executes ? EXECUTE : 0);
  }

  /**
   * For the higher level of a regime that it shares with EL0. PAN forbids data, not execution.
   *
   * @param pan PSTATE.PAN
   * @param epan SCTLR_ELx.EPAN: PAN also protects what EL0 may only execute
   */
  static int privileged(
      int ap, int apTable, boolean uxn, boolean pxn, boolean wxn, boolean pan, boolean epan) {
    int user = user(ap, apTable);
    int data = READ | privilegedWrite(ap, apTable);
    boolean executes = !pxn && (user & WRITE) == 0 && !(wxn && (data & WRITE) != 0);
    boolean kept = pan && (user != 0 || (epan && !uxn));
    return (kept ? 0 : data) | (executes ? EXECUTE : 0);
  }

  /** For a regime of one exception level. */
  static int single(int ap, int apTable, boolean xn, boolean wxn) {
    int data = READ | privilegedWrite(ap, apTable);
    boolean executes = !xn && !(wxn && (data & WRITE) != 0);
    return data | (executes ? EXECUTE : 0);
  }

  /**
   * At stage 2.
   *
   * @param s2ap S2AP[1:0]: write, read
   * @param xn XN[1:0] with FEAT_XNX, else only XN[1] counts
   */
  static int stage2(int s2ap, int xn, boolean xnx, boolean privileged) {
    boolean executes =
        switch (xnx ? xn : xn & 2) {
          case 0b00 -> true;
          case 0b01 -> !privileged;
          case 0b10 -> false;
          default -> privileged;
        };
    return (s2ap & 1) | (s2ap & 2) | (executes ? EXECUTE : 0);
  }
}
