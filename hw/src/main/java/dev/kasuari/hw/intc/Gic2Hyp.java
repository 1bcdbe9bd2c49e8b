package dev.kasuari.hw.intc;

/**
 * The virtual CPU interface of a {@link Gic2}: what a hypervisor has put into the list registers of
 * a CPU, as the guest there sees it. IHI 0048B.b, chapter 5.
 *
 * @param index of the CPU
 */
record Gic2Hyp(int index, State state, Gic2Distributor distributor) {
  /** List registers of a CPU. */
  static final int REGISTERS = 4;

  // List registers.
  static final int HW = 1 << 31;
  static final int GROUP_1 = 1 << 30;
  static final int ACTIVE = 1 << 29;
  static final int PENDING = 1 << 28;
  static final int EOI = 1 << 19;
  private static final int STATES = ACTIVE | PENDING;

  // HCR.
  static final int EN = 0x01;
  static final int UIE = 0x02;
  static final int LRENPIE = 0x04;
  static final int NPIE = 0x08;
  static final int GROUP_INTERRUPTS = 0xf0;
  static final int EOI_COUNT = 1 << 27;

  // VMCR.
  static final int ENABLE_GROUP_0 = 0x001;
  static final int ENABLE_GROUP_1 = 0x002;
  static final int ACK_CTL = 0x004;
  static final int FIQ_EN = 0x008;
  static final int CBPR = 0x010;
  static final int EOI_MODE = 0x200;

  /** What changes. */
  static final class State {
    int hcr;

    /** CTLR and, in places of their own, ABPR, BPR and PMR. */
    int ctlr;

    int pmr;
    int bpr = Gic2Cpu.LEAST_POINT;
    int abpr = Gic2Cpu.LEAST_POINT + 1;
    int apr;
    final int[] lr = new int[REGISTERS];
  }

  private static int priority(int register) {
    return register >>> 23 << 3 & 0xff;
  }

  private static int id(int register) {
    return register & 0x3ff;
  }

  /** The most urgent list register that is pending and of an enabled group, or -1. */
  int best() {
    int best = -1;
    int least = 0x100;
    for (int i = 0; i < REGISTERS; i++) {
      int lr = state.lr[i];
      if ((lr & STATES) == PENDING && enabled(lr) && priority(lr) < least) {
        best = i;
        least = priority(lr);
      }
    }
    return best;
  }

  private boolean enabled(int lr) {
    return (state.ctlr & ((lr & GROUP_1) == 0 ? ENABLE_GROUP_0 : ENABLE_GROUP_1)) != 0;
  }

  private int groupPriority(int lr) {
    boolean own = (lr & GROUP_1) != 0 && (state.ctlr & CBPR) == 0;
    return priority(lr) & (own ? -1 << state.abpr : -2 << state.bpr);
  }

  /** The list register that the guest is told of, or -1. */
  int signalled() {
    if ((state.hcr & EN) == 0) {
      return -1;
    }
    int best = best();
    if (best < 0) {
      return best;
    }
    int lr = state.lr[best];
    boolean through = priority(lr) < state.pmr && groupPriority(lr) < running();
    return through ? best : -1;
  }

  /** The priority that the guest is busy with, or 0x100. */
  int running() {
    return Gic2Cpu.level(state.apr);
  }

  boolean isFast(int register) {
    return (state.lr[register] & GROUP_1) == 0 && (state.ctlr & FIQ_EN) != 0;
  }

  /** Reads IAR, or AIAR. */
  int acknowledge(boolean alias) {
    int register = signalled();
    int told = toldOf(register, alias);
    if ((told & 0x3ff) >= Gic2.OTHER_GROUP) {
      return told;
    }
    int lr = state.lr[register];
    state.apr |= 1 << (groupPriority(lr) >> 3);
    state.lr[register] = (lr & ~STATES) | ACTIVE;
    return told;
  }

  /** Reads HPPIR, or AHPPIR. */
  int waiting(boolean alias) {
    return toldOf((state.hcr & EN) == 0 ? -1 : best(), alias);
  }

  private int toldOf(int register, boolean alias) {
    if (register < 0) {
      return Gic2.SPURIOUS;
    }
    int lr = state.lr[register];
    boolean group1 = (lr & GROUP_1) != 0;
    if (alias && !group1) {
      return Gic2.SPURIOUS;
    }
    if (group1 && !alias && (state.ctlr & ACK_CTL) == 0) {
      return Gic2.OTHER_GROUP;
    }
    boolean sent = id(lr) < 16 && (lr & HW) == 0;
    return id(lr) | (sent ? lr & 0x1c00 : 0);
  }

  /** Writes EOIR, or AEOIR. */
  void end(int value) {
    boolean busy = state.apr != 0;
    state.apr &= state.apr - 1;
    if ((state.ctlr & EOI_MODE) == 0 && !deactivateListed(value) && busy) {
      state.hcr += EOI_COUNT; // wraps within its five bits, the uppermost
    }
  }

  /** Writes DIR. */
  void deactivate(int value) {
    if ((state.ctlr & EOI_MODE) != 0 && !deactivateListed(value)) {
      state.hcr += EOI_COUNT;
    }
  }

  private boolean deactivateListed(int value) {
    int wanted = value & 0x3ff;
    for (int i = 0; i < REGISTERS; i++) {
      int lr = state.lr[i];
      if ((lr & ACTIVE) != 0 && id(lr) == wanted) {
        state.lr[i] = lr & ~ACTIVE;
        if ((lr & HW) != 0) {
          distributor.deactivate(index, lr >>> 10 & 0x3ff);
        }
        return true;
      }
    }
    return wanted >= 1020;
  }

  // What the hypervisor is told.

  /** EISR: list registers whose end it wants to hear of. */
  int ended() {
    int bits = 0;
    for (int i = 0; i < REGISTERS; i++) {
      bits |= (state.lr[i] & (HW | STATES | EOI)) == EOI ? 1 << i : 0;
    }
    return bits;
  }

  /** ELRSR: list registers that are free. */
  int free() {
    int bits = 0;
    for (int i = 0; i < REGISTERS; i++) {
      bits |= (state.lr[i] & STATES) == 0 ? 1 << i : 0;
    }
    return bits & ~ended();
  }

  /** MISR: why it is told. */
  int reasons() {
    int used = REGISTERS - Integer.bitCount(free() | ended());
    boolean waits = false;
    for (int lr : state.lr) {
      waits |= (lr & PENDING) != 0;
    }
    int hcr = state.hcr;
    int groups = (state.ctlr & ENABLE_GROUP_0) != 0 ? 0x10 : 0x20;
    groups |= (state.ctlr & ENABLE_GROUP_1) != 0 ? 0x40 : 0x80;
    return (ended() != 0 ? 0x01 : 0)
        | ((hcr & UIE) != 0 && used <= 1 ? 0x02 : 0)
        | ((hcr & LRENPIE) != 0 && hcr >>> 27 != 0 ? 0x04 : 0)
        | ((hcr & NPIE) != 0 && !waits ? 0x08 : 0)
        | (hcr & GROUP_INTERRUPTS & groups);
  }

  boolean needsMaintenance() {
    return (state.hcr & EN) != 0 && reasons() != 0;
  }

  // VMCR.

  int controls() {
    return state.ctlr | state.abpr << 18 | state.bpr << 21 | state.pmr >> 3 << 27;
  }

  void setControls(int value) {
    state.ctlr = value & 0x21f;
    setAliasPoint(value >>> 18);
    setPoint(value >>> 21);
    state.pmr = value >>> 27 << 3;
  }

  void setPoint(int value) {
    state.bpr = Math.max(value & 7, Gic2Cpu.LEAST_POINT);
  }

  void setAliasPoint(int value) {
    state.abpr = Math.max(value & 7, Gic2Cpu.LEAST_POINT + 1);
  }
}
