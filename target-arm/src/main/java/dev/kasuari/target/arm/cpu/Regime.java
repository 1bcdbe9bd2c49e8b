package dev.kasuari.target.arm.cpu;

/**
 * What an access is translated for: a translation regime and the privilege of the access, numbered
 * as MMU indexes are (DDI 0487, D8.1 "About the Virtual Memory System Architecture"). The security
 * state is not told apart: who changes it forgets translations.
 */
public enum Regime {
  /** EL1&0, for EL0. */
  E10_0(1, false),
  /** EL1&0, for EL1 that may access what EL0 may. */
  E10_1(1, true),
  /** EL1&0, for EL1 with PSTATE.PAN. */
  E10_1_PAN(1, true),
  /** EL2&0, for EL0: HCR_EL2.E2H and TGE are set. */
  E20_0(2, false),
  /** EL2&0, for EL2. */
  E20_2(2, true),
  /** EL2&0, for EL2 with PSTATE.PAN. */
  E20_2_PAN(2, true),
  /** EL2, without E2H. */
  E2(2, true),
  /** EL3. */
  E3(3, true);

  private static final Regime[] VALUES = values();

  private final int level;
  private final boolean privileged;

  Regime(int level, boolean privileged) {
    this.level = level;
    this.privileged = privileged;
  }

  /** The regime of an MMU index. */
  public static Regime of(int mmuIndex) {
    return VALUES[mmuIndex];
  }

  /** How many there are. */
  public static int count() {
    return VALUES.length;
  }

  /** The exception level whose TCR, TTBR and SCTLR control it, 1 to 3. */
  public int level() {
    return level;
  }

  /** Whether the access is that of EL1 or above. */
  public boolean privileged() {
    return privileged;
  }

  /** Whether privileged accesses to what EL0 may access fault. */
  public boolean pan() {
    return this == E10_1_PAN || this == E20_2_PAN;
  }

  /** Whether there is an upper range of addresses, with TTBR1, and EL0 has access to both. */
  public boolean twoRanges() {
    return this != E2 && this != E3;
  }
}
