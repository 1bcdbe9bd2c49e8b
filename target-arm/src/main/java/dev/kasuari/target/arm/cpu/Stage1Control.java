package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.GuestState;

/**
 * What the system registers say of stage 1 for one address. Source: DDI 0487, D19.2, SCTLR_ELx,
 * TCR_ELx, TTBRn_ELx, HCR_EL2; the function AArch64.GetS1TTWParams.
 */
final class Stage1Control {
  private static final long HCR_DC = 1L << 12;
  private static final long HCR_TGE = 1L << 27;
  private static final int ENABLE = 0;
  private static final int CACHEABLE = 2;
  private static final int INSTRUCTIONS_CACHEABLE = 12;
  private static final int WRITE_EXECUTE_NEVER = 19;
  private static final int BIG_ENDIAN = 25;
  private static final int EPAN = 57;

  private final GuestState state;
  private final VmsaFeatures features;
  private final SecurityState security;

  /** Whether there is translation at all; if not, only tags and cacheability are of use. */
  boolean enabled;

  /** HCR_EL2.DC is in force: without translation memory is write-back. */
  boolean defaultCacheable;

  boolean cacheable;
  boolean instructionsCacheable;

  /** The regime's security state. */
  boolean secure;

  /** Whether the address is in the range of TTBR1. */
  boolean upper;

  /** The top byte is a tag. */
  boolean tagged;

  TableFormat format;
  long ttbr;
  int txsz;
  int outputBits;
  int shareability;

  /** EPD: there are no tables. */
  boolean walksDisabled;

  /** E0PD: EL0 has no access. */
  boolean keepsEl0Out;

  boolean ignoresTableAttributes;
  boolean setsAccessFlag;
  boolean setsDirtyState;
  boolean wxn;
  boolean epan;
  boolean bigEndian;

  Stage1Control(GuestState state, VmsaFeatures features, SecurityState security) {
    this.state = state;
    this.features = features;
    this.security = security;
    this.format = TableFormat.of(Granule.KIB_4, false, features);
  }

  private static boolean bit(long register, int bit) {
    return (register >>> bit & 1) != 0;
  }

  /** Reads the registers. */
  void read(Regime regime, long va, Access access) {
    long sctlr = state.get(ArmState.SCTLR, regime.level());
    long hcr = regime.level() == 1 && security.el2Enabled() ? state.get(ArmState.HCR) : 0;
    secure = security.secure(regime);
    defaultCacheable = (hcr & HCR_DC) != 0;
    enabled = bit(sctlr, ENABLE) && (hcr & (HCR_DC | HCR_TGE)) == 0;
    cacheable = bit(sctlr, CACHEABLE);
    instructionsCacheable = bit(sctlr, INSTRUCTIONS_CACHEABLE);
    wxn = bit(sctlr, WRITE_EXECUTE_NEVER);
    bigEndian = bit(sctlr, BIG_ENDIAN);
    epan = features.epan() && regime.twoRanges() && bit(sctlr, EPAN);
    upper = regime.twoRanges() && va << 8 < 0;
    long tcr = state.get(ArmState.TCR, regime.level());
    if (regime.twoRanges()) {
      readTwoRanges(tcr, access);
    } else {
      readOneRange(tcr, access);
    }
    ttbr = state.get(upper ? ArmState.TTBR1 : ArmState.TTBR0, regime.level());
  }

  /** TCR_EL1, and TCR_EL2 where HCR_EL2.E2H is set. */
  private void readTwoRanges(long tcr, Access access) {
    Granule chosen;
    int range = upper ? 1 : 0;
    if (upper) {
      chosen =
          VmsaFeatures.effective(features.stage1Granules(), Granule.ofTg1((int) (tcr >>> 30) & 3));
      txsz = (int) (tcr >>> 16) & 63;
      shareability = (int) (tcr >>> 28) & 3;
    } else {
      chosen =
          VmsaFeatures.effective(features.stage1Granules(), Granule.ofTg0((int) (tcr >>> 14) & 3));
      txsz = (int) tcr & 63;
      shareability = (int) (tcr >>> 12) & 3;
    }
    walksDisabled = bit(tcr, upper ? 23 : 7);
    tagged = tagged(bit(tcr, 37 + range), bit(tcr, 51 + range), access);
    updates(bit(tcr, 39), bit(tcr, 40));
    ignoresTableAttributes = features.hpds() && bit(tcr, 41 + range);
    keepsEl0Out = features.e0pd() && bit(tcr, 55 + range);
    outputs(chosen, (int) (tcr >>> 32) & 7, bit(tcr, 59));
  }

  /** TCR_EL2 where HCR_EL2.E2H is clear, and TCR_EL3. */
  private void readOneRange(long tcr, Access access) {
    txsz = (int) tcr & 63;
    shareability = (int) (tcr >>> 12) & 3;
    walksDisabled = false;
    keepsEl0Out = false;
    tagged = tagged(bit(tcr, 20), bit(tcr, 29), access);
    updates(bit(tcr, 21), bit(tcr, 22));
    ignoresTableAttributes = features.hpds() && bit(tcr, 24);
    outputs(
        VmsaFeatures.effective(features.stage1Granules(), Granule.ofTg0((int) (tcr >>> 14) & 3)),
        (int) (tcr >>> 16) & 7,
        bit(tcr, 32));
  }

  private boolean tagged(boolean tbi, boolean tbid, Access access) {
    return tbi && !(tbid && features.tbid() && access == Access.EXECUTE);
  }

  private void updates(boolean ha, boolean hd) {
    setsAccessFlag = features.accessFlag() && ha;
    setsDirtyState = setsAccessFlag && features.dirtyState() && hd;
  }

  private void outputs(Granule granule, int ps, boolean ds) {
    format = TableFormat.of(granule, ds, features);
    outputBits = features.outputBits(ps, format);
  }

  /** Bits of an address that is translated. */
  int inputBits() {
    return 64 - txsz;
  }

  /**
   * Whether TxSZ is one that there is. Outside, the architecture leaves a choice between the
   * nearest value and a fault, where it does not ask for the fault; here it is always the fault.
   */
  boolean validSize() {
    return txsz >= minTxsz() && txsz <= features.maxTxsz(format.granule());
  }

  private int minTxsz() {
    boolean wide =
        format.wide() == TableFormat.Wide.LPA2
            || (format.granule() == Granule.KIB_64 && features.lva());
    return wide ? 12 : 16;
  }

  /** TxSZ of a range, or the nearest value that there is. */
  int nearestTxsz(Regime regime, boolean ofUpper) {
    read(regime, ofUpper ? -1 : 0, Access.READ);
    return Math.clamp(txsz, minTxsz(), features.maxTxsz(format.granule()));
  }

  /** Whether the bits above those translated are those of the range; AArch64.VAIsOutOfRange. */
  boolean inRange(long va) {
    long address = tagged ? va << 8 >> 8 : va;
    return address >> inputBits() == (upper ? -1 : 0);
  }
}
