package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.GuestState;

/**
 * Translation from intermediate physical addresses to physical ones. Source: DDI 0487, D8.1.6 and
 * D8.2, VTCR_EL2, VTTBR_EL2, HCR_EL2; the functions AArch64.S2Translate, AArch64.S2InvalidSL and
 * AArch64.S2InconsistentSL.
 */
final class Stage2 extends TableWalk {
  private static final long VM = 1;
  private static final long PTW = 1 << 2;
  private static final long DC = 1 << 12;
  private static final long CD = 1L << 32;
  private static final long FWB = 1L << 46;
  private static final int SCTLR_BIG_ENDIAN = 25;

  /** DBM: writable, if only it were dirty. */
  private static final long DIRTY_MODIFIER = 1L << 51;

  private static final long WRITABLE = 1 << 7;

  private final GuestState state;
  private final VmsaFeatures features;
  private final SecurityState security;
  private final DescriptorMemory memory;

  // VTCR_EL2.
  private TableFormat format;
  private int inputBits;
  private int outputBits;
  private int startLevel;
  private boolean setsAccessFlag;
  private boolean setsDirtyState;
  private boolean bigEndian;
  private int controlledShareability;

  /** What the descriptor permits without further ado. */
  private int permissions;

  Stage2(
      GuestState state,
      VmsaFeatures features,
      SecurityState security,
      DescriptorMemory memory,
      WalkFault fault) {
    super(fault);
    this.state = state;
    this.features = features;
    this.security = security;
    this.memory = memory;
    this.format = TableFormat.of(Granule.KIB_4, false, features);
  }

  /** Whether what a regime's stage 1 makes is translated once more. */
  boolean follows(Regime regime) {
    return regime.level() == 1
        && security.el2Enabled()
        && (state.get(ArmState.HCR) & (VM | DC)) != 0;
  }

  /**
   * Translates for an access of the EL1&0 regime.
   *
   * @param privileged the access is that of EL1
   * @param onWalk it is to a descriptor of stage 1
   * @return false with the fault set
   */
  boolean translate(long ipa, Access access, boolean privileged, boolean onWalk) {
    readControl();
    boolean found = translates(ipa, access, privileged, onWalk);
    return found || fault.setSecondStage(ipa, onWalk);
  }

  private boolean translates(long ipa, Access access, boolean privileged, boolean onWalk) {
    if (!validSize() || !validStart() || ipa >>> inputBits != 0) {
      return fault.set(Syndrome.TRANSLATION, 0);
    }
    while (true) {
      long table = format.firstTable(state.get(ArmState.VTTBR), startLevel, inputBits, outputBits);
      if (!walk(format, table, startLevel, ipa, outputBits, setsAccessFlag)) {
        return false;
      }
      if (!permits(access, privileged, onWalk)) {
        return fault.set(Syndrome.PERMISSION, level);
      }
      long updated = updated(access);
      if (updated == descriptor) {
        return true;
      }
      switch (memory.update(descriptorAddress, descriptor, updated, bigEndian, false)) {
        case DONE -> {
          return true;
        }
        case CHANGED -> {}
        case UNSUPPORTED -> {
          return fault.set(WalkFault.UNSUPPORTED_UPDATE, WalkFault.NO_LEVEL);
        }
      }
    }
  }

  private void readControl() {
    long vtcr = state.get(ArmState.VTCR);
    Granule chosen = Granule.ofTg0((int) (vtcr >>> 14) & 3);
    Granule granule = VmsaFeatures.effective(features.stage2Granules(), chosen);
    format = TableFormat.of(granule, (vtcr >>> 32 & 1) != 0, features);
    inputBits = 64 - (int) (vtcr & 63);
    outputBits = features.outputBits((int) (vtcr >>> 16) & 7, format);
    startLevel = startLevel(vtcr);
    setsAccessFlag = features.accessFlag() && (vtcr >>> 21 & 1) != 0;
    setsDirtyState = setsAccessFlag && features.dirtyState() && (vtcr >>> 22 & 1) != 0;
    controlledShareability = (int) (vtcr >>> 12) & 3;
    bigEndian = (state.get(ArmState.SCTLR, 2) >>> SCTLR_BIG_ENDIAN & 1) != 0;
  }

  private boolean validSize() {
    int widest = features.physicalBits();
    if (widest == 52 && format.wide() == TableFormat.Wide.NONE) {
      widest = 48;
    }
    return inputBits <= widest && 64 - inputBits <= features.maxTxsz(format.granule());
  }

  private static final int NO_LEVEL = 4;

  /** The level that SL0 and SL2 name, or {@link #NO_LEVEL} if it is not there. */
  private int startLevel(long vtcr) {
    int sl0 = (int) (vtcr >>> 6) & 3;
    boolean sl2 =
        format.granule() == Granule.KIB_4
            && format.wide() == TableFormat.Wide.LPA2
            && (vtcr >>> 33 & 1) != 0;
    return switch (format.granule()) {
      case KIB_4 -> sl2 ? (sl0 == 0 ? -1 : NO_LEVEL) : startLevel4(sl0);
      case KIB_16 -> startLevel16(sl0);
      case KIB_64 -> sl0 == 3 || (sl0 == 2 && features.physicalBits() < 44) ? NO_LEVEL : 3 - sl0;
    };
  }

  private int startLevel4(int sl0) {
    return switch (sl0) {
      case 0b00 -> 2;
      case 0b01 -> 1;
      case 0b10 -> features.physicalBits() < 44 ? NO_LEVEL : 0;
      default -> features.ttst() ? 3 : NO_LEVEL;
    };
  }

  private int startLevel16(int sl0) {
    return switch (sl0) {
      case 0b10 -> features.physicalBits() < 42 ? NO_LEVEL : 1;
      case 0b11 -> format.wide() == TableFormat.Wide.LPA2 ? 0 : NO_LEVEL;
      default -> 3 - sl0;
    };
  }

  /** Whether the first level fits the size: one table at least half used, 16 in a row at most. */
  private boolean validStart() {
    if (startLevel == NO_LEVEL) {
      return false;
    }
    int resolved = inputBits - format.shift(startLevel);
    return resolved >= 1 && resolved <= format.granule().stride() + 4;
  }

  @Override
  boolean read(long address) {
    if (!memory.read(address, bigEndian, false)) {
      return fault.set(Syndrome.EXTERNAL_ON_WALK, level);
    }
    descriptor = memory.value();
    return true;
  }

  private boolean hasDirtyModifier() {
    return setsDirtyState && (descriptor & DIRTY_MODIFIER) != 0;
  }

  private boolean permits(Access access, boolean privileged, boolean onWalk) {
    int s2ap = (int) (descriptor >>> 6) & 3;
    int xn = (int) (descriptor >>> 53) & 3;
    permissions = Permissions.stage2(s2ap, xn, features.xnx(), privileged);
    int possible = permissions | (hasDirtyModifier() ? Permissions.WRITE : 0);
    boolean walksDevice =
        onWalk
            && (state.get(ArmState.HCR) & PTW) != 0
            && MemoryAttributes.isDevice(attributes(MemoryAttributes.WRITE_BACK));
    return (possible & Permissions.needed(access)) != 0 && !walksDevice;
  }

  private long updated(Access access) {
    boolean dirties = access == Access.WRITE && hasDirtyModifier();
    long updated = used(setsAccessFlag) | (dirties ? WRITABLE : 0);
    permissions |= dirties ? Permissions.WRITE : 0;
    return updated;
  }

  /** What may be done without another walk, as bits of {@link Permissions}. */
  int permissions() {
    return permissions;
  }

  /** Memory attributes of the whole translation, given those of stage 1. */
  int attributes(int first) {
    long hcr = state.get(ArmState.HCR);
    int memAttr = (int) (descriptor >>> 2) & 15;
    if ((hcr & FWB) != 0) {
      return MemoryAttributes.forced(first, memAttr);
    }
    int own = MemoryAttributes.ofStage2(memAttr);
    boolean disabled = (hcr & CD) != 0 && !MemoryAttributes.isDevice(own);
    return MemoryAttributes.combined(first, disabled ? MemoryAttributes.NON_CACHEABLE : own);
  }

  int shareability(int first) {
    int own = format.sharesAsControlled() ? controlledShareability : (int) (descriptor >>> 8) & 3;
    return MemoryAttributes.combinedShareability(first, own);
  }
}
