package dev.kasuari.target.arm.cpu;

import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What of VMSAv8-64 a processing element has. Source: DDI 0487, D8 and the ID registers in D19.2.
 *
 * @param physicalBits bits of a physical address: 32, 36, 40, 42, 44, 48 or 52
 * @param stage1Granules granules at stage 1, at least one
 * @param stage2Granules granules at stage 2
 * @param lpa2 FEAT_LPA2: 52-bit addresses with granules of 4 and 16 KiB where DS is set
 * @param lva FEAT_LVA: 52-bit virtual addresses with the granule of 64 KiB
 * @param accessFlag FEAT_HAFDBS: the walk sets the access flag where HA is set
 * @param dirtyState FEAT_HAFDBS: and the dirty state where HD is set
 * @param epan FEAT_PAN3: SCTLR_ELx.EPAN
 * @param e0pd FEAT_E0PD
 * @param xnx FEAT_XNX: stage 2 tells execution at EL0 and EL1 apart
 * @param hpds FEAT_HPDS: hierarchical permissions can be disabled
 * @param ttst FEAT_TTST: TxSZ up to 48, or 47 with 64 KiB
 * @param tbid TCR_ELx.TBID, of FEAT_PAuth
 * @param el2 there is EL2
 * @param el3 there is EL3
 */
public record VmsaFeatures(
    int physicalBits,
    Set<Granule> stage1Granules,
    Set<Granule> stage2Granules,
    boolean lpa2,
    boolean lva,
    boolean accessFlag,
    boolean dirtyState,
    boolean epan,
    boolean e0pd,
    boolean xnx,
    boolean hpds,
    boolean ttst,
    boolean tbid,
    boolean el2,
    boolean el3) {
  private static final int[] PA_RANGE = {32, 36, 40, 42, 44, 48, 52};

  /** Bits of a physical address that a value of PARange, PS or IPS stands for. */
  static int addressBits(int range) {
    return PA_RANGE[Math.min(range, PA_RANGE.length - 1)];
  }

  /**
   * What ID registers say.
   *
   * @param pfr0 ID_AA64PFR0_EL1, for EL2 and EL3
   * @param isar1 ID_AA64ISAR1_EL1, for pointer authentication
   */
  public static VmsaFeatures of(long pfr0, long isar1, long mmfr0, long mmfr1, long mmfr2) {
    int tgran4 = field(mmfr0, 28);
    int tgran64 = field(mmfr0, 24);
    int tgran16 = field(mmfr0, 20);
    boolean has4 = tgran4 != 15;
    boolean has64 = tgran64 != 15;
    boolean has16 = tgran16 != 0;
    return new VmsaFeatures(
        addressBits(field(mmfr0, 0)),
        granules(has4, has16, has64),
        granules(
            atStage2(field(mmfr0, 40), has4),
            atStage2(field(mmfr0, 32), has16),
            atStage2(field(mmfr0, 36), has64)),
        (has4 && tgran4 >= 1) || tgran16 >= 2,
        field(mmfr2, 16) >= 1,
        field(mmfr1, 0) >= 1,
        field(mmfr1, 0) >= 2,
        field(mmfr1, 20) >= 3,
        field(mmfr2, 60) >= 1,
        field(mmfr1, 28) >= 1,
        field(mmfr1, 12) >= 1,
        field(mmfr2, 28) >= 1,
        field(isar1, 4) != 0 || field(isar1, 8) != 0,
        field(pfr0, 8) != 0,
        field(pfr0, 12) != 0);
  }

  private static int field(long register, int shift) {
    return (int) (register >>> shift) & 15;
  }

  /** Of TGranX_2: 0 is as at stage 1, 1 is not there. */
  private static boolean atStage2(int field, boolean atStage1) {
    return field == 0 ? atStage1 : field != 1;
  }

  private static Set<Granule> granules(boolean has4, boolean has16, boolean has64) {
    var found = EnumSet.noneOf(Granule.class);
    if (has4) {
      found.add(Granule.KIB_4);
    }
    if (has16) {
      found.add(Granule.KIB_16);
    }
    if (has64) {
      found.add(Granule.KIB_64);
    }
    return found;
  }

  /** Whether tables of 64 KiB hold addresses of 52 bits, FEAT_LPA. */
  boolean lpa() {
    return physicalBits == 52;
  }

  /**
   * The granule that a field has chosen. A reserved value, or one for a granule that is not there,
   * is taken for the smallest that is.
   */
  static Granule effective(Set<Granule> there, @Nullable Granule chosen) {
    return chosen != null && there.contains(chosen) ? chosen : there.iterator().next();
  }

  /** Bits of an output address that a value of PS or IPS allows. */
  int outputBits(int ps, TableFormat format) {
    int widest = format.wide() == TableFormat.Wide.NONE ? 48 : 52;
    return Math.min(Math.min(addressBits(ps), physicalBits), widest);
  }

  /** The greatest TxSZ. */
  int maxTxsz(Granule granule) {
    return !ttst ? 39 : granule == Granule.KIB_64 ? 47 : 48;
  }
}
