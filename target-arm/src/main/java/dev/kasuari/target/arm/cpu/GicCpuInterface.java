package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.InterruptPort;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateField;

/**
 * The CPU's half of Arm's generic interrupt controller, version 3: the registers {@code ICC_*},
 * {@code ICV_*} and {@code ICH_*}, as a processing element of AArch64 reaches them. Five bits of
 * priority, four list registers. Source: ARM IHI 0069, sections 4.6 to 4.8 and 12.2 to 12.4.
 *
 * <p>Called under the machine's lock. Whoever owns it calls {@link #update} when the exception
 * level or the security state has changed, if there is a secure world: it decides what is a FIQ.
 */
public final class GicCpuInterface implements InterruptPort.Listener {
  /** What the interface has to know of its processing element. */
  public interface Surroundings {
    /** The current exception level, 0 to 3. */
    int level();

    /** True if the current state is secure: EL3, or SCR_EL3.NS is 0. */
    boolean secure();

    /** True if there is an EL2 that is in use in this security state. */
    boolean hasEl2();

    /** True if there is an EL3, and two worlds with it. */
    boolean hasEl3();

    /** HCR_EL2. */
    long hcr();

    /** SCR_EL3. */
    long scr();
  }

  /** What is to be done about an access. */
  public enum Verdict {
    /** It is performed. */
    ALLOWED,
    /** There is no such register here. */
    UNDEFINED,
    /** It is trapped to EL2. */
    TRAP_EL2,
    /** It is trapped to EL3. */
    TRAP_EL3
  }

  // HCR_EL2 and SCR_EL3.
  private static final long FMO = 1 << 3;
  private static final long IMO = 1 << 4;
  private static final long TGE = 1 << 27;
  private static final long SCR_NS = 1;
  private static final long SCR_IRQ = 1 << 1;
  private static final long SCR_FIQ = 1 << 2;

  // Groups, as InterruptPort numbers them, and banks of what depends on the security state.
  private static final int GROUP_0 = 0;
  private static final int GROUP_1 = 1;
  private static final int GROUP_1_SECURE = 2;
  private static final int NORMAL = 0;
  private static final int SECURE = 1;

  static final int SPURIOUS = 1023;
  private static final int FOR_SECURE = 1020;
  private static final int FOR_NORMAL = 1021;
  private static final int FIRST_LPI = 8192;
  static final int PRIORITY_MASK = 0xf8;
  static final int LEAST_POINT = 2;
  static final int IDLE = 0x100;

  /** PRIbits, IDbits and A3V of CTLR. */
  private static final long FIXED = 4 << 8 | 1 << 15;

  private static final int CBPR = 0x01;
  private static final int EOI_MODE = 0x02;
  private static final int CTLR_BITS = CBPR | EOI_MODE;
  private static final int EL3_EOI_MODE = 0x04;

  private final InterruptPort port;
  private final Surroundings cpu;
  private final GicVirtualInterface virtual;
  private final IrqLine irq = new IrqLine("irq");
  private final IrqLine fiq = new IrqLine("fiq");

  private final GuestState state;

  // What the other half has told.
  private int pendingId = InterruptPort.NONE;
  private int pendingPriority = IDLE;
  private int pendingGroup;

  /**
   * An interface that is reset.
   *
   * @param state what keeps all that it remembers
   */
  public GicCpuInterface(InterruptPort port, Surroundings cpu, GuestState state) {
    this.port = port;
    this.cpu = cpu;
    this.state = state;
    this.virtual = new GicVirtualInterface(port, state);
    reset();
    port.connect(this);
  }

  /** High while an interrupt is to be taken as IRQ. */
  public IrqLine irq() {
    return irq;
  }

  /** High while an interrupt is to be taken as FIQ. */
  public IrqLine fiq() {
    return fiq;
  }

  /** High while a guest is to take an interrupt as IRQ. */
  public IrqLine virq() {
    return virtual.irq();
  }

  /** High while a guest is to take an interrupt as FIQ. */
  public IrqLine vfiq() {
    return virtual.fiq();
  }

  /** High while the hypervisor has something to do: interrupt 25 of the CPU. */
  public IrqLine maintenance() {
    return virtual.maintenance();
  }

  /** Forgets everything. */
  public void reset() {
    for (StateField field : ArmState.GIC) {
      for (int i = 0; i < field.count(); i++) {
        state.set(field, i, 0);
      }
    }
    stateChanged();
  }

  /**
   * The state was written from outside: makes what no guest could have set fit, and drives the
   * lines anew.
   */
  public void stateChanged() {
    set(ArmState.ICC_PMR, get(ArmState.ICC_PMR) & PRIORITY_MASK);
    set(ArmState.ICC_IGRPEN, enabled() & 7);
    set(ArmState.ICC_BPR0, point(bpr0(), LEAST_POINT));
    setBpr1(NORMAL, point(bpr1(NORMAL), LEAST_POINT + 1));
    setBpr1(SECURE, point(bpr1(SECURE), LEAST_POINT));
    setCtlr(NORMAL, ctlr(NORMAL) & CTLR_BITS);
    setCtlr(SECURE, ctlr(SECURE) & CTLR_BITS);
    set(ArmState.ICC_CTLR_EL3, ctlrEl3() & EL3_EOI_MODE);
    virtual.stateChanged();
    port.accept(enabled());
    update();
  }

  // State.

  private int get(StateField field) {
    return (int) state.get(field);
  }

  private void set(StateField field, int value) {
    state.set(field, value);
  }

  private int pmr() {
    return get(ArmState.ICC_PMR);
  }

  /** A bit for each group. */
  private int enabled() {
    return get(ArmState.ICC_IGRPEN);
  }

  private int bpr0() {
    return get(ArmState.ICC_BPR0);
  }

  private int bpr1(int bank) {
    return (int) state.get(ArmState.ICC_BPR1, bank);
  }

  private void setBpr1(int bank, int value) {
    state.set(ArmState.ICC_BPR1, bank, value);
  }

  private int ctlr(int bank) {
    return (int) state.get(ArmState.ICC_CTLR, bank);
  }

  private void setCtlr(int bank, int value) {
    state.set(ArmState.ICC_CTLR, bank, value);
  }

  private int ctlrEl3() {
    return get(ArmState.ICC_CTLR_EL3);
  }

  private int active(int group) {
    return (int) state.get(ArmState.ICC_AP, group);
  }

  private void setActive(int group, int value) {
    state.set(ArmState.ICC_AP, group, value);
  }

  static int point(long value, int least) {
    return Math.max((int) value & 7, least);
  }

  // Signals.

  @Override
  public void pending(int id, int priority, int group) {
    pendingId = id;
    pendingPriority = priority;
    pendingGroup = group;
    update();
  }

  /** Drives the lines as the state says. */
  public void update() {
    boolean through = signalled();
    boolean fast = through && isFast(pendingGroup);
    irq.set(through && !fast);
    fiq.set(fast);
    virtual.update();
  }

  private boolean signalled() {
    return pendingId != InterruptPort.NONE
        && pendingPriority < pmr()
        && groupPriority(pendingPriority, pendingGroup) < running();
  }

  /** What is not of the current world is for EL3 (table 4-2). */
  private boolean isFast(int group) {
    if (group == GROUP_0 || !cpu.hasEl3()) {
      return group == GROUP_0;
    }
    return cpu.level() == 3 || group != ownGroup1();
  }

  /** The group 1 whose registers are in reach. */
  private int ownGroup1() {
    return bank() == SECURE ? GROUP_1_SECURE : GROUP_1;
  }

  /** EL3 is secure, and reaches the registers of the world that SCR_EL3.NS names. */
  private int bank() {
    return cpu.hasEl3() && (cpu.scr() & SCR_NS) == 0 ? SECURE : NORMAL;
  }

  /** The group 1 of the current world. */
  private int worldsGroup1() {
    return cpu.hasEl3() && cpu.secure() ? GROUP_1_SECURE : GROUP_1;
  }

  private int running() {
    return level(active(0) | active(1) | active(2));
  }

  static int level(int active) {
    return active == 0 ? IDLE : Integer.numberOfTrailingZeros(active) << 3;
  }

  /** The part of a priority that decides about interrupting an interrupt (section 4.8.2). */
  private int groupPriority(int priority, int group) {
    return switch (group) {
      case GROUP_0 -> priority & (-2 << bpr0());
      case GROUP_1 -> priority & ((ctlr(NORMAL) & CBPR) != 0 ? -2 << bpr0() : -1 << bpr1(NORMAL));
      default -> priority & (-2 << ((ctlr(SECURE) & CBPR) != 0 ? bpr0() : bpr1(SECURE)));
    };
  }

  // Access.

  /**
   * True if a register is of this interface.
   *
   * @param register op0:op1:CRn:CRm:op2
   */
  public static boolean has(int register) {
    return GicRegister.has(register);
  }

  /** What an access by the current exception level leads to. */
  public Verdict check(int register, boolean write) {
    int level = cpu.level();
    int op1 = register >>> 11 & 7;
    boolean known = write ? GicRegister.writable(register) : GicRegister.readable(register);
    if (!known || level == 0 || (op1 == 4 && level < 2) || (op1 == 6 && level < 3)) {
      return Verdict.UNDEFINED;
    }
    if (op1 != 0 || register == GicRegister.SRE) {
      return Verdict.ALLOWED;
    }
    if (level == 1 && cpu.hasEl2() && trapsToEl2(register)) {
      return Verdict.TRAP_EL2;
    }
    return level < 3 && cpu.hasEl3() && !isVirtual(register) && trapsToEl3(register)
        ? Verdict.TRAP_EL3
        : Verdict.ALLOWED;
  }

  private boolean trapsToEl2(int register) {
    if (GicRegister.isSend(register)) {
      return (cpu.hcr() & (IMO | FMO)) != 0 || virtual.trapsCommon();
    } else if (register == GicRegister.DIR) {
      return virtual.trapsCommon() || virtual.trapsDir();
    } else if (GicRegister.isCommon(register)) {
      return virtual.trapsCommon();
    }
    return virtual.trapsGroup(GicRegister.isGroup0(register) ? 0 : 1);
  }

  private boolean trapsToEl3(int register) {
    long both = SCR_IRQ | SCR_FIQ;
    if (GicRegister.isCommon(register)) {
      return (cpu.scr() & both) == both;
    }
    return (cpu.scr() & (GicRegister.isGroup0(register) ? SCR_FIQ : SCR_IRQ)) != 0;
  }

  /** True if EL1 reaches the registers of a guest by this name. */
  private boolean isVirtual(int register) {
    if (cpu.level() != 1
        || !cpu.hasEl2()
        || GicRegister.isSend(register)
        || (cpu.hcr() & TGE) != 0) {
      return false;
    }
    long routed =
        GicRegister.isCommon(register) ? IMO | FMO : GicRegister.isGroup0(register) ? FMO : IMO;
    return (register >>> 11 & 7) == 0 && register != GicRegister.SRE && (cpu.hcr() & routed) != 0;
  }

  /**
   * Reads a register, with what that causes.
   *
   * @param register that {@link #check} has allowed
   */
  public long read(int register) {
    if (GicVirtualInterface.has(register)) {
      return virtual.readHypervisors(register);
    } else if (isVirtual(register)) {
      long value = virtual.readGuests(register);
      virtual.update();
      return value;
    }
    return switch (register) {
      case GicRegister.PMR -> shown(pmr());
      case GicRegister.IAR0 -> acknowledge(told(GROUP_0, signalled()));
      case GicRegister.IAR1 -> acknowledge(told(ownGroup1(), signalled()));
      case GicRegister.HPPIR0 -> told(GROUP_0, pendingId != InterruptPort.NONE);
      case GicRegister.HPPIR1 -> told(ownGroup1(), pendingId != InterruptPort.NONE);
      case GicRegister.BPR0 -> bpr0();
      case GicRegister.BPR1 -> readPoint1();
      case GicRegister.AP0R0 -> active(GROUP_0) & 0xffff_ffffL;
      case GicRegister.AP1R0 -> active(ownGroup1()) & 0xffff_ffffL;
      case GicRegister.RPR -> running() == IDLE ? 0xff : shown(running());
      case GicRegister.CTLR -> FIXED | ctlr(bank());
      case GicRegister.SRE -> 0x7;
      case GicRegister.SRE_EL2, GicRegister.SRE_EL3 -> 0xf;
      case GicRegister.IGRPEN0 -> enabled() & 1;
      case GicRegister.IGRPEN1 -> enabled() >> ownGroup1() & 1;
      case GicRegister.IGRPEN1_EL3 -> enabled() >> 1;
      case GicRegister.CTLR_EL3 -> readControlEl3();
      default -> 0;
    };
  }

  /**
   * Writes a register.
   *
   * @param register that {@link #check} has allowed
   */
  public void write(int register, long value) {
    if (GicVirtualInterface.has(register)) {
      virtual.writeHypervisors(register, value);
    } else if (isVirtual(register)) {
      virtual.writeGuests(register, value);
    } else {
      writeOwn(register, value);
    }
    update();
  }

  private void writeOwn(int register, long value) {
    switch (register) {
      case GicRegister.PMR -> writeMask((int) value & 0xff);
      case GicRegister.EOIR0 -> end((int) value & 0xff_ffff, GROUP_0);
      case GicRegister.EOIR1 -> end((int) value & 0xff_ffff, ownGroup1());
      case GicRegister.DIR -> deactivate((int) value & 0xff_ffff);
      case GicRegister.BPR0 -> set(ArmState.ICC_BPR0, point(value, LEAST_POINT));
      case GicRegister.BPR1 -> writePoint1(value);
      case GicRegister.AP0R0 -> setActive(GROUP_0, (int) value);
      case GicRegister.AP1R0 -> setActive(ownGroup1(), (int) value);
      case GicRegister.SGI0R -> send(value, GROUP_0);
      case GicRegister.SGI1R -> send(value, worldsGroup1());
      case GicRegister.ASGI1R -> send(value, worldsGroup1() == GROUP_1 ? GROUP_1_SECURE : GROUP_1);
      case GicRegister.CTLR -> setCtlr(bank(), (int) value & CTLR_BITS);
      case GicRegister.IGRPEN0 -> enable(1, value & 1);
      case GicRegister.IGRPEN1 -> enable(1 << ownGroup1(), (value & 1) << ownGroup1());
      case GicRegister.IGRPEN1_EL3 -> enable(6, value << 1);
      case GicRegister.CTLR_EL3 -> writeControlEl3((int) value);
      default -> {} // SRE: there is no other way to reach the interface
    }
  }

  private void enable(int groups, long on) {
    set(ArmState.ICC_IGRPEN, (enabled() & ~groups) | ((int) on & groups));
    port.accept(enabled());
  }

  // Priorities as the non-secure world sees them, if the secure one keeps group 0 to itself.

  private boolean seesHalf() {
    return cpu.hasEl3() && !cpu.secure() && (cpu.scr() & SCR_FIQ) != 0;
  }

  private int shown(int priority) {
    if (!seesHalf()) {
      return priority;
    }
    return priority < 0x80 ? 0 : priority << 1 & 0xff;
  }

  private void writeMask(int value) {
    if (!seesHalf()) {
      set(ArmState.ICC_PMR, value & PRIORITY_MASK);
    } else if (pmr() >= 0x80) {
      set(ArmState.ICC_PMR, (0x80 | value >> 1) & PRIORITY_MASK);
    }
  }

  private int readPoint1() {
    if ((ctlr(bank()) & CBPR) == 0) {
      return bpr1(bank());
    }
    return bank() == SECURE ? bpr0() : Math.min(bpr0() + 1, 7);
  }

  private void writePoint1(long value) {
    if ((ctlr(bank()) & CBPR) == 0) {
      setBpr1(bank(), point(value, bank() == SECURE ? LEAST_POINT : LEAST_POINT + 1));
    } else if (bank() == SECURE) {
      set(ArmState.ICC_BPR0, point(value, LEAST_POINT));
    }
  }

  /** CBPR and EOImode of both worlds, and EL3's own EOImode. */
  private long readControlEl3() {
    return FIXED
        | (ctlr(SECURE) & CBPR)
        | (ctlr(NORMAL) & CBPR) << 1
        | ctlrEl3()
        | (ctlr(SECURE) & EOI_MODE) << 2
        | (ctlr(NORMAL) & EOI_MODE) << 3;
  }

  private void writeControlEl3(int value) {
    setCtlr(SECURE, (value & CBPR) | (value >> 2 & EOI_MODE));
    setCtlr(NORMAL, (value >> 1 & CBPR) | (value >> 3 & EOI_MODE));
    set(ArmState.ICC_CTLR_EL3, value & EL3_EOI_MODE);
  }

  // Interrupts.

  /**
   * What a group's registers say of what waits. To EL3 those of group 1 tell of either world's, and
   * those of group 0 that it is for another level, and which.
   */
  private int told(int group, boolean waits) {
    if (!waits) {
      return SPURIOUS;
    }
    if (pendingGroup == group) {
      return pendingId;
    }
    if (cpu.hasEl3() && cpu.level() == 3 && pendingGroup != GROUP_0) {
      if (group != GROUP_0) {
        return pendingId;
      }
      return pendingGroup == GROUP_1_SECURE ? FOR_SECURE : FOR_NORMAL;
    }
    return SPURIOUS;
  }

  private int acknowledge(int id) {
    if (id < FOR_SECURE || id > SPURIOUS) {
      int bit = 1 << (groupPriority(pendingPriority, pendingGroup) >> 3);
      setActive(pendingGroup, active(pendingGroup) | bit);
      port.acknowledge(id);
      update();
    }
    return id;
  }

  /** The priority is not active any more, and as a rule the interrupt neither. */
  private void end(int id, int group) {
    if ((id >= FOR_SECURE && id <= SPURIOUS) || level(active(group)) != running()) {
      return;
    }
    setActive(group, active(group) & (active(group) - 1));
    if (!splitsEnd() && id < FIRST_LPI && port.groupOf(id) == group) {
      port.deactivate(id);
    }
  }

  private boolean splitsEnd() {
    boolean el3 = cpu.hasEl3() && cpu.level() == 3;
    return (el3 ? ctlrEl3() : ctlr(bank()) & EOI_MODE) != 0;
  }

  private void deactivate(int id) {
    boolean own = !cpu.hasEl3() || cpu.secure() || port.groupOf(id) == GROUP_1;
    if (splitsEnd() && id < FOR_SECURE && own) {
      port.deactivate(id);
    }
  }

  private void send(long value, int group) {
    long cluster =
        (value >>> 48 & 0xff) << 32 | (value >>> 32 & 0xff) << 16 | (value >>> 16 & 0xff) << 8;
    port.send(
        new InterruptPort.Message(
            (int) (value >>> 24 & 0xf),
            group,
            cpu.secure(),
            (value >>> 40 & 1) != 0,
            cluster,
            (int) (value >>> 44 & 0xf) * 16,
            (int) value & 0xffff));
  }
}
