package dev.kasuari.target.arm.cpu;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.InterruptPort;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.machine.cpu.PageTranslation;
import dev.kasuari.machine.cpu.Parking;
import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.machine.memory.FlatRange;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.target.arm.isa.A64Features;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A processing element of the Arm A-profile in AArch64.
 *
 * <p>Interrupt inputs and {@link #hasWork} may be used by any thread; the rest is for its own
 * thread, or while that is stopped.
 */
public final class ArmCpu extends Cpu {
  /** Ticks a second of the system counter, if a board does not say. */
  public static final long DEFAULT_TIMEBASE = 62_500_000;

  private final ArmModel model;
  private final Machine machine;
  private final Log log;
  private final Exceptions exceptions;
  private final Interrupts interrupts;
  private final SystemInstructions instructions;
  private final SystemRegisters registers;
  private final Mmu mmu;
  private final GenericTimers timers;
  private final WaitTimeout waitTimeout;
  private final PerformanceMonitors monitors;
  private final Parking parking = new Parking(this);
  private @Nullable GicCpuInterface gic;
  private @Nullable Psci firmware;
  private Runnable start = () -> {};
  private final Traps traps;
  private final IdentificationRegisters identification;
  private final DebugRegisters debugRegisters;
  private final SelfHostedDebug debug;
  private final CurrentMode currentMode = new CurrentMode(this);
  private final BranchTargets branchTargets = new BranchTargets(this);
  private final SplittableRandom random;
  private long resetVector;
  private long mode;
  private boolean modeKnown;

  /** A processing element of {@code machine}, at reset, whose system counter is {@code time}. */
  public ArmCpu(int index, ArmModel model, Machine machine, Timebase time) {
    super(index, ArmState.LAYOUT);
    this.model = model;
    this.machine = machine;
    this.log = machine.log();
    exceptions = new Exceptions(this, log);
    interrupts = new Interrupts(this);
    var features =
        VmsaFeatures.of(
            model.identification("id_aa64pfr0_el1"),
            model.identification("id_aa64isar1_el1"),
            model.identification("id_aa64mmfr0_el1"),
            model.identification("id_aa64mmfr1_el1"),
            model.identification("id_aa64mmfr2_el1"));
    mmu = new Mmu(state(), features, machine.memory(), log, index);
    registers = new SystemRegisters(state(), model);
    traps = new Traps(this);
    instructions = new SystemInstructions(this, log, registers, traps);
    identification = new IdentificationRegisters(this, registers, traps);
    debug = new SelfHostedDebug(this);
    debugRegisters = new DebugRegisters(this, registers, traps);
    random = new SplittableRandom(machine.random().nextLong());
    identification.declare();
    debugRegisters.declare();
    new Declarations(this, registers, traps).all();
    timers = new GenericTimers(this, machine, time);
    timers.declare(registers);
    waitTimeout = new WaitTimeout(this, timers, machine, time);
    monitors = new PerformanceMonitors(this, machine);
    if (model.hasMonitors()) {
      new MonitorRegisters(this, registers, traps, monitors).declare();
    }
    reset();
  }

  public ArmModel model() {
    return model;
  }

  /** What an identification register says of the model and of what the board has added to it. */
  long identification(String register) {
    boolean withGic = gic != null && register.equals("id_aa64pfr0_el1");
    return model.identification(register) | (withGic ? 1 << 24 : 0);
  }

  Exceptions exceptions() {
    return exceptions;
  }

  Mmu mmu() {
    return mmu;
  }

  /** Its interrupts. */
  public Interrupts interrupts() {
    return interrupts;
  }

  WaitTimeout waitTimeout() {
    return waitTimeout;
  }

  SelfHostedDebug debug() {
    return debug;
  }

  PerformanceMonitors monitors() {
    return monitors;
  }

  boolean hasHypervisor() {
    return model.hasHypervisor();
  }

  /** Whether EL2 is there in the current security state. */
  boolean el2Enabled() {
    return hasHypervisor()
        && (!model.hasSecureMonitor() || (state().get(ArmState.SCR) & Exceptions.SCR_NS) != 0);
  }

  /** A number that nobody can tell in advance. */
  long randomNumber() {
    return random.nextLong();
  }

  boolean hasPan() {
    return model.has(A64Features.PAN);
  }

  boolean hasSsbs() {
    return model.has(A64Features.SSBS);
  }

  /** Whether a level is EL2 and runs as EL1 would, with EL0 below it. */
  boolean hypervisorHost(int level) {
    long both = Exceptions.HCR_E2H | Exceptions.HCR_TGE;
    return level == 2 && (state().get(ArmState.HCR) & both) == both && el2Enabled();
  }

  // ---- life ------------------------------------------------------------------------------------

  /** Where {@link #reset} puts the program counter. */
  public void setResetVector(long address) {
    resetVector = address;
    setPc(address);
  }

  long resetVector() {
    return resetVector;
  }

  @Override
  public void reset() {
    parking.reset();
    resetRegisters();
    setPc(resetVector);
    start.run();
    kick();
    log.write(LogCategory.CPU_RESET, () -> "cpu" + index() + ": reset\n" + describe());
  }

  /**
   * All that a warm reset sets, but for the program counter. Own thread, or while it is stopped.
   */
  void resetRegisters() {
    for (StateField field : ArmState.LAYOUT.fields()) {
      int length = field.size() * field.count();
      RawMemory.fill(state().address() + field.offset(), length, (byte) 0);
    }
    for (int level = 1; level <= 3; level++) {
      state().set(ArmState.SCTLR, level, model.identification("sctlr"));
    }
    state().set(ArmState.NZCV, ConditionFlags.packed(0));
    state().set(ArmState.EL, model.levels());
    state().set(ArmState.PSTATE, Pstate.DAIF | Pstate.SP_SELECT);
    identification.reset();
    instructions.reset();
    debugRegisters.reset();
    if (gic != null) {
      machine.locked(gic::reset);
    }
    timers.reset();
    monitors.reset();
    interrupts.reset();
    modeKnown = false;
    mmu.forgetGuarded();
    flushTlb();
    useAddressSpace();
  }

  /** After the registers were written from outside (a restored snapshot): remakes what follows. */
  public void stateChanged() {
    modeKnown = false;
    timers.update();
    monitors.changed();
    debug.breakpointsChanged();
    if (gic != null) {
      machine.locked(gic::stateChanged);
    }
    flushTlb();
    useAddressSpace();
    kick();
  }

  /** The board's counter was set: looks at the timers anew. Any thread. */
  public void timeChanged() {
    timers.update();
  }

  /** Sets what is done after each reset, on the own thread or while that is stopped. */
  public void setStart(Runnable action) {
    start = action;
  }

  /**
   * Starts at a level as firmware hands over to what runs there: translation off, interrupts
   * masked, and the levels above permit what they can forbid. Own thread, or while that is stopped.
   *
   * @param level 1 to the highest there is
   * @param context what X0 has
   */
  public void startAt(int level, long pc, long context) {
    if (level < 3 && model.levels() == 3) {
      long calls = Exceptions.SCR_NS | Exceptions.SCR_HCE | Exceptions.SCR_RW;
      state().set(ArmState.SCR, calls | Traps.SCR_PERMITTING);
      state().set(ArmState.CPTR, 3, 0);
    }
    if (level < 2 && hasHypervisor()) {
      state().set(ArmState.HCR, Exceptions.HCR_RW);
      state().set(ArmState.CNTHCTL, 3);
    }
    switchTo(level, Pstate.DAIF | Pstate.SP_SELECT);
    setX(0, context);
    setPc(pc);
    flushTlb();
  }

  /** Firmware that answers calls of this processing element. */
  void setFirmware(Psci newFirmware) {
    firmware = newFirmware;
  }

  /** Whether an exception of this class is a call of the built-in firmware. */
  public boolean callsFirmware(int kind) {
    Psci psci = firmware;
    return psci != null && psci.answers(kind);
  }

  /** Where in the machine it is: Aff3 to Aff0, each where MPIDR_EL1 has it. */
  public long affinity() {
    return index();
  }

  /** Switches the processing element off and on, as firmware does. */
  public Parking parking() {
    return parking;
  }

  @Override
  public void close() {
    timers.close();
    waitTimeout.close();
    monitors.close();
    super.close();
  }

  // ---- interrupt inputs ------------------------------------------------------------------------

  /** The IRQ input. */
  public IrqLine irqInput() {
    return interrupts.irq();
  }

  /** The FIQ input. */
  public IrqLine fiqInput() {
    return interrupts.fiq();
  }

  /** The virtual IRQ input, from an interrupt controller with a virtual CPU interface. */
  public IrqLine virtualIrqInput() {
    return interrupts.virq();
  }

  /** The virtual FIQ input. */
  public IrqLine virtualFiqInput() {
    return interrupts.vfiq();
  }

  /** The output of a timer. */
  public IrqLine timerOutput(ArmTimer timer) {
    return timers.output(timer);
  }

  /** The overflow interrupt of the performance monitors. */
  public IrqLine monitorsOutput() {
    return monitors.output();
  }

  /**
   * Connects an interrupt controller whose other half is in the processing element. Once, before it
   * runs.
   *
   * @return the output of its maintenance interrupt
   */
  public IrqLine connectGic(InterruptPort port) {
    var half = new GicCpuInterface(port, new GicSurroundings(this), state());
    half.irq().connect(irqInput());
    half.fiq().connect(fiqInput());
    half.virq().connect(virtualIrqInput());
    half.vfiq().connect(virtualFiqInput());
    gic = half;
    return half.maintenance();
  }

  // ---- the contract of a CPU -------------------------------------------------------------------

  @Override
  public long pc() {
    return state().get(ArmState.PC);
  }

  @Override
  public void setPc(long pc) {
    state().set(ArmState.PC, pc);
  }

  /** The current exception level. */
  public int level() {
    return (int) state().get(ArmState.EL);
  }

  @Override
  public long mode() {
    if (!modeKnown) {
      mode = currentMode.word();
      modeKnown = true;
    }
    return mode;
  }

  /** Something changed that translation depends on. */
  void modeChanged() {
    modeKnown = false;
  }

  @Override
  public int fetchMmuIndex() {
    return currentMode.data(level(), false).ordinal();
  }

  @Override
  public int mmuIndexes() {
    return Regime.count();
  }

  @Override
  public boolean translate(
      long virtualAddress, int size, Access access, int mmuIndex, PageTranslation out) {
    boolean found = mmu.translate(virtualAddress, size, access, mmuIndex, out);
    out.inspected =
        found
            && access != Access.EXECUTE
            && (mmu.device(mmuIndex) || debug.watches(virtualAddress));
    if (debug.watchesAny()) {
      out.alike = 0;
    }
    return found;
  }

  @Override
  public boolean inspect(
      long virtualAddress, int size, Access access, int mmuIndex, PageTranslation out) {
    boolean aligned = (virtualAddress & (size - 1)) == 0 || Integer.bitCount(size) != 1;
    if (!aligned
        && mmu.translate(virtualAddress, size, access, mmuIndex, out)
        && mmu.device(mmuIndex)) {
      out.faultCause = misalignedCause(access);
      out.faultValue = virtualAddress;
      return false;
    }
    return debug.mayAccess(virtualAddress, size, access, mmuIndex, out);
  }

  @Override
  public void jumped(int kind, long from) {
    setPc(branchAddress(pc(), level()));
    branchTargets.branched(kind, from);
  }

  /** Where a branch or a return leads, at an exception level. */
  long branchAddress(long target, int level) {
    return currentMode.branchAddress(target, level);
  }

  @Override
  public int enter() {
    int type = (int) (state().get(ArmState.PSTATE) & Pstate.BTYPE) >> Pstate.BTYPE_SHIFT;
    if (type == 0) {
      return 0;
    }
    int breakpoint = ArmMode.breaks(mode()) ? debug.breakpoint() : 0;
    if (breakpoint != 0) {
      exceptions.raise(breakpoint, 0);
      return -1;
    }
    return branchTargets.enter(type);
  }

  @Override
  public void raise(int cause, long value) {
    int kind = cause & ~0x3ff_ffff;
    Psci psci = firmware;
    if (psci != null && psci.answers(kind) && !trapsToHypervisor(kind)) {
      branchTargets.done();
      stepped();
      setPc(pc() + 4);
      psci.call(this);
      return;
    }
    exceptions.raise(cause, value);
  }

  /** An instruction that raises counts as stepped. */
  void stepped() {
    if (ArmMode.steps(mode())) {
      state().set(ArmState.PSTATE, state().get(ArmState.PSTATE) & ~Pstate.SS);
      state().set(ArmState.STEPPED, 1);
    }
  }

  /** HCR_EL2.TSC: a hypervisor wants to see its guest's calls of firmware. */
  private boolean trapsToHypervisor(int kind) {
    return kind == Syndrome.SMC && level() == 1 && exceptions.hypervisor(Exceptions.HCR_TSC);
  }

  @Override
  public int misalignedCause(Access access) {
    return access == Access.EXECUTE
        ? Syndrome.PC_ALIGNMENT
        : alignmentFault(access == Access.WRITE);
  }

  /**
   * DDI 0487, ISS encoding of a Data Abort, WnR: of an atomic it is 0 if a read would fault too.
   */
  @Override
  public boolean atomicsFaultAsReads() {
    return true;
  }

  /** The exception of an access that has to be aligned and is not. */
  public int alignmentFault(boolean write) {
    return Syndrome.DATA_ABORT | Syndrome.ALIGNMENT | (write ? Syndrome.WRITE : 0);
  }

  @Override
  public int accessFaultCause(Access access) {
    return switch (access) {
      case EXECUTE -> Syndrome.INSTRUCTION_ABORT | Syndrome.EXTERNAL;
      case READ -> Syndrome.DATA_ABORT | Syndrome.EXTERNAL;
      case WRITE -> Syndrome.DATA_ABORT | Syndrome.EXTERNAL | Syndrome.WRITE;
    };
  }

  @Override
  public boolean hasWork() {
    return parking.hasWork(interrupts.wakes() || waitTimeout.over());
  }

  @Override
  public boolean deliverInterrupt() {
    if (parking.stopped()) {
      return false;
    }
    parking.awake();
    waitTimeout.end();
    return interrupts.deliver() || (ArmMode.steps(mode()) && debug.takeStep());
  }

  // ---- levels and PSTATE -----------------------------------------------------------------------

  /** PSTATE as SPSR saves it. */
  long savedState() {
    return state().get(ArmState.PSTATE)
        | (long) level() << Pstate.LEVEL_SHIFT
        | (long) ConditionFlags.nzcv((int) state().get(ArmState.NZCV)) << Pstate.NZCV_SHIFT;
  }

  /** PSTATE as SPSR has it becomes that which is. */
  void restoreState(long saved) {
    state().set(ArmState.NZCV, ConditionFlags.packed((int) (saved >> Pstate.NZCV_SHIFT) & 15));
    long possible = Pstate.DAIF | Pstate.SP_SELECT | Pstate.IL | Pstate.SS;
    possible |= hasPan() ? Pstate.PAN : 0;
    possible |= model.has(A64Features.UAO) ? Pstate.UAO : 0;
    possible |= model.has(A64Features.DIT) ? Pstate.DIT : 0;
    possible |= hasSsbs() ? Pstate.SSBS : 0;
    possible |= model.has(A64Features.BTI) ? Pstate.BTYPE : 0;
    switchTo((int) (saved >> Pstate.LEVEL_SHIFT) & 3, saved & possible);
  }

  /** Changes the level and the rest of PSTATE but the flags, and with them the stack pointer. */
  void switchTo(int level, long pstate) {
    boolean counting = monitors.dependsOnLevel() && level != level();
    if (counting) {
      monitors.sync();
    }
    state().set(ArmState.SP, stackPointer(), state().get(ArmState.X, 31));
    state().set(ArmState.EL, level);
    state().set(ArmState.PSTATE, pstate);
    state().set(ArmState.X, 31, state().get(ArmState.SP, stackPointer()));
    modeChanged();
    if (counting) {
      monitors.changed();
    }
    GicCpuInterface half = gic;
    if (half != null && model.levels() == 3) {
      machine.locked(half::update); // the level decides what is a FIQ
    }
  }

  /** The level whose stack pointer is in use. */
  private int stackPointer() {
    return (state().get(ArmState.PSTATE) & Pstate.SP_SELECT) != 0 ? level() : 0;
  }

  /** SP_ELx as system registers show it, which is undefined for the one in use. */
  long bankedStackPointer(int level) {
    return state().get(ArmState.SP, level);
  }

  void setBankedStackPointer(int level, long value) {
    state().set(ArmState.SP, level, value);
  }

  boolean usesStackPointer(int level) {
    return stackPointer() == level;
  }

  void setPstate(long mask, long bits) {
    switchTo(level(), (state().get(ArmState.PSTATE) & ~mask) | (bits & mask));
    interrupts.check();
  }

  /**
   * What keeps a system register that EL0 or EL1 may read and write at will; null for all others,
   * and above them, where names may mean other registers.
   */
  public SystemRegister.@Nullable Storage storage(int number, int level) {
    return level <= 1 && SystemRegister.level(number) <= level ? registers.storage(number) : null;
  }

  /**
   * Whether no register can make what only EL0 and a hypervisor's guests may be denied a trap: at
   * EL1 without a hypervisor, and above.
   */
  public boolean trapsNothing(int level) {
    return level >= 2 || (level == 1 && !model.hasHypervisor());
  }

  // ---- instructions ----------------------------------------------------------------------------

  /** What instructions of the system level ask of it. */
  public SystemInstructions instructions() {
    return instructions;
  }

  @Nullable GicCpuInterface gic() {
    return gic;
  }

  void locked(Runnable action) {
    machine.locked(action);
  }

  /** Writes FPCR. */
  public void setFpcr(long value) {
    state().set(ArmState.FPCR, value & Fpcr.writable(model.has(A64Features.FP16)));
    state().set(StateLayout.FP_ROUNDING, Fpcr.rounding(value));
    modeChanged();
  }

  /** Performs ERET. */
  public void eret() {
    exceptions.eret();
  }

  /** The instruction at the program counter; 0 if it cannot be fetched any more. */
  int instruction() {
    var found = new PageTranslation();
    found.reset();
    if (!mmu.translate(pc(), 4, Access.EXECUTE, fetchMmuIndex(), found)) {
      return 0;
    }
    FlatRange range = machine.memory().view(found.secure).find(found.physical);
    if (!range.readsMemory() || !range.contains(found.physical, 4)) {
      return 0;
    }
    int bits = RawMemory.getInt(range.hostAddress(found.physical));
    return RawMemory.littleEndian() ? bits : Integer.reverseBytes(bits);
  }

  /** A general-purpose register; 31 is the stack pointer. */
  public long x(int register) {
    return state().get(ArmState.X, register);
  }

  public void setX(int register, long value) {
    state().set(ArmState.X, register, value);
  }

  /** Has the processing element look at its interrupts soon. Any thread. */
  void kick() {
    if (attached()) {
      vcpu().kick();
    }
  }

  void flushTlb() {
    if (attached()) {
      vcpu().flushTlb();
    }
  }

  /** Of some address spaces; see {@link TlbMaintenance#addressSpace}. */
  void flushTlb(LongPredicate addressSpaces) {
    if (attached()) {
      vcpu().flushTlb(addressSpaces);
    }
  }

  /** The ASID in use may be another one. */
  void useAddressSpace() {
    if (attached()) {
      vcpu().useAddressSpace(TlbMaintenance.addressSpace(state()));
    }
  }

  void flushTlbPage(long va) {
    if (attached()) {
      vcpu().flushTlbPage(va);
    }
  }

  /** TCR_EL1.DS or TCR_EL2.DS: addresses have 52 bits in any granule. */
  boolean usesWideAddresses() {
    long wide = 1L << 59;
    return ((state().get(ArmState.TCR, 1) | state().get(ArmState.TCR, 2)) & wide) != 0;
  }

  @Override
  public String describe() {
    var text = new StringBuilder();
    for (int r = 0; r < 31; r++) {
      text.append("X%02d=%016x%s".formatted(r, x(r), r % 4 == 3 ? "\n" : " "));
    }
    return text.append(
            "SP =%016x\nPC =%016x PSTATE=%08x EL%d%s"
                .formatted(
                    x(31),
                    pc(),
                    savedState(),
                    level(),
                    (state().get(ArmState.PSTATE) & Pstate.SP_SELECT) != 0 ? "h" : "t"))
        .append('\n')
        .toString();
  }
}
