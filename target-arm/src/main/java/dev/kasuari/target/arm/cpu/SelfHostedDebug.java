package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.PageTranslation;

/**
 * Debug exceptions of a guest that debugs itself: breakpoints, watchpoints and software step. Own
 * thread only. Source: DDI 0487, D2.
 */
final class SelfHostedDebug {
  // MDSCR_EL1.
  static final long SS = 1;
  static final long KDE = 1 << 13;
  static final long MDE = 1 << 15;

  /** OSLSR_EL1: the OS lock is held. */
  private static final long OSLK = 1 << 1;

  /** MDCR_EL3: no debug exceptions in the secure state. */
  private static final long SDD = 1 << 16;

  // DBGBCR and DBGWCR.
  private static final long ENABLED = 1;
  private static final int PRIVILEGE_SHIFT = 1;
  private static final int HMC_SHIFT = 13;
  private static final int SSC_SHIFT = 14;
  private static final int LINK_SHIFT = 16;
  private static final int TYPE_SHIFT = 20;
  private static final long LINKED_WATCHPOINT = 1 << 20;
  private static final int LOADS = 1 << 3;
  private static final int STORES = 1 << 4;
  private static final int BYTES_SHIFT = 5;
  private static final int MASK_SHIFT = 24;

  // Types of breakpoints.
  private static final int ADDRESS = 0;
  private static final int LINKED_ADDRESS = 1;
  private static final int CONTEXT = 2;
  private static final int LINKED_CONTEXT = 3;

  /** The fault status code of all debug exceptions. */
  private static final int DEBUG = 0x22;

  private static final int STEPPED = 1 << 24;
  private static final int STEPPED_EXCLUSIVE = 1 << 6;

  /** What of an address is compared: neither a tag nor the two lowest bits. */
  private static final long INSTRUCTION = -1L >>> 8 & ~3L;

  private final ArmCpu cpu;
  private final GuestState state;
  private final int breakpoints;
  private final int watchpoints;

  SelfHostedDebug(ArmCpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state();
    breakpoints = cpu.model().field("id_aa64dfr0_el1", 12) + 1;
    watchpoints = cpu.model().field("id_aa64dfr0_el1", 20) + 1;
  }

  // ---- where there are debug exceptions --------------------------------------------------------

  private boolean control(long bit) {
    return (state.get(ArmState.MDSCR) & bit) != 0;
  }

  /** The level that takes them from EL1 and EL0. */
  private int target() {
    boolean hypervisors = (state.get(ArmState.MDCR, 2) & Traps.TDE) != 0;
    return cpu.el2Enabled() && (hypervisors || cpu.exceptions().hypervisor(Exceptions.HCR_TGE))
        ? 2
        : 1;
  }

  /** AArch64.GenerateDebugExceptionsFrom. */
  private boolean enabledFrom(int level, boolean secure, boolean masked) {
    boolean locked = (state.get(ArmState.OSLSR) & OSLK) != 0;
    boolean secured = secure && (state.get(ArmState.MDCR, 3) & SDD) != 0;
    if (locked || secured || level == 3) {
      return false;
    }
    int target = target();
    return level == target ? control(KDE) && !masked : level < target;
  }

  private boolean secure(int level) {
    return cpu.model().hasSecureMonitor()
        && (level == 3 || (state.get(ArmState.SCR) & Exceptions.SCR_NS) == 0);
  }

  private boolean enabled() {
    int level = cpu.level();
    boolean masked = (state.get(ArmState.PSTATE) & Pstate.D) != 0;
    return enabledFrom(level, secure(level), masked);
  }

  /** What the mode word has of it. */
  long modeBits() {
    if (!control(SS | MDE)) {
      return 0;
    }
    return ArmMode.debug(steps(), breaks(), control(KDE));
  }

  // ---- software step ---------------------------------------------------------------------------

  /** Whether instructions are done one by one: PSTATE.SS says whether one is still to be done. */
  private boolean steps() {
    return control(SS) && enabled();
  }

  /** Takes the exception that follows a step, if one does. */
  boolean takeStep() {
    if ((state.get(ArmState.PSTATE) & Pstate.SS) != 0) {
      return false;
    }
    int stepped = (int) state.get(ArmState.STEPPED);
    int syndrome = DEBUG;
    syndrome |= (stepped & 1) != 0 ? STEPPED : 0;
    syndrome |= (stepped & 2) != 0 ? STEPPED_EXCLUSIVE : 0;
    cpu.exceptions().raise(Syndrome.STEP | syndrome, 0);
    return true;
  }

  /** PSTATE.SS after a return to a level with a saved state (DebugExceptionReturnSS). */
  boolean stepsAfterReturn(int level, long saved) {
    if (!control(SS) || enabled()) {
      return false;
    }
    boolean masked = (saved & Pstate.D) != 0;
    return (saved & Pstate.SS) != 0 && enabledFrom(level, secure(level), masked);
  }

  // ---- who is meant ----------------------------------------------------------------------------

  /** Whether HMC, SSC and PMC or PAC of a control register mean a level. */
  private boolean means(long control, int level) {
    int privilege = (int) (control >> PRIVILEGE_SHIFT) & 3;
    int ssc = (int) (control >> SSC_SHIFT) & 3;
    boolean higher = (control >> HMC_SHIFT & 1) != 0;
    boolean secure = secure(level);
    boolean world =
        switch (ssc) {
          case 0 -> true;
          case 1 -> !secure;
          case 2 -> secure;
          default -> higher || secure;
        };
    boolean meant =
        switch (level) {
          case 0 -> (privilege & 2) != 0;
          case 1 -> (privilege & 1) != 0;
          case 2 -> ssc == 3 || (higher && !(ssc == 2 && privilege == 0));
          default -> higher && (ssc & 1) == 0;
        };
    return world && meant;
  }

  /** Whether the breakpoint that another one is linked to matches the context. */
  private boolean linked(long control) {
    int link = (int) (control >> LINK_SHIFT) & 15;
    return link < breakpoints
        && type(link) == LINKED_CONTEXT
        && (state.get(ArmState.DBGBCR, link) & ENABLED) != 0
        && isContext(link);
  }

  private boolean isContext(int breakpoint) {
    int of = cpu.hypervisorHost(2) ? 2 : 1;
    return cpu.level() <= of
        && (int) state.get(ArmState.CONTEXTIDR, of) == (int) state.get(ArmState.DBGBVR, breakpoint);
  }

  // ---- breakpoints -----------------------------------------------------------------------------

  private int type(int breakpoint) {
    return (int) (state.get(ArmState.DBGBCR, breakpoint) >> TYPE_SHIFT) & 15;
  }

  private boolean isBreakpoint(int i) {
    return (state.get(ArmState.DBGBCR, i) & ENABLED) != 0 && type(i) <= CONTEXT;
  }

  /** Whether there are breakpoints to look for here. */
  private boolean breaks() {
    if (!control(MDE) || !enabled()) {
      return false;
    }
    for (int i = 0; i < breakpoints; i++) {
      if (isBreakpoint(i)) {
        return true;
      }
    }
    return false;
  }

  /**
   * After a breakpoint's register was written: notes where in a page instructions are that have to
   * be looked at, for translated code to find.
   */
  void breakpointsChanged() {
    for (int word = 0; word < ArmState.BREAK_MAP.count(); word++) {
      state.set(ArmState.BREAK_MAP, word, 0);
    }
    for (int i = 0; i < breakpoints; i++) {
      if (isBreakpoint(i) && type(i) == CONTEXT) {
        for (int word = 0; word < ArmState.BREAK_MAP.count(); word++) {
          state.set(ArmState.BREAK_MAP, word, 0xffff_ffffL);
        }
      } else if (isBreakpoint(i)) {
        int at = (int) state.get(ArmState.DBGBVR, i) >> 2 & 1023;
        long word = state.get(ArmState.BREAK_MAP, at / 32);
        state.set(ArmState.BREAK_MAP, at / 32, word | 1L << at % 32);
      }
    }
    cpu.modeChanged();
  }

  /** The exception of a breakpoint at the program counter; 0 if there is none. */
  int breakpoint() {
    for (int i = 0; i < breakpoints; i++) {
      if (isBreakpoint(i) && hits(i)) {
        return Syndrome.BREAKPOINT | DEBUG;
      }
    }
    return 0;
  }

  private boolean hits(int i) {
    long control = state.get(ArmState.DBGBCR, i);
    boolean here = ((state.get(ArmState.DBGBVR, i) ^ cpu.pc()) & INSTRUCTION) == 0;
    return means(control, cpu.level())
        && switch (type(i)) {
          case ADDRESS -> here;
          case LINKED_ADDRESS -> here && linked(control);
          default -> isContext(i);
        };
  }

  // ---- watchpoints -----------------------------------------------------------------------------

  private boolean isWatchpoint(int i) {
    return (state.get(ArmState.DBGWCR, i) & ENABLED) != 0;
  }

  /** After a watchpoint's register was written: what was translated may not say what it has to. */
  void watchpointsChanged() {
    cpu.flushTlb();
  }

  private static int mask(long control) {
    return (int) (control >> MASK_SHIFT) & 31;
  }

  /** The lowest address that a watchpoint may be about. */
  private long first(int i) {
    int mask = mask(state.get(ArmState.DBGWCR, i));
    return state.get(ArmState.DBGWVR, i) & -(mask < 3 ? 4L : 1L << mask);
  }

  private long length(int i) {
    int mask = mask(state.get(ArmState.DBGWCR, i));
    return mask < 3 ? 8 : 1L << mask;
  }

  private static long untagged(long address) {
    return address << 8 >> 8;
  }

  /** Whether any bytes are watched. */
  boolean watchesAny() {
    for (int i = 0; i < watchpoints; i++) {
      if (isWatchpoint(i)) {
        return true;
      }
    }
    return false;
  }

  /** Whether one of a page's bytes may be watched. */
  boolean watches(long address) {
    long page = untagged(address) & -4096L;
    for (int i = 0; i < watchpoints; i++) {
      long first = untagged(first(i));
      if (isWatchpoint(i) && first < page + 4096 && page < first + length(i)) {
        return true;
      }
    }
    return false;
  }

  /** As {@link ArmCpu#inspect}: false for an access that a watchpoint is about. */
  boolean mayAccess(long address, int size, Access access, int mmuIndex, PageTranslation out) {
    if (!control(MDE) || !enabled()) {
      return true;
    }
    int level = Regime.of(mmuIndex).privileged() ? cpu.level() : 0;
    for (int i = 0; i < watchpoints; i++) {
      long hit = isWatchpoint(i) && concerns(i, access, level) ? hit(i, address, size) : -1;
      if (hit >= 0) {
        boolean write = access == Access.WRITE;
        out.faultCause = Syndrome.WATCHPOINT | DEBUG | (write ? Syndrome.WRITE : 0);
        out.faultValue = address + hit;
        return false;
      }
    }
    return true;
  }

  private boolean concerns(int i, Access access, int level) {
    long control = state.get(ArmState.DBGWCR, i);
    return (control & (access == Access.WRITE ? STORES : LOADS)) != 0
        && means(control, level)
        && ((control & LINKED_WATCHPOINT) == 0 || linked(control));
  }

  /** Which byte of an access is the first that is watched; −1 for none. */
  private long hit(int i, long address, int size) {
    long first = untagged(first(i));
    long control = state.get(ArmState.DBGWCR, i);
    for (int at = 0; at < size; at++) {
      long offset = untagged(address + at) - first;
      boolean inside = offset >= 0 && offset < length(i);
      if (inside && (mask(control) >= 3 || (control >> (BYTES_SHIFT + offset) & 1) != 0)) {
        return at;
      }
    }
    return -1;
  }
}
