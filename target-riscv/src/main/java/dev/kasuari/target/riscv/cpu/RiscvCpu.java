package dev.kasuari.target.riscv.cpu;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.machine.cpu.PageTranslation;
import dev.kasuari.machine.cpu.Parking;
import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.machine.time.Timebase;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A RISC-V hart. Its id is {@link #index}.
 *
 * <p>Interrupt inputs and {@link #hasWork} may be used by any thread; the rest is for the hart's
 * own thread, or while that is stopped.
 */
public final class RiscvCpu extends Cpu {
  /** Where a hart begins unless the board says otherwise. */
  public static final long DEFAULT_RESET_VECTOR = 0x1000;

  /** Ticks a second of time, if a board does not say. */
  public static final long DEFAULT_TIMEBASE = 10_000_000;

  private final RiscvModel model;
  private final Log log;
  private final Status status;
  private final Interrupts interrupts;
  private final Traps traps;
  private final Counters counters;
  private final SupervisorTimer timer;
  private final Environment environment;
  private final Pmp pmp;
  private final Mmu mmu;
  private final CsrFile csrs;
  private final Parking parking = new Parking(this);
  private final long pcMask;
  private long resetVector = DEFAULT_RESET_VECTOR;
  private @Nullable Firmware firmware;
  private Consumer<String> trapLoopReport;

  /** A hart of {@code machine} that sees its memory, at reset. */
  public RiscvCpu(int index, RiscvModel model, Machine machine, Timebase time) {
    super(index, RiscvState.LAYOUT);
    this.model = model.checked();
    this.log = machine.log();
    this.pcMask = model.xlen() == 32 ? 0xffff_ffffL : -1L;
    this.trapLoopReport = report -> log.write(LogCategory.GUEST_ERRORS, () -> report);
    status = new Status(this);
    interrupts = new Interrupts(this);
    traps = new Traps(this, status, log);
    counters = new Counters(this, time);
    timer = new SupervisorTimer(this, time, machine.timers());
    environment = new Environment(this);
    pmp = new Pmp(this);
    mmu = new Mmu(this, pmp, machine.memory(), log);
    csrs = declareCsrs();
    reset();
  }

  private CsrFile declareCsrs() {
    var file = new CsrFile(state(), model.xlen());
    if (!model.has(RiscvOption.ZICSR)) {
      return file;
    }
    file.add(0x301, "misa", model::misa, (value, mask) -> {});
    file.constant(0xf11, "mvendorid", model.mvendorid());
    file.constant(0xf12, "marchid", model.marchid());
    file.constant(0xf13, "mimpid", model.mimpid());
    file.constant(0xf14, "mhartid", index());
    file.constant(0xf15, "mconfigptr", 0);
    if (model.has(RiscvOption.F)) {
      new FloatControl(this, status).declare(file);
    }
    status.declare(file);
    interrupts.declare(file);
    traps.declare(file);
    counters.declare(file);
    if (model.has(RiscvOption.SSTC)) {
      timer.declare(file);
    }
    environment.declare(file);
    pmp.declare(file);
    mmu.declare(file);
    return file;
  }

  public RiscvModel model() {
    return model;
  }

  // ---- life ------------------------------------------------------------------------------------

  /** Where {@link #reset} puts the program counter. */
  public void setResetVector(long address) {
    resetVector = address;
    setPc(address);
  }

  /** Lets {@code handler} stand in for M-mode software, from the next reset on. */
  public void setFirmware(Firmware handler) {
    firmware = handler;
  }

  /** Replaces what happens once when a hart loops in an exception: a line in the log. */
  public void onTrapLoop(Consumer<String> report) {
    trapLoopReport = report;
  }

  void trapLoop(String report) {
    trapLoopReport.accept(report);
  }

  @Override
  public void reset() {
    for (StateField field : RiscvState.LAYOUT.fields()) {
      int length = field.size() * field.count();
      RawMemory.fill(state().address() + field.offset(), length, (byte) 0);
    }
    state().set(RiscvState.PRIVILEGE, Privilege.MACHINE);
    status.reset();
    interrupts.reset();
    traps.reset();
    environment.reset();
    pmp.refresh();
    parking.reset();
    useAddressSpace();
    setPc(resetVector);
    log.write(LogCategory.CPU_RESET, () -> "hart" + index() + ": reset\n" + describe());
    Firmware handler = firmware;
    if (handler != null) {
      handler.reset(this);
    }
  }

  /** After the registers were written from outside (a restored snapshot): remakes what follows. */
  public void stateChanged() {
    pmp.refresh();
    timer.enable(Environment.timerEnabled(state()));
    timer.update();
    flushTlb();
    useAddressSpace();
    kick();
  }

  /** The board's counter was set: looks at the comparator anew. Any thread. */
  public void timeChanged() {
    timer.update();
  }

  /**
   * Puts the hart into S-mode as firmware hands over to a supervisor: bare translation, interrupts
   * off, {@code a0} and {@code a1} as given; exceptions and interrupts delegated, counters, timer
   * and all of memory open.
   */
  public void startSupervisor(long pc, long hartId, long opaque) {
    state().set(RiscvState.PRIVILEGE, Privilege.SUPERVISOR);
    status.prepareSupervisor();
    mmu.writeSatp(0);
    interrupts.delegateAll();
    traps.delegateAll();
    counters.allowAll();
    environment.open();
    pmp.open();
    setX(10, hartId);
    setX(11, opaque);
    setPc(pc);
    flushTlb();
  }

  @Override
  public void close() {
    timer.close();
    super.close();
  }

  // ---- interrupt inputs ------------------------------------------------------------------------

  /** Machine software interrupt, from the ACLINT. */
  public IrqLine machineSoftwareInput() {
    return interrupts.line(Interrupts.MSI);
  }

  /** Machine timer interrupt, from the ACLINT. */
  public IrqLine machineTimerInput() {
    return interrupts.line(Interrupts.MTI);
  }

  /** Machine external interrupt, from the PLIC. */
  public IrqLine machineExternalInput() {
    return interrupts.line(Interrupts.MEI);
  }

  /** Supervisor external interrupt, from the PLIC. */
  public IrqLine supervisorExternalInput() {
    return interrupts.line(Interrupts.SEI);
  }

  /** Supervisor software interrupt, from the ACLINT's SSWI: an edge sets the bit. */
  public IrqLine supervisorSoftwareInput() {
    return interrupts.line(Interrupts.SSI);
  }

  /** Sets the supervisor software interrupt, as firmware does for another hart. Any thread. */
  public void raiseSupervisorSoftware() {
    interrupts.raiseSoftware(Interrupts.SSIP);
  }

  /** Clears it again. Any thread. */
  public void clearSupervisorSoftware() {
    interrupts.clearSoftware(Interrupts.SSIP);
  }

  /**
   * Programs the supervisor's timer, as firmware does for it.
   *
   * @param deadline in ticks of the timebase
   */
  public void setSupervisorTimer(long deadline) {
    // Without Sstc the comparator is there all the same, but only firmware can reach it.
    timer.enable(true);
    timer.compare(deadline);
  }

  // ---- the contract of a CPU -------------------------------------------------------------------

  @Override
  public long pc() {
    return state().get(RiscvState.PC);
  }

  @Override
  public void setPc(long pc) {
    state().set(RiscvState.PC, pc & pcMask);
  }

  @Override
  public long mode() {
    return status.mode();
  }

  @Override
  public int fetchMmuIndex() {
    return switch (privilege()) {
      case Privilege.USER -> RiscvMode.MMU_USER;
      case Privilege.SUPERVISOR -> RiscvMode.MMU_SUPERVISOR;
      default -> RiscvMode.MMU_MACHINE;
    };
  }

  @Override
  public int mmuIndexes() {
    return RiscvMode.MMU_INDEXES;
  }

  @Override
  public boolean translate(
      long virtualAddress, int size, Access access, int mmuIndex, PageTranslation out) {
    // Code is at a distance from the unit's entry, which with XLEN 32 may lead around the end.
    return mmu.translate(virtualAddress & pcMask, size, access, mmuIndex, out);
  }

  @Override
  public void raise(int cause, long value) {
    Firmware handler = firmware;
    boolean handled =
        handler != null && !traps.isDelegated(cause) && handler.exception(this, cause, value);
    if (!handled) {
      traps.exception(cause, value);
    }
  }

  /** Takes an exception in S-mode though it is not delegated: firmware hands it on. */
  public void redirect(int cause, long value) {
    traps.redirect(cause, value);
  }

  @Override
  public int misalignedCause(Access access) {
    return switch (access) {
      case READ -> TrapCause.LOAD_MISALIGNED;
      case WRITE -> TrapCause.STORE_MISALIGNED;
      case EXECUTE -> TrapCause.INSTRUCTION_MISALIGNED;
    };
  }

  @Override
  public int accessFaultCause(Access access) {
    return switch (access) {
      case READ -> TrapCause.LOAD_ACCESS_FAULT;
      case WRITE -> TrapCause.STORE_ACCESS_FAULT;
      case EXECUTE -> TrapCause.INSTRUCTION_ACCESS_FAULT;
    };
  }

  @Override
  public boolean hasWork() {
    return parking.hasWork(interrupts.wakes());
  }

  @Override
  public boolean deliverInterrupt() {
    if (parking.stopped()) {
      return false;
    }
    parking.awake();
    int number = interrupts.next();
    if (number < 0) {
      return false;
    }
    traps.interrupt(number);
    return true;
  }

  // ---- instructions ----------------------------------------------------------------------------

  /** Operation of {@link #accessCsr}: read alone. */
  public static final int CSR_READ = CsrFile.READ;

  public static final int CSR_SWAP = CsrFile.SWAP;
  public static final int CSR_SET = CsrFile.SET;
  public static final int CSR_CLEAR = CsrFile.CLEAR;

  /**
   * Performs a CSR instruction.
   *
   * @param op {@link #CSR_READ}, {@link #CSR_SWAP}, {@link #CSR_SET} or {@link #CSR_CLEAR}
   * @param write whether the instruction writes: not with {@code x0} or 0 as operand of set or
   *     clear
   * @param operand the register or immediate, zero-extended
   * @return false if it is an illegal instruction
   */
  public boolean accessCsr(int csr, int op, boolean write, long operand) {
    boolean done = csrs.access(csr, op, write, operand);
    if (!done && csrs.find(csr) == null) {
      log.write(
          LogCategory.UNIMP,
          () -> "hart%d: no CSR 0x%03x, asked for at 0x%x".formatted(index(), csr, pc()));
    }
    return done;
  }

  /** The value before the last {@link #accessCsr} that returned true. */
  public long csrOld() {
    return csrs.old();
  }

  /** The CSR of that number, or null. */
  public @Nullable Csr csr(int number) {
    return csrs.find(number);
  }

  /** The bits of {@code mstatus} as stored that it (0x300) or {@code sstatus} (0x100) shows. */
  public long statusBits(int number) {
    return status.bits(number);
  }

  /** The CSRs there are, by number. */
  public List<Csr> csrs() {
    return csrs.all();
  }

  /** A CSR as a debugger reads it, whatever the privilege; empty if there is none. */
  public OptionalLong readCsr(int number) {
    Csr csr = csrs.find(number);
    return csr == null ? OptionalLong.empty() : OptionalLong.of(csr.read().getAsLong());
  }

  /** Writes a CSR as a debugger does; false if there is none. */
  public boolean writeCsr(int number, long value) {
    Csr csr = csrs.find(number);
    if (csr == null) {
      return false;
    }
    csr.write().set(value, -1);
    return true;
  }

  /** Returns from M-mode; false if it is an illegal instruction. */
  public boolean mret() {
    return traps.mret();
  }

  /** Returns from S-mode; false if it is an illegal instruction. */
  public boolean sret() {
    return traps.sret();
  }

  /** True if {@code wfi} may be executed here (privileged, sections 3.1.6.6 and 3.3.3). */
  public boolean wfiAllowed() {
    return switch (privilege()) {
      case Privilege.MACHINE -> true;
      case Privilege.SUPERVISOR -> !status.has(Status.TW);
      default -> !model.has(RiscvOption.S) && !status.has(Status.TW);
    };
  }

  /**
   * True if {@code wrs.nto} may wait here for as long as it takes: where {@code mstatus.TW} is set
   * it may be refused, and is (privileged, section 3.1.6.6).
   */
  public boolean waitAllowed() {
    return privilege() == Privilege.MACHINE || !status.has(Status.TW);
  }

  /**
   * Forgets translations of this hart (privileged, section 12.2.1), those of a page in all address
   * spaces. Global mappings are not told apart and go with the rest.
   *
   * @param virtual the address, unless {@code allAddresses}
   * @param asid the address space in the low 16 bits, unless {@code allSpaces}
   * @return false if it is an illegal instruction
   */
  public boolean sfenceVma(long virtual, boolean allAddresses, long asid, boolean allSpaces) {
    boolean trapped = privilege() == Privilege.SUPERVISOR && status.has(Status.TVM);
    if (!model.has(RiscvOption.S) || privilege() < Privilege.SUPERVISOR || trapped) {
      return false;
    }
    if (log.on(LogCategory.MMU)) {
      log.write(
          LogCategory.MMU,
          () ->
              "hart%d: sfence.vma of %s in %s"
                  .formatted(
                      index(),
                      allAddresses ? "all addresses" : "0x%x".formatted(virtual),
                      allSpaces ? "all spaces" : "space 0x%x".formatted(mmu.asid(asid))));
    }
    if (!attached()) {
      return true;
    }
    if (!allAddresses) {
      vcpu().flushTlbPage(virtual);
    } else if (allSpaces) {
      vcpu().flushTlb();
    } else {
      vcpu().flushTlb(space -> mmu.isOf(asid, space));
    }
    return true;
  }

  /**
   * True if {@code sfence.w.inval} and {@code sfence.inval.ir} may be executed here; they order
   * what is always in order (privileged, section 11.1).
   */
  public boolean orderingAllowed() {
    return privilege() >= Privilege.SUPERVISOR;
  }

  /**
   * Whether {@code cbo.clean} and {@code cbo.flush}, or {@code cbo.inval}, may be executed here.
   *
   * @param invalidating whether it is the latter
   */
  public boolean cacheBlocksAllowed(boolean invalidating) {
    return environment.managesCaches(invalidating);
  }

  /**
   * Looks whether the cache block around an address may be loaded or stored, as its management
   * demands. A fault is that of a store, and names the address (unprivileged, section 19.4).
   *
   * @return false if {@code out} has a fault
   */
  public boolean reachCacheBlock(long virtual, int mmuIndex, PageTranslation out) {
    // No page can be written that cannot be read, so that to be readable is enough.
    long first = virtual & -RiscvModel.CACHE_BLOCK;
    if (mmu.translate(first, RiscvModel.CACHE_BLOCK, Access.READ, mmuIndex, out)) {
      return true;
    }
    out.faultCause =
        out.faultCause == TrapCause.LOAD_PAGE_FAULT
            ? TrapCause.STORE_PAGE_FAULT
            : TrapCause.STORE_ACCESS_FAULT;
    out.faultValue = virtual;
    return false;
  }

  /** The exception of an {@code ecall} in the present mode. */
  public int ecallCause() {
    return TrapCause.ECALL_FROM_U + privilege();
  }

  // ---- what the parts of a hart ask of it ------------------------------------------------------

  /** As {@link Privilege} numbers them. */
  public int privilege() {
    return (int) state().get(RiscvState.PRIVILEGE);
  }

  /** An integer register; 0 reads zero. */
  public long x(int register) {
    return register == 0 ? 0 : state().get(RiscvState.X, register);
  }

  /** Writes an integer register, XLEN bits of it; a write to 0 is lost. */
  public void setX(int register, long value) {
    if (register != 0) {
      state().set(RiscvState.X, register, model.xlen() == 32 ? (int) value : value);
    }
  }

  /** Switches the hart off and on, as firmware does. */
  public Parking parking() {
    return parking;
  }

  Status status() {
    return status;
  }

  Interrupts interrupts() {
    return interrupts;
  }

  Counters counters() {
    return counters;
  }

  SupervisorTimer timer() {
    return timer;
  }

  /** Says that the guest did what the manual forbids. */
  void guestError(Supplier<String> what) {
    log.write(LogCategory.GUEST_ERRORS, () -> "hart" + index() + ": " + what.get());
  }

  /** Has the hart look at its interrupts soon. Any thread. */
  void kick() {
    if (attached()) {
      vcpu().kick();
    }
  }

  /** {@code satp} may name another address space. */
  void useAddressSpace() {
    if (attached()) {
      vcpu().useAddressSpace(mmu.addressSpace());
    }
  }

  void flushTlb() {
    if (attached()) {
      vcpu().flushTlb();
    }
  }

  @Override
  public String describe() {
    return RegisterDump.of(this);
  }
}
