package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.InterruptPort;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.cpu.GuestState;

/**
 * What a guest of a hypervisor sees of a {@link GicCpuInterface}: interrupts that the hypervisor
 * has put into list registers. Source: ARM IHI 0069, chapter 6 and sections 12.3 and 12.4.
 */
final class GicVirtualInterface {
  static final int LIST_REGISTERS = 4;

  // List registers.
  private static final long PENDING = 1L << 62;
  private static final long ACTIVE = 1L << 63;
  private static final long STATES = PENDING | ACTIVE;
  private static final long HW = 1L << 61;
  private static final long GROUP_1 = 1L << 60;
  private static final long EOI = 1L << 41;
  private static final long LR_BITS = 0xf0ff_1fff_ffff_ffffL;

  // HCR.
  private static final int EN = 0x01;
  private static final int UIE = 0x02;
  private static final int LRENPIE = 0x04;
  private static final int NPIE = 0x08;
  private static final int GROUP_INTERRUPTS = 0xf0;
  private static final int TC = 1 << 10;
  private static final int TALL0 = 1 << 11;
  private static final int TALL1 = 1 << 12;
  private static final int TDIR = 1 << 14;
  private static final int EOI_COUNT = 1 << 27;
  private static final int HCR_BITS = 0xf800_5cff;

  /** Four list registers, five bits of priority, no direct injection, TDIR, four-part addresses. */
  private static final long VTR =
      4L << 29 | 4L << 26 | 1L << 21 | 1L << 20 | 1L << 19 | (LIST_REGISTERS - 1);

  // VMCR's lower bits.
  private static final int ENABLE_GROUP_0 = 0x001;
  private static final int ENABLE_GROUP_1 = 0x002;
  private static final int CBPR = 0x010;
  private static final int EOI_MODE = 0x200;
  private static final int CONTROLS = 0x213;
  private static final int FIQ_EN = 0x008; // group 0 always is FIQ

  private static final int FIRST_LPI = 8192;

  private final InterruptPort port;
  private final IrqLine irq = new IrqLine("virq");
  private final IrqLine fiq = new IrqLine("vfiq");
  private final IrqLine maintenance = new IrqLine("maintenance");

  private final GuestState state;

  GicVirtualInterface(InterruptPort port, GuestState state) {
    this.port = port;
    this.state = state;
  }

  IrqLine irq() {
    return irq;
  }

  IrqLine fiq() {
    return fiq;
  }

  IrqLine maintenance() {
    return maintenance;
  }

  static boolean has(int register) {
    return GicRegister.isHypervisors(register);
  }

  // State.

  /** The state was written from outside: makes what no guest could have set fit. */
  void stateChanged() {
    setHcr(hcr() & HCR_BITS);
    setControls(controls() & CONTROLS);
    setPmr(pmr() & GicCpuInterface.PRIORITY_MASK);
    setPoint(0, bpr(0));
    setPoint(1, bpr(1));
    for (int i = 0; i < LIST_REGISTERS; i++) {
      setLr(i, lr(i) & LR_BITS);
    }
  }

  private int hcr() {
    return (int) state.get(ArmState.ICH_HCR);
  }

  private void setHcr(int value) {
    state.set(ArmState.ICH_HCR, value);
  }

  /** The lower bits of VMCR. */
  private int controls() {
    return (int) state.get(ArmState.ICH_CONTROLS);
  }

  private void setControls(int value) {
    state.set(ArmState.ICH_CONTROLS, value);
  }

  private int pmr() {
    return (int) state.get(ArmState.ICH_PMR);
  }

  private void setPmr(int value) {
    state.set(ArmState.ICH_PMR, value);
  }

  private int bpr(int group) {
    return (int) state.get(ArmState.ICH_BPR, group);
  }

  private int active(int group) {
    return (int) state.get(ArmState.ICH_AP, group);
  }

  private void setActive(int group, int value) {
    state.set(ArmState.ICH_AP, group, value);
  }

  private long lr(int number) {
    return state.get(ArmState.ICH_LR, number);
  }

  private void setLr(int number, long value) {
    state.set(ArmState.ICH_LR, number, value);
  }

  // Traps.

  boolean trapsCommon() {
    return (hcr() & TC) != 0;
  }

  boolean trapsDir() {
    return (hcr() & TDIR) != 0;
  }

  boolean trapsGroup(int group) {
    return (hcr() & (group == 0 ? TALL0 : TALL1)) != 0;
  }

  // Signals.

  void update() {
    int told = signalled();
    boolean fast = told >= 0 && group(lr(told)) == 0;
    irq.set(told >= 0 && !fast);
    fiq.set(fast);
    maintenance.set((hcr() & EN) != 0 && reasons() != 0);
  }

  private static int group(long entry) {
    return (entry & GROUP_1) != 0 ? 1 : 0;
  }

  private static int priority(long entry) {
    return (int) (entry >>> 48) & GicCpuInterface.PRIORITY_MASK;
  }

  private boolean enabled(int group) {
    return (controls() & (group == 0 ? ENABLE_GROUP_0 : ENABLE_GROUP_1)) != 0;
  }

  /** The most urgent list register that is pending and of an enabled group, or -1. */
  private int best() {
    int best = -1;
    int least = GicCpuInterface.IDLE;
    for (int i = 0; i < LIST_REGISTERS && (hcr() & EN) != 0; i++) {
      boolean waits = (lr(i) & STATES) == PENDING && enabled(group(lr(i)));
      if (waits && priority(lr(i)) < least) {
        best = i;
        least = priority(lr(i));
      }
    }
    return best;
  }

  private int signalled() {
    int best = best();
    if (best < 0) {
      return best;
    }
    int priority = priority(lr(best));
    return priority < pmr() && groupPriority(lr(best)) < running() ? best : -1;
  }

  private int groupPriority(long entry) {
    boolean own = group(entry) == 1 && (controls() & CBPR) == 0;
    return priority(entry) & (own ? -1 << bpr(1) : -2 << bpr(0));
  }

  private int running() {
    return GicCpuInterface.level(active(0) | active(1));
  }

  private void setPoint(int group, long value) {
    int point = GicCpuInterface.point(value, GicCpuInterface.LEAST_POINT + group);
    state.set(ArmState.ICH_BPR, group, point);
  }

  // The guest's registers.

  long readGuests(int register) {
    return switch (register) {
      case GicRegister.PMR -> pmr();
      case GicRegister.IAR0 -> acknowledge(0);
      case GicRegister.IAR1 -> acknowledge(1);
      case GicRegister.HPPIR0 -> waiting(0, best());
      case GicRegister.HPPIR1 -> waiting(1, best());
      case GicRegister.BPR0 -> bpr(0);
      case GicRegister.BPR1 -> (controls() & CBPR) != 0 ? Math.min(bpr(0) + 1, 7) : bpr(1);
      case GicRegister.AP0R0 -> active(0) & 0xffff_ffffL;
      case GicRegister.AP1R0 -> active(1) & 0xffff_ffffL;
      case GicRegister.RPR -> Math.min(running(), 0xff);
      case GicRegister.CTLR ->
          4 << 8 | 1 << 15 | (controls() & CBPR) >> 4 | (controls() & EOI_MODE) >> 8;
      case GicRegister.IGRPEN0 -> controls() & 1;
      case GicRegister.IGRPEN1 -> controls() >> 1 & 1;
      default -> 0;
    };
  }

  void writeGuests(int register, long value) {
    switch (register) {
      case GicRegister.PMR -> setPmr((int) value & GicCpuInterface.PRIORITY_MASK);
      case GicRegister.EOIR0 -> end((int) value & 0xff_ffff, 0);
      case GicRegister.EOIR1 -> end((int) value & 0xff_ffff, 1);
      case GicRegister.DIR -> deactivate((int) value & 0xff_ffff);
      case GicRegister.BPR0 -> setPoint(0, value);
      case GicRegister.BPR1 -> {
        if ((controls() & CBPR) == 0) {
          setPoint(1, value);
        }
      }
      case GicRegister.AP0R0 -> setActive(0, (int) value);
      case GicRegister.AP1R0 -> setActive(1, (int) value);
      case GicRegister.CTLR ->
          control(CBPR | EOI_MODE, (int) (value & 1) << 4 | (int) (value & 2) << 8);
      case GicRegister.IGRPEN0 -> control(ENABLE_GROUP_0, (int) value);
      case GicRegister.IGRPEN1 -> control(ENABLE_GROUP_1, (int) value << 1);
      default -> {}
    }
  }

  private void control(int bits, int value) {
    setControls((controls() & ~bits) | (value & bits));
  }

  private int waiting(int group, int register) {
    boolean own = register >= 0 && group(lr(register)) == group;
    return own ? (int) lr(register) & 0xff_ffff : GicCpuInterface.SPURIOUS;
  }

  private int acknowledge(int group) {
    int register = signalled();
    int id = waiting(group, register);
    if (id != GicCpuInterface.SPURIOUS) {
      setActive(group, active(group) | 1 << (groupPriority(lr(register)) >> 3));
      // What is a message has no active state.
      setLr(register, (lr(register) & ~STATES) | (id < FIRST_LPI ? ACTIVE : 0));
    }
    return id;
  }

  private void end(int id, int group) {
    if (active(group) == 0 || GicCpuInterface.level(active(group)) != running()) {
      return;
    }
    setActive(group, active(group) & (active(group) - 1));
    if ((controls() & EOI_MODE) == 0 && !deactivateListed(id) && id < FIRST_LPI) {
      setHcr(hcr() + EOI_COUNT); // wraps within its five bits, the uppermost
    }
  }

  private void deactivate(int id) {
    if ((controls() & EOI_MODE) != 0 && id < FIRST_LPI && !deactivateListed(id)) {
      setHcr(hcr() + EOI_COUNT);
    }
  }

  private boolean deactivateListed(int id) {
    for (int i = 0; i < LIST_REGISTERS; i++) {
      if ((lr(i) & ACTIVE) != 0 && (int) lr(i) == id) {
        setLr(i, lr(i) & ~ACTIVE);
        if ((lr(i) & HW) != 0) {
          port.deactivate((int) (lr(i) >>> 32) & 0x1fff);
        }
        return true;
      }
    }
    return false;
  }

  // The hypervisor's registers.

  long readHypervisors(int register) {
    return switch (register) {
      case GicRegister.ICH_AP0R0 -> active(0) & 0xffff_ffffL;
      case GicRegister.ICH_AP1R0 -> active(1) & 0xffff_ffffL;
      case GicRegister.ICH_HCR -> hcr() & 0xffff_ffffL;
      case GicRegister.ICH_VTR -> VTR;
      case GicRegister.ICH_MISR -> reasons();
      case GicRegister.ICH_EISR -> ended();
      case GicRegister.ICH_ELRSR -> free();
      case GicRegister.ICH_VMCR ->
          controls() | FIQ_EN | bpr(1) << 18 | bpr(0) << 21 | (long) pmr() << 24;
      default -> lr(register - GicRegister.ICH_LR0);
    };
  }

  void writeHypervisors(int register, long value) {
    switch (register) {
      case GicRegister.ICH_AP0R0 -> setActive(0, (int) value);
      case GicRegister.ICH_AP1R0 -> setActive(1, (int) value);
      case GicRegister.ICH_HCR -> setHcr((int) value & HCR_BITS);
      case GicRegister.ICH_VMCR -> {
        setControls((int) value & CONTROLS);
        setPoint(1, value >>> 18);
        setPoint(0, value >>> 21);
        setPmr((int) (value >>> 24) & GicCpuInterface.PRIORITY_MASK);
      }
      default -> setLr(register - GicRegister.ICH_LR0, value & LR_BITS);
    }
  }

  /** List registers whose end the hypervisor wants to hear of. */
  private int ended() {
    int bits = 0;
    for (int i = 0; i < LIST_REGISTERS; i++) {
      bits |= (lr(i) & (HW | STATES | EOI)) == EOI ? 1 << i : 0;
    }
    return bits;
  }

  /** List registers that are free. */
  private int free() {
    int bits = 0;
    for (int i = 0; i < LIST_REGISTERS; i++) {
      bits |= (lr(i) & STATES) == 0 ? 1 << i : 0;
    }
    return bits & ~ended();
  }

  /** Why the maintenance interrupt comes. */
  private int reasons() {
    int used = LIST_REGISTERS - Integer.bitCount(free() | ended());
    boolean waits = false;
    for (int i = 0; i < LIST_REGISTERS; i++) {
      long entry = lr(i);
      waits |= (entry & PENDING) != 0;
    }
    int groups = (enabled(0) ? 0x10 : 0x20) | (enabled(1) ? 0x40 : 0x80);
    return (ended() != 0 ? 0x01 : 0)
        | ((hcr() & UIE) != 0 && used <= 1 ? 0x02 : 0)
        | ((hcr() & LRENPIE) != 0 && hcr() >>> 27 != 0 ? 0x04 : 0)
        | ((hcr() & NPIE) != 0 && !waits ? 0x08 : 0)
        | (hcr() & GROUP_INTERRUPTS & groups);
  }
}
