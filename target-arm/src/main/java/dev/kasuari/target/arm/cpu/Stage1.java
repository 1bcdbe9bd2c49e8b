package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.GuestState;

/**
 * Translation of virtual addresses. Where there are two stages the result, and the addresses of
 * descriptors, are intermediate physical ones. Source: DDI 0487, D8.2 to D8.5; the functions
 * AArch64.S1Translate and AArch64.S1DisabledOutput.
 */
final class Stage1 extends TableWalk {
  private static final long READ_ONLY = 1 << 7;
  private static final long GUARDED = 1L << 50;
  private static final long DIRTY_MODIFIER = 1L << 51;
  private static final long NON_SECURE = 1 << 5;
  private static final long NON_SECURE_TABLE = 1L << 63;
  private static final int NEVER_TRANSLATED = 4096;

  private final GuestState state;
  private final VmsaFeatures features;
  private final SecurityState security;
  private final DescriptorMemory memory;
  private final Stage2 stage2;
  private final Stage1Control control;

  // The translation under way.
  private Regime regime = Regime.E3;
  private boolean twoStages;
  private long physicalDescriptor;
  private boolean secureDescriptor;

  /** The walk left the descriptor as it was; so it will be with one that is the same. */
  private boolean unchanged;

  private int permissions;
  private int attributes;
  private int shareability;
  private boolean nonSecure;
  private boolean guarded;

  Stage1(
      GuestState state,
      VmsaFeatures features,
      SecurityState security,
      DescriptorMemory memory,
      Stage2 stage2) {
    super(stage2.fault);
    this.state = state;
    this.features = features;
    this.security = security;
    this.memory = memory;
    this.stage2 = stage2;
    this.control = new Stage1Control(state, features, security);
  }

  /** TxSZ of a range, or the nearest value that there is. */
  int sizeOffset(Regime regime, boolean upper) {
    return control.nearestTxsz(regime, upper);
  }

  /** Translates; false with the fault set. */
  boolean translate(long va, Regime regime, Access access) {
    this.regime = regime;
    twoStages = stage2.follows(regime);
    control.read(regime, va, access);
    if (!control.enabled) {
      return identity(va, access);
    }
    boolean barred = control.keepsEl0Out && !regime.privileged();
    if (!control.validSize() || !control.inRange(va) || barred || control.walksDisabled) {
      return fault.set(Syndrome.TRANSLATION, 0);
    }
    return walks(va & (-1L >>> control.txsz), access);
  }

  private boolean identity(long va, Access access) {
    long address = control.tagged ? va & (-1L >>> 8) : va;
    if (address >>> features.physicalBits() != 0) {
      return fault.set(Syndrome.ADDRESS_SIZE, 0);
    }
    output = address;
    pageSize = NEVER_TRANSLATED;
    permissions = Permissions.ALL;
    guarded = false;
    nonSecure = !control.secure;
    attributes = identityAttributes(access);
    shareability =
        control.defaultCacheable
            ? MemoryAttributes.NON_SHAREABLE
            : MemoryAttributes.OUTER_SHAREABLE;
    return true;
  }

  private int identityAttributes(Access access) {
    if (control.defaultCacheable) {
      return MemoryAttributes.WRITE_BACK;
    }
    if (access != Access.EXECUTE) {
      return MemoryAttributes.DEVICE_NGNRNE;
    }
    return control.instructionsCacheable
        ? MemoryAttributes.WRITE_THROUGH
        : MemoryAttributes.NON_CACHEABLE;
  }

  private boolean walks(long input, Access access) {
    TableFormat format = control.format;
    int startLevel = format.startLevel(control.inputBits());
    long table =
        format.firstTable(control.ttbr, startLevel, control.inputBits(), control.outputBits);
    while (true) {
      if (!walk(format, table, startLevel, input, control.outputBits, control.setsAccessFlag)) {
        return false;
      }
      decode(access);
      if ((permissions & Permissions.needed(access)) == 0) {
        return fault.set(Syndrome.PERMISSION, level);
      }
      long updated = updated(access);
      unchanged = updated == descriptor;
      if (unchanged) {
        return true;
      }
      // Stage 2 has to permit the write of the descriptor, too.
      if (twoStages && !onStage2(descriptorAddress, Access.WRITE)) {
        return false;
      }
      switch (updateDescriptor(updated)) {
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

  private DescriptorMemory.Update updateDescriptor(long updated) {
    return memory.update(
        physicalDescriptor, descriptor, updated, control.bigEndian, secureDescriptor);
  }

  private boolean onStage2(long address, Access access) {
    boolean found = stage2.translate(address, access, regime.privileged(), true);
    physicalDescriptor = stage2.output;
    return found;
  }

  @Override
  boolean read(long address) {
    physicalDescriptor = address;
    if (twoStages && !onStage2(address, Access.READ)) {
      return false;
    }
    secureDescriptor = control.secure && (tables & NON_SECURE_TABLE) == 0;
    if (!memory.read(physicalDescriptor, control.bigEndian, secureDescriptor)) {
      return fault.set(Syndrome.EXTERNAL_ON_WALK, level);
    }
    descriptor = memory.value();
    return true;
  }

  // ---- the descriptor of a page or block -------------------------------------------------------

  private boolean hasDirtyModifier() {
    return control.setsDirtyState && (descriptor & DIRTY_MODIFIER) != 0;
  }

  private static boolean bit(long descriptor, int bit) {
    return (descriptor >>> bit & 1) != 0;
  }

  private void decode(Access access) {
    nonSecure =
        !control.secure || (descriptor & NON_SECURE) != 0 || (tables & NON_SECURE_TABLE) != 0;
    guarded = (descriptor & GUARDED) != 0;
    permissions = decodePermissions();
    if (control.secure && nonSecure && security.fetchesSecureOnly()) {
      permissions &= ~Permissions.EXECUTE;
    }
    decodeAttributes(access);
  }

  private int decodePermissions() {
    long restrictions = control.ignoresTableAttributes ? 0 : tables;
    int apTable = (int) (restrictions >>> 61) & 3;
    boolean uxn = bit(descriptor, 54) || bit(restrictions, 60);
    // With the modifier the page counts as writable; the first write makes it so.
    int ap = (int) (descriptor >>> 6) & (hasDirtyModifier() ? 1 : 3);
    if (!regime.twoRanges()) {
      return Permissions.single(ap, apTable, uxn, control.wxn);
    }
    if (!regime.privileged()) {
      return Permissions.unprivileged(ap, apTable, uxn, control.wxn);
    }
    boolean pxn = bit(descriptor, 53) || bit(restrictions, 59);
    return Permissions.privileged(ap, apTable, uxn, pxn, control.wxn, regime.pan(), control.epan);
  }

  private void decodeAttributes(Access access) {
    long mair = state.get(ArmState.MAIR, regime.level());
    int index = (int) (descriptor >>> 2) & 7;
    attributes = (int) (mair >>> (8 * index)) & 0xff;
    shareability =
        control.format.sharesAsControlled() ? control.shareability : (int) (descriptor >>> 8) & 3;
    boolean cached = access == Access.EXECUTE ? control.instructionsCacheable : control.cacheable;
    if (!cached && !MemoryAttributes.isDevice(attributes)) {
      attributes = MemoryAttributes.NON_CACHEABLE;
    }
  }

  /** The descriptor as the access leaves it; what is writable only when dirty stays shut. */
  private long updated(Access access) {
    long updated = used(control.setsAccessFlag);
    if (hasDirtyModifier() && (descriptor & READ_ONLY) != 0) {
      if (access == Access.WRITE) {
        return updated & ~READ_ONLY;
      }
      permissions &= ~Permissions.WRITE;
    }
    return updated;
  }

  // ---- the result ------------------------------------------------------------------------------

  /** As {@link dev.kasuari.machine.cpu.PageTranslation#alike}, where there is no stage 2. */
  int alike() {
    if (pageSize > 4096) {
      return (int) Math.min((pageSize - 1 - (output & (pageSize - 1))) >>> 12, Integer.MAX_VALUE);
    }
    return control.enabled && unchanged ? memory.alike(pageSize, control.bigEndian) : 0;
  }

  /** What may be done without another walk, as bits of {@link Permissions}. */
  int permissions() {
    return permissions;
  }

  int attributes() {
    return attributes;
  }

  /** As the descriptor or its regime has it, whatever the memory type. */
  int shareability() {
    return shareability;
  }

  /** Whether the address is one of the non-secure physical address space. */
  boolean nonSecure() {
    return nonSecure;
  }

  /** Whether there were tables. */
  boolean walked() {
    return control.enabled;
  }

  /** Whether branch targets in the page are checked, FEAT_BTI. */
  boolean guarded() {
    return guarded;
  }

  /** Whether the address had a tag that is not as the rest of its upper bits. */
  boolean tagged(long va) {
    return control.tagged && va >> 56 != (control.upper ? -1 : 0);
  }
}
