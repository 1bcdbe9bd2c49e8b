package dev.kasuari.hw.intc;

/**
 * A CPU interface of a {@link Gic2}: what gets through to the CPU, and what the CPU is busy with.
 * IHI 0048B.b, chapter 3.
 *
 * @param index of the CPU
 */
record Gic2Cpu(int index, State state, Gic2Distributor distributor) {
  /** The least binary point: five bits of priority all count. */
  static final int LEAST_POINT = 2;

  // CTLR, as the secure world sees it.
  static final int ENABLE_GROUP_0 = 0x001;
  static final int ENABLE_GROUP_1 = 0x002;
  static final int ACK_CTL = 0x004;
  static final int FIQ_EN = 0x008;
  static final int CBPR = 0x010;
  static final int EOI_MODE_S = 0x200;
  static final int EOI_MODE_NS = 0x400;

  /** What changes. */
  static final class State {
    int ctlr;
    int pmr;
    int bpr = LEAST_POINT;
    int abpr = LEAST_POINT + 1;

    /** Priorities that are active, the most urgent lowest: of group 0 and of group 1. */
    final int[] active = new int[2];
  }

  /** The priority that the CPU is busy with, or 0x100. */
  int running() {
    return level(state.active[0] | state.active[1]);
  }

  static int level(int active) {
    return active == 0 ? 0x100 : Integer.numberOfTrailingZeros(active) << 3;
  }

  /** The part of a priority that decides about interrupting an interrupt (section 3.3.3). */
  private int groupPriority(int priority, int group) {
    boolean own = group == 1 && (state.ctlr & CBPR) == 0;
    return priority & (own ? -1 << state.abpr : -2 << state.bpr);
  }

  private boolean enabled(int group) {
    return (state.ctlr & (group == 0 ? ENABLE_GROUP_0 : ENABLE_GROUP_1)) != 0;
  }

  /** The interrupt that the CPU is told of, or {@link Gic2#SPURIOUS}. */
  int signalled() {
    int id = distributor.best(index);
    if (id == Gic2.SPURIOUS) {
      return id;
    }
    int group = distributor.group(index, id);
    int priority = distributor.priority(index, id);
    boolean through =
        enabled(group) && priority < state.pmr && groupPriority(priority, group) < running();
    return through ? id : Gic2.SPURIOUS;
  }

  /** True if the interrupt is a FIQ. */
  boolean isFast(int id) {
    return distributor.group(index, id) == 0 && (state.ctlr & FIQ_EN) != 0;
  }

  /**
   * Reads IAR.
   *
   * @param onlyGroup1 for the non-secure world, and for AIAR
   * @param alias of AIAR
   */
  int acknowledge(boolean onlyGroup1, boolean alias) {
    int id = toldOf(signalled(), onlyGroup1, alias);
    if (id >= Gic2.OTHER_GROUP) {
      return id;
    }
    int group = distributor.group(index, id);
    int level = groupPriority(distributor.priority(index, id), group) >> 3;
    state.active[group] |= 1 << level;
    return id | distributor.acknowledge(index, id) << 10;
  }

  /** Reads HPPIR: what waits, whether or not it gets through. */
  int waiting(boolean onlyGroup1, boolean alias) {
    int id = distributor.best(index);
    boolean there = id != Gic2.SPURIOUS && enabled(distributor.group(index, id));
    id = toldOf(there ? id : Gic2.SPURIOUS, onlyGroup1, alias);
    boolean sent = id < 16;
    return sent ? id | sender(id) << 10 : id;
  }

  private int sender(int id) {
    return Integer.numberOfTrailingZeros(distributor.senders(index, id)) & 7;
  }

  private int toldOf(int id, boolean onlyGroup1, boolean alias) {
    if (id == Gic2.SPURIOUS) {
      return id;
    }
    if (distributor.group(index, id) == 0) {
      return onlyGroup1 ? Gic2.SPURIOUS : id;
    }
    return onlyGroup1 || alias || (state.ctlr & ACK_CTL) != 0 ? id : Gic2.OTHER_GROUP;
  }

  /** Writes EOIR: the priority is not active any more, and as a rule the interrupt neither. */
  void end(int value, boolean onlyGroup1, boolean nonSecure) {
    int id = value & 0x3ff;
    if (id >= distributor.interrupts()) {
      return;
    }
    int group = distributor.group(index, id);
    if (group == 0 && onlyGroup1) {
      return;
    }
    state.active[group] &= state.active[group] - 1;
    if (!splitsEnd(nonSecure)) {
      distributor.deactivate(index, id);
    }
  }

  /** Writes DIR. */
  void deactivate(int value, boolean nonSecure) {
    int id = value & 0x3ff;
    boolean allowed =
        id < distributor.interrupts() && (!nonSecure || distributor.group(index, id) == 1);
    if (allowed && splitsEnd(nonSecure)) {
      distributor.deactivate(index, id);
    }
  }

  private boolean splitsEnd(boolean nonSecure) {
    return (state.ctlr & (nonSecure ? EOI_MODE_NS : EOI_MODE_S)) != 0;
  }
}
