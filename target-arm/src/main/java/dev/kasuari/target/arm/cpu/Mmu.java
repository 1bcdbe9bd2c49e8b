package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.PageTranslation;
import dev.kasuari.machine.memory.AddressSpace;

/**
 * Address translation of the A-profile, VMSAv8-64: stage 1, and stage 2 after it. Source: DDI 0487,
 * D8.
 *
 * <p>Nothing is cached here. Who caches answers, as soft MMUs do, forgets them by the virtual
 * address given, with its tag; an invalidation by address is meant for every tag, and does not name
 * one. So whoever carries one out asks {@link #forgetTagged} first, and forgets everything if there
 * were tags.
 *
 * <p>One thread at a time, the CPU's.
 */
public final class Mmu {
  private final Stage1 stage1;
  private final Stage2 stage2;
  private final WalkFault fault = new WalkFault();
  private final Log log;
  private final int cpuIndex;
  private boolean anyTagged;
  private boolean anyGuarded;

  /**
   * @param memory what physical addresses mean
   * @param cpuIndex the requester of accesses to tables
   */
  public Mmu(GuestState state, VmsaFeatures features, AddressSpace memory, Log log, int cpuIndex) {
    var security = new SecurityState(state, features);
    var descriptors = new DescriptorMemory(memory, cpuIndex);
    this.stage2 = new Stage2(state, features, security, descriptors, fault);
    this.stage1 = new Stage1(state, features, security, descriptors, stage2);
    this.log = log;
    this.cpuIndex = cpuIndex;
  }

  /**
   * As {@link dev.kasuari.machine.cpu.Cpu#translate}. After a fault the cause is the exception as
   * {@link Syndrome} numbers it and the value that of FAR; with {@link Syndrome#STAGE_2} there is
   * {@link #hpfar} as well. The page size is that of stage 1, as that is what the guest invalidates
   * by address.
   */
  public boolean translate(long va, int size, Access access, int mmuIndex, PageTranslation out) {
    out.reset();
    Regime regime = Regime.of(mmuIndex);
    boolean found = stages(va, regime, access, true);
    if (found) {
      answer(regime, out);
      anyGuarded |= out.executable && stage1.guarded();
    } else {
      out.faultCause = cause(access);
      out.faultValue = va;
    }
    if (log.on(LogCategory.MMU)) {
      trace(va, access, regime, out, found);
    }
    return found;
  }

  private boolean stages(long va, Regime regime, Access access, boolean both) {
    fault.clear();
    boolean found = stage1.translate(va, regime, access);
    anyTagged |= stage1.tagged(va);
    return found
        && (!both
            || !stage2.follows(regime)
            || stage2.translate(stage1.output, access, regime.privileged(), false));
  }

  /**
   * After a translation for data: whether the page is Device memory, to which accesses have to be
   * aligned. Where stage 1 is off, which is Device memory by the manual, they need not be here.
   */
  boolean device(int mmuIndex) {
    int attributes = stage1.attributes();
    if (stage2.follows(Regime.of(mmuIndex))) {
      attributes = stage2.attributes(attributes);
    }
    return stage1.walked() && MemoryAttributes.isDevice(attributes);
  }

  private void answer(Regime regime, PageTranslation out) {
    int permissions = stage1.permissions();
    out.physical = stage1.output;
    if (stage2.follows(regime)) {
      permissions &= stage2.permissions();
      out.physical = stage2.output;
    }
    out.secure = !stage1.nonSecure();
    out.readable = (permissions & Permissions.READ) != 0;
    out.writable = (permissions & Permissions.WRITE) != 0;
    out.executable = (permissions & Permissions.EXECUTE) != 0;
    out.pageSize = stage1.pageSize;
    if (!stage2.follows(regime)) {
      out.alike = stage1.alike();
    }
  }

  private int cause(Access access) {
    int kind = access == Access.EXECUTE ? Syndrome.INSTRUCTION_ABORT : Syndrome.DATA_ABORT;
    return kind
        | fault.status()
        | (access == Access.WRITE ? Syndrome.WRITE : 0)
        | (fault.secondStage() ? Syndrome.STAGE_2 : 0)
        | (fault.onWalk() ? Syndrome.S1PTW : 0);
  }

  private void trace(long va, Access access, Regime regime, PageTranslation out, boolean found) {
    String result =
        found
            ? "0x%x, page of %d".formatted(out.physical, out.pageSize)
            : "fault 0x%02x%s%s"
                .formatted(
                    fault.status(),
                    fault.secondStage() ? ", stage 2" : "",
                    fault.onWalk() ? ", on a walk" : "");
    log.write(
        LogCategory.MMU,
        () -> "cpu%d: %s %s 0x%x -> %s".formatted(cpuIndex, regime, access, va, result));
  }

  /**
   * TxSZ of a range of addresses, as far as it can be: bits of a pointer that are not its address.
   */
  int sizeOffset(Regime regime, boolean upper) {
    return stage1.sizeOffset(regime, upper);
  }

  /** After a fault of stage 2: the value of HPFAR_EL2 for it, without NS. */
  public long hpfar() {
    return fault.ipa() >>> 12 << 4;
  }

  /** After a fault: whether it is a synchronous external abort, as memory did not answer. */
  public boolean external() {
    return fault.external();
  }

  /** After a translation: whether branch targets in the page are checked, FEAT_BTI. */
  public boolean guarded() {
    return stage1.guarded();
  }

  /** Whether any page was guarded that was executed since {@link #forgetGuarded}. */
  boolean anyGuarded() {
    return anyGuarded;
  }

  /** After a reset: no page is known that is guarded. */
  void forgetGuarded() {
    anyGuarded = false;
  }

  /**
   * Whether an address was translated since this was last asked whose top byte was ignored and was
   * not as the bits below it.
   */
  public boolean forgetTagged() {
    boolean were = anyTagged;
    anyTagged = false;
    return were;
  }

  // ---- address translation instructions --------------------------------------------------------

  private static final long PAR_FAULT = 1;
  private static final long PAR_RES1 = 1 << 11;
  private static final long PAR_ADDRESS = 0x000f_ffff_ffff_f000L;

  /**
   * What an AT instruction leaves in PAR_EL1. If instead an exception is due, as it always is when
   * memory does not answer, {@code out.faultCause} is its syndrome with {@link
   * Syndrome#MAINTENANCE}; it is also there for a fault of stage 2 on the walk of stage 1, which
   * only at EL1 is an exception. Otherwise it is −1.
   *
   * @param access a read or a write
   * @param bothStages translate the result of stage 1 as well
   */
  public long addressTranslate(
      long va, Regime regime, Access access, boolean bothStages, PageTranslation out) {
    out.reset();
    if (stages(va, regime, access, bothStages)) {
      return par(regime, bothStages);
    }
    if (fault.external() || fault.onWalk()) {
      out.faultCause = cause(Access.WRITE) | Syndrome.MAINTENANCE;
      out.faultValue = va;
    }
    return PAR_FAULT
        | PAR_RES1
        | (long) fault.status() << 1
        | (fault.onWalk() ? 1 << 8 : 0)
        | (fault.secondStage() ? 1 << 9 : 0);
  }

  private long par(Regime regime, boolean bothStages) {
    long address = stage1.output;
    int attributes = stage1.attributes();
    int shareability = stage1.shareability();
    if (bothStages && stage2.follows(regime)) {
      address = stage2.output;
      shareability = stage2.shareability(shareability);
      attributes = stage2.attributes(attributes);
    }
    shareability = MemoryAttributes.effectiveShareability(attributes, shareability);
    return (address & PAR_ADDRESS)
        | (long) attributes << 56
        | (long) shareability << 7
        | (stage1.nonSecure() ? 1 << 9 : 0)
        | PAR_RES1;
  }
}
