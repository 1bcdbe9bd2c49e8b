package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.PageTranslation;
import dev.kasuari.target.arm.cpu.SystemRegister.Guard;
import dev.kasuari.target.arm.isa.A64Features;
import dev.kasuari.target.arm.isa.A64SystemOperations;
import org.jspecify.annotations.Nullable;

/**
 * What instructions of the system level ask of a processing element: MRS, MSR, SYS, changes of
 * PSTATE and waits. Each says whether it was done; if not, {@link #refusal} is the exception that
 * the instruction raises. Own thread only. Source: DDI 0487, C5 and C6.2.
 */
public final class SystemInstructions {
  private static final int CACHES = 7;
  private static final int TLB = 8;

  /** CRn of TLB maintenance that need not wait for accesses with the XS attribute. */
  private static final int TLB_NXS = 9;

  private static final int RZ = 31;

  private final ArmCpu cpu;
  private final GuestState state;
  private final Log log;
  private final SystemRegisters registers;
  private final Traps traps;
  private final TlbMaintenance tlb;
  private final FpAccess fpAccess;
  private final HostNames names;
  private final PointerAuthentication pointers;
  private final PageTranslation found = new PageTranslation();
  private int refusal;
  private long refusedAddress;
  private long readValue;

  SystemInstructions(ArmCpu cpu, Log log, SystemRegisters registers, Traps traps) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.log = log;
    this.registers = registers;
    this.traps = traps;
    this.tlb = new TlbMaintenance(cpu);
    this.fpAccess = new FpAccess(cpu);
    this.names = new HostNames(cpu);
    this.pointers = new PointerAuthentication(cpu, traps);
    if (cpu.model().has(A64Features.PAUTH)) {
      pointers.declare(registers);
    }
  }

  FpAccess fpAccess() {
    return fpAccess;
  }

  void reset() {
    tlb.reset();
  }

  // ---- refusals --------------------------------------------------------------------------------

  /** The exception that the instruction which was refused raises. */
  public int refusal() {
    return refusal;
  }

  /** The address that goes with it. */
  public long refusedAddress() {
    return refusedAddress;
  }

  private boolean undefined() {
    refusal = Syndrome.UNKNOWN;
    refusedAddress = 0;
    return false;
  }

  private boolean trap(int level, int syndrome) {
    cpu.exceptions().trapTo(level);
    refusal = syndrome;
    refusedAddress = 0;
    return false;
  }

  /**
   * Does what a guard says: true if it permits.
   *
   * @param number op0, op1, CRn, CRm and op2
   */
  private boolean permitted(Guard guard, int number, boolean writes, int transfer) {
    int answer = guard.check(cpu.level(), writes);
    if (answer == Guard.PERMITTED) {
      return true;
    }
    return answer == Guard.UNDEFINED
        ? undefined()
        : trap(answer, Syndrome.SYSTEM_TRAP | transferSyndrome(number, writes, transfer));
  }

  /** ISS of a trapped MSR, MRS or system instruction (D19.2.40). */
  static int transferSyndrome(int number, boolean writes, int transfer) {
    int op0 = number >> 14 & 3;
    int op1 = number >> 11 & 7;
    int crn = number >> 7 & 15;
    int crm = number >> 3 & 15;
    int op2 = number & 7;
    int direction = writes ? 0 : 1;
    return op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | transfer << 5 | crm << 1 | direction;
  }

  // ---- registers -------------------------------------------------------------------------------

  private @Nullable SystemRegister reach(int number, boolean writes, int transfer) {
    SystemRegister register = registers.find(names.meant(number));
    undefined();
    if (register == null) {
      log.write(
          LogCategory.UNIMP,
          () ->
              "cpu%d: no system register 0x%04x, asked for at 0x%x"
                  .formatted(cpu.index(), number, cpu.pc()));
    }
    if (register == null
        || cpu.level() < register.level()
        || (writes ? register.write() == null : register.read() == null)) {
      return unreachable(number, writes, transfer);
    }
    return permitted(register.guard(), number, writes, transfer) ? register : null;
  }

  /** FEAT_IDST: what identifies the processor is a trap at EL0, so that it can be emulated. */
  private @Nullable SystemRegister unreachable(int number, boolean writes, int transfer) {
    int op1 = number >> 11 & 7;
    boolean identifies =
        number >> 14 == 3
            && (op1 == 0 || op1 == 1 || op1 == 3)
            && (number >> 7 & 15) == 0
            && (number >> 3 & 15) < 8;
    if (cpu.level() == 0
        && !writes
        && identifies
        && cpu.model().field("id_aa64mmfr2_el1", 36) != 0) {
      trap(
          cpu.exceptions().trapTarget(1),
          Syndrome.SYSTEM_TRAP | transferSyndrome(number, false, transfer));
    }
    return null;
  }

  /**
   * Reads a system register as MRS does; the value is {@link #registerValue}.
   *
   * @param number op0, op1, CRn, CRm and op2
   * @param transfer the general-purpose register
   */
  public boolean readRegister(int number, int transfer) {
    GicCpuInterface half = cpu.gic();
    if (half != null && GicCpuInterface.has(number)) {
      boolean reached = reachGic(half, number, false, transfer);
      if (reached) {
        cpu.locked(() -> readValue = half.read(number));
      }
      return reached;
    }
    SystemRegister register = reach(number, false, transfer);
    if (register == null || register.read() == null) {
      return false;
    }
    readValue = register.read().getAsLong();
    return true;
  }

  /** What the last {@link #readRegister} that returned true has read. */
  public long registerValue() {
    return readValue;
  }

  /** Writes a system register as MSR does. */
  public boolean writeRegister(int number, int transfer, long value) {
    GicCpuInterface half = cpu.gic();
    if (half != null && GicCpuInterface.has(number)) {
      boolean reached = reachGic(half, number, true, transfer);
      if (reached) {
        cpu.locked(() -> half.write(number, value));
      }
      return reached;
    }
    SystemRegister register = reach(number, true, transfer);
    if (register == null || register.write() == null) {
      return false;
    }
    register.write().accept(value);
    return true;
  }

  private boolean reachGic(GicCpuInterface half, int number, boolean writes, int transfer) {
    int trap = Syndrome.SYSTEM_TRAP | transferSyndrome(number, writes, transfer);
    return switch (half.check(number, writes)) {
      case ALLOWED -> true;
      case UNDEFINED -> undefined();
      case TRAP_EL2 -> trap(2, trap);
      case TRAP_EL3 -> trap(3, trap);
    };
  }

  // ---- operations ------------------------------------------------------------------------------

  /**
   * Performs a system operation; there is nothing to do for caches, as there are none, and DC ZVA
   * is only permitted.
   *
   * @param operation op1, CRn, CRm and op2
   * @param transfer the general-purpose register
   */
  public boolean operate(int operation, int transfer, long value) {
    int crn = operation >> 7 & 15;
    if (cpu.level() < SystemRegister.level(operation)) {
      return undefined();
    }
    return switch (crn) {
      case CACHES -> caches(operation, transfer, value);
      case TLB -> invalidate(operation, transfer, value);
      case TLB_NXS -> {
        boolean there = cpu.model().field("id_aa64isar1_el1", 56) != 0;
        int plain = (operation & ~(15 << 7)) | TLB << 7;
        yield there ? invalidate(plain, transfer, value) : undefined();
      }
      default -> undefined();
    };
  }

  private boolean invalidate(int operation, int transfer, long value) {
    if (!tlb.exists(operation)) {
      return undefined();
    }
    boolean ofEl1 = (operation >> 11 & 7) == 0;
    if (ofEl1 && !permitted(traps.hcr(Traps.TTLB), 1 << 14 | operation, true, transfer)) {
      return false;
    }
    boolean ofEl2 = (operation >> 11 & 7) == 4;
    if (ofEl2 && cpu.level() == 3 && !cpu.el2Enabled() && !isOfEl1(operation)) {
      return undefined();
    }
    tlb.perform(operation, value);
    return true;
  }

  /** Of EL2's those that are about EL1: ALLE1 and others that EL3 has without EL2. */
  private static boolean isOfEl1(int operation) {
    int op2 = operation & 7;
    int crm = operation >> 3 & 15;
    return op2 == 4 || op2 == 6 || crm == 0 || crm == 4;
  }

  /** Has what was invalidated for others be forgotten by them, before DSB ends. */
  public void completeInvalidations() {
    tlb.complete();
  }

  /** Whether it is an operation on caches or predictors that there is, whoever may execute it. */
  public boolean maintainsCaches(int operation) {
    String name = A64SystemOperations.name(operation);
    return (operation >> 7 & 15) == CACHES && CacheMaintenance.guard(cpu, traps, name) != null;
  }

  private boolean caches(int operation, int transfer, long value) {
    String name = A64SystemOperations.name(operation);
    if (name.startsWith("at ")) {
      return translate(operation, name, value);
    }
    Guard guard = CacheMaintenance.guard(cpu, traps, name);
    return guard == null ? undefined() : permitted(guard, 1 << 14 | operation, true, transfer);
  }

  // ---- address translation ---------------------------------------------------------------------

  private boolean translate(int operation, String name, long va) {
    boolean ofPan = name.endsWith("p");
    boolean ofEl2 = (operation >> 11 & 7) == 4;
    if ((ofPan && cpu.model().field("id_aa64mmfr1_el1", 20) < 2) || (ofEl2 && !cpu.el2Enabled())) {
      return undefined();
    }
    boolean bothStages = name.startsWith("at s12");
    Regime regime = regime(name, ofPan);
    boolean write = name.contains("w");
    long par =
        cpu.mmu()
            .addressTranslate(va, regime, write ? Access.WRITE : Access.READ, bothStages, found);
    if (found.faultCause != -1 && (cpu.mmu().external() || cpu.level() == 1)) {
      refusal = found.faultCause;
      refusedAddress = found.faultValue;
      return false;
    }
    state.set(ArmState.PAR, par);
    return true;
  }

  private Regime regime(String name, boolean ofPan) {
    boolean host = cpu.hypervisorHost(2);
    boolean pan = ofPan && (state.get(ArmState.PSTATE) & Pstate.PAN) != 0;
    return switch (name.charAt(name.indexOf('e') + 1)) {
      case '0' -> host ? Regime.E20_0 : Regime.E10_0;
      case '1' -> {
        Regime normal = host ? Regime.E20_2 : Regime.E10_1;
        Regime strict = host ? Regime.E20_2_PAN : Regime.E10_1_PAN;
        yield pan ? strict : normal;
      }
      case '2' -> cpu.exceptions().hypervisor(Exceptions.HCR_E2H) ? Regime.E20_2 : Regime.E2;
      default -> Regime.E3;
    };
  }

  // ---- PSTATE ----------------------------------------------------------------------------------

  /**
   * Changes PSTATE as MSR of an immediate does.
   *
   * @param mask the bits that change
   * @param encoding the instruction
   */
  public boolean changePstate(long mask, long bits, int encoding) {
    boolean masks = (encoding >> 16 & 7) == 3 && (encoding >> 5 & 6) == 6;
    // Op0 is 0 there, and the immediate is where CRm is.
    boolean done = !masks || permitted(traps.el0(Traps.UMA), encoding >> 5 & 0x3fff, true, RZ);
    if (done) {
      cpu.setPstate(mask, bits);
    }
    return done;
  }

  // ---- waiting ---------------------------------------------------------------------------------

  /** Whether WFE, or WFI, may be executed here. */
  public boolean mayWait(boolean forInterrupt) {
    return mayWait(forInterrupt, forInterrupt ? 0 : 1);
  }

  /**
   * Whether WFET, or WFIT, may be executed here; if so, it ends at a time at the latest.
   *
   * @param register that has the time
   * @param time of the virtual counter
   */
  public boolean mayWaitUntil(boolean forInterrupt, int register, long time) {
    if (cpu.waitTimeout().reached(time)) {
      cpu.waitTimeout().pass();
      return true;
    }
    boolean may = mayWait(forInterrupt, register << 5 | 1 << 2 | (forInterrupt ? 2 : 3));
    if (may && forInterrupt) {
      cpu.waitTimeout().start(time);
    }
    return may;
  }

  private boolean mayWait(boolean forInterrupt, int which) {
    int level = cpu.level();
    if (forInterrupt && cpu.hasWork()) {
      return true; // it does not wait
    }
    int target = traps.el0(forInterrupt ? Traps.NTWI : Traps.NTWE).check(level, false);
    if (target == Guard.PERMITTED) {
      target = traps.waiting(level, forInterrupt);
    }
    return target == Guard.PERMITTED || trap(target, Syndrome.WFX | 1 << 24 | 14 << 20 | which);
  }

  // ---- pointer authentication ------------------------------------------------------------------

  private static final int AUTHENTICATE = 4;
  private static final int STRIP = 8;
  private static final int GENERIC = 10;

  private boolean usesNothing(int operation) {
    boolean strips = operation >= STRIP && operation < GENERIC;
    return strips || (operation < STRIP && !pointers.enabled(operation & 3));
  }

  /**
   * Whether an instruction on pointers may be executed here.
   *
   * @param operation 0 to 3 to sign with the keys IA, IB, DA and DB, 4 to 7 to authenticate with
   *     them, 8 and 9 to strip a pointer to instructions or data, 10 for a generic code
   */
  public boolean mayAuthenticate(int operation) {
    int target = usesNothing(operation) ? 0 : pointers.trapLevel();
    return target == 0 || trap(target, Syndrome.PAUTH_TRAP);
  }

  /** What the mode word says of codes in pointers. */
  long pointerBits() {
    return pointers.modeBits();
  }

  /** The result of such an instruction, which may be executed. */
  public long authenticate(int operation, long pointer, long modifier) {
    if (operation >= GENERIC) {
      return pointers.generic(pointer, modifier);
    }
    if (operation >= STRIP) {
      return pointers.strip(pointer, operation > STRIP);
    }
    int key = operation & 3;
    if (!pointers.enabled(key)) {
      return pointer;
    }
    return operation >= AUTHENTICATE
        ? pointers.authenticate(pointer, modifier, key)
        : pointers.sign(pointer, modifier, key);
  }

  /** ERETAA and ERETAB: a return to where ELR says if it was signed. */
  public boolean authenticatedReturn(int key) {
    if (!mayAuthenticate(AUTHENTICATE + key)) {
      return false;
    }
    long address = state.get(ArmState.ELR, cpu.level());
    cpu.exceptions().eret(authenticate(AUTHENTICATE + key, address, cpu.x(31)));
    return true;
  }

  // ---- debug -----------------------------------------------------------------------------------

  /** An instruction where there may be a breakpoint: refused if there is one. */
  public boolean passesBreakpoints() {
    refusal = cpu.debug().breakpoint();
    refusedAddress = 0;
    return refusal == 0;
  }

  /** An indirect branch was taken in a software step. */
  public void branch(int kind, long target) {
    long from = cpu.pc();
    cpu.setPc(target);
    cpu.jumped(kind, from);
  }

  // ---- floating point --------------------------------------------------------------------------

  /** A floating-point or SIMD instruction that is disabled here: always refused. */
  public boolean vectors() {
    refusal = fpAccess.trap();
    refusedAddress = 0;
    return false;
  }
}
