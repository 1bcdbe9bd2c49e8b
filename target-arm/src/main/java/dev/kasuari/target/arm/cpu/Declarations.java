package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.target.arm.isa.A64Features;
import dev.kasuari.target.arm.isa.A64SystemRegisters;
import java.util.List;

/** Declares the system registers that are little more than storage. */
final class Declarations {
  /** Registers of a model's own for which there is nothing here, as firmware of Arm's sets them. */
  private static final int CPUACTLR = A64SystemRegisters.number(3, 1, 15, 2, 0);

  private static final int CPUECTLR = A64SystemRegisters.number(3, 1, 15, 2, 1);
  private static final int CPUMERRSR = A64SystemRegisters.number(3, 1, 15, 2, 2);
  private static final int L2MERRSR = A64SystemRegisters.number(3, 1, 15, 2, 3);
  private static final int L2ACTLR = A64SystemRegisters.number(3, 1, 15, 0, 0);
  private static final int L2CTLR = A64SystemRegisters.number(3, 1, 11, 0, 2);
  private static final int L2ECTLR = A64SystemRegisters.number(3, 1, 11, 0, 3);

  /** SCTLR_ELx: M, WXN, EE and EPAN. */
  private static final long SCTLR_TRANSLATING = 1 | 1 << 19 | 1 << 25 | 1L << 57;

  /** SCR_EL3: NS and SIF. */
  private static final long SCR_TRANSLATING = 1 | 1 << 9;

  private static final long SCR_RES1 = 3 << 4;

  /** HCR_EL2: VM, PTW, DC, TGE, E2H and FWB. */
  private static final long HCR_TRANSLATING = 1 | 1 << 2 | 1 << 12 | 1 << 27 | 1L << 34 | 1L << 46;

  /** HCR_EL2: bits of nested virtualization, activity monitors, enhanced traps, RME and tags. */
  private static final long HCR_UNUSED = 7L << 42 | 1L << 45 | 0x3fL << 47 | 0x3ffL << 54;

  private final ArmCpu cpu;
  private final GuestState state;
  private final SystemRegisters registers;
  private final Traps traps;

  Declarations(ArmCpu cpu, SystemRegisters registers, Traps traps) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.registers = registers;
    this.traps = traps;
  }

  void all() {
    exceptions();
    control();
    hypervisor();
    translation();
    processState();
    threads();
    errors();
    orderingRegions();
    implementationDefined();
  }

  private boolean has(long feature) {
    return cpu.model().has(feature);
  }

  // ---- exceptions ------------------------------------------------------------------------------

  private void exceptions() {
    var memory = traps.virtualMemory();
    registers.byLevel("elr", ArmState.ELR, 1, -1);
    registers.byLevel("spsr", ArmState.SPSR, 1, 0xffff_ffffL);
    registers.byLevel("esr", memory, ArmState.ESR, 1, 0x1f_ffff_ffffL);
    registers.byLevel("far", memory, ArmState.FAR, 1, -1);
    registers.byLevel("afsr0", memory, ArmState.AFSR0, 1, 0);
    registers.byLevel("afsr1", memory, ArmState.AFSR1, 1, 0);
    registers.byLevel("vbar", ArmState.VBAR, 1, -0x800);
    registers.add("isr_el1", cpu.interrupts()::status, null);
    registers.field("hpfar_el2", ArmState.HPFAR);
    registers.add("rvbar_el" + cpu.model().levels(), cpu::resetVector, null);
  }

  // ---- control ---------------------------------------------------------------------------------

  private void control() {
    for (int level = 1; level <= 3; level++) {
      changing("sctlr_el" + level, traps.virtualMemory(), ArmState.SCTLR, level, SCTLR_TRANSLATING);
      registers.field("actlr_el" + level, traps.hcr(Traps.TACR), ArmState.ACTLR, level, 0);
    }
    registers.add(
        "cpacr_el1",
        traps.cpacr(),
        () -> state.get(ArmState.CPACR),
        value -> {
          state.set(ArmState.CPACR, value & 3 << 20);
          cpu.modeChanged();
        });
    changing("cptr_el2", traps.cpacr(), ArmState.CPTR, 2, 0);
    changing("cptr_el3", SystemRegisters::permitted, ArmState.CPTR, 3, 0);
    changing("scr_el3", SystemRegisters::permitted, ArmState.SCR, 0, SCR_TRANSLATING, SCR_RES1);
    debugControl(3, SystemRegisters::permitted);
    registers.zero("sder32_el3", SystemRegisters::permitted);
  }

  private void hypervisor() {
    registers.add(
        "hcr_el2",
        () -> state.get(ArmState.HCR),
        value -> {
          long before = state.get(ArmState.HCR);
          long unused = HCR_UNUSED | (cpu.model().hasSecureMonitor() ? Traps.HCD : 0);
          long after = (value & ~unused) | Exceptions.HCR_RW;
          state.set(ArmState.HCR, after);
          if (((before ^ after) & HCR_TRANSLATING) != 0) {
            cpu.flushTlb();
          }
          cpu.modeChanged();
          cpu.interrupts().hypervisorChanged();
        });
    if (cpu.model().field("id_aa64mmfr1_el1", 40) != 0) {
      registers.field("hcrx_el2", traps.needsScr(Traps.SCR_HXEN), ArmState.HCRX, 0, 0);
    }
    registers.field("hstr_el2", ArmState.HSTR, 0, 0);
    registers.zero("hacr_el2", SystemRegisters::permitted);
    debugControl(2, traps.debug(Traps.TDA));
  }

  /** MDCR_ELx, of which what is counted depends. */
  private void debugControl(int level, SystemRegister.Guard guard) {
    registers.add(
        "mdcr_el" + level,
        guard,
        () -> state.get(ArmState.MDCR, level),
        value -> {
          cpu.monitors().sync();
          state.set(ArmState.MDCR, level, value & 0xffff_ffffL);
          cpu.monitors().changed();
          cpu.modeChanged();
        });
  }

  /**
   * A register on which the mode depends.
   *
   * @param translating the bits whose change makes what was translated wrong
   */
  private void changing(
      String name, SystemRegister.Guard guard, StateField field, int element, long translating) {
    changing(name, guard, field, element, translating, 0);
  }

  /** As the other; {@code res1} are bits that are always set. */
  private void changing(
      String name,
      SystemRegister.Guard guard,
      StateField field,
      int element,
      long translating,
      long res1) {
    registers.add(
        name,
        guard,
        () -> state.get(field, element) | res1,
        value -> {
          long changed = state.get(field, element) ^ value;
          state.set(field, element, value);
          if ((changed & translating) != 0) {
            cpu.flushTlb();
            cpu.useAddressSpace();
          }
          cpu.modeChanged();
          cpu.interrupts().check();
        });
  }

  // ---- translation -----------------------------------------------------------------------------

  private void translation() {
    var memory = traps.virtualMemory();
    for (int level = 1; level <= 3; level++) {
      tables("ttbr0_el" + level, ArmState.TTBR0, level);
      changing("tcr_el" + level, memory, ArmState.TCR, level, -1);
    }
    tables("ttbr1_el1", ArmState.TTBR1, 1);
    if (cpu.model().field("id_aa64mmfr1_el1", 8) != 0) {
      tables("ttbr1_el2", ArmState.TTBR1, 2);
      registers.field("contextidr_el2", ArmState.CONTEXTIDR, 2, 0xffff_ffffL);
    }
    // What memory's attributes are matters to address translation instructions alone.
    registers.byLevel("mair", memory, ArmState.MAIR, 1, -1);
    registers.byLevel("amair", memory, ArmState.AMAIR, 1, 0);
    registers.field("contextidr_el1", memory, ArmState.CONTEXTIDR, 1, 0xffff_ffffL);
    registers.field("par_el1", ArmState.PAR);
    changing("vttbr_el2", SystemRegisters::permitted, ArmState.VTTBR, 0, -1);
    changing("vtcr_el2", SystemRegisters::permitted, ArmState.VTCR, 0, -1);
  }

  /**
   * A base of tables. Where there are ASIDs, other tables need another one, or an invalidation (DDI
   * 0487, D8.14.3); so what was translated is told apart by the ASID in use.
   */
  private void tables(String name, StateField field, int level) {
    registers.add(
        name,
        traps.virtualMemory(),
        () -> state.get(field, level),
        value -> {
          long before = TlbMaintenance.asid(state, level);
          boolean host = level == 2 && cpu.exceptions().hypervisor(Exceptions.HCR_E2H);
          boolean changes = state.get(field, level) != value;
          state.set(field, level, value);
          boolean spaces = level == 1 || host;
          if (!spaces && changes) {
            cpu.flushTlb();
          } else if (before != TlbMaintenance.asid(state, level)) {
            cpu.useAddressSpace();
          }
        });
  }

  // ---- PSTATE ----------------------------------------------------------------------------------

  private void processState() {
    registers.add("currentel", () -> (long) cpu.level() << Pstate.LEVEL_SHIFT, null);
    bits("daif", traps.el0(Traps.UMA), Pstate.DAIF);
    bits("spsel", SystemRegisters::permitted, Pstate.SP_SELECT);
    if (cpu.hasPan()) {
      bits("pan", SystemRegisters::permitted, Pstate.PAN);
    }
    if (has(A64Features.UAO)) {
      bits("uao", SystemRegisters::permitted, Pstate.UAO);
    }
    if (has(A64Features.DIT)) {
      bits("dit", SystemRegisters::permitted, Pstate.DIT);
    }
    if (cpu.hasSsbs()) {
      bits("ssbs", SystemRegisters::permitted, Pstate.SSBS);
    }
    for (int level = 0; level < cpu.model().levels(); level++) {
      int of = level;
      registers.add(
          "sp_el" + level,
          (current, writes) ->
              cpu.usesStackPointer(of)
                  ? SystemRegister.Guard.UNDEFINED
                  : SystemRegister.Guard.PERMITTED,
          () -> cpu.bankedStackPointer(of),
          value -> cpu.setBankedStackPointer(of, value));
    }
    if (cpu.model().field("id_aa64isar0_el1", 60) != 0) {
      registers.add("rndr", cpu::randomNumber, null);
      registers.add("rndrrs", cpu::randomNumber, null);
    }
  }

  /** Bits of PSTATE as a register of their own. */
  private void bits(String name, SystemRegister.Guard guard, long bits) {
    registers.add(
        name, guard, () -> state.get(ArmState.PSTATE) & bits, value -> cpu.setPstate(bits, value));
  }

  // ---- threads ---------------------------------------------------------------------------------

  private void threads() {
    registers.byLevel("tpidr", ArmState.TPIDR, 0, -1);
    registers.field("tpidrro_el0", Traps::readOnlyAtEl0, ArmState.TPIDRRO, 0, -1);
    if (cpu.model().field("id_aa64pfr0_el1", 56) >= 2) {
      for (int level = 0; level <= 3; level++) {
        var guard = traps.contextNumber();
        registers.field("scxtnum_el" + level, guard, ArmState.SCXTNUM, level, -1);
      }
    }
  }

  // ---- what there is nothing of ----------------------------------------------------------------

  /** RAS without error records. */
  private void errors() {
    if (!has(A64Features.RAS)) {
      return;
    }
    var guard = traps.hcrAndScr(Traps.TERR, Traps.SCR_TERR);
    registers.add("erridr_el1", guard, () -> 0, null);
    registers.field("vsesr_el2", ArmState.VSESR, 0, 0x1ff_ffffL);
    registers.field("vdisr_el2", ArmState.VDISR);
    registers.add(
        "disr_el1",
        () -> errorsAbove() ? 0 : state.get(deferred()),
        value -> {
          if (!errorsAbove()) {
            state.set(deferred(), value);
          }
        });
  }

  /** SCR_EL3.EA: errors are EL3's, who alone defers them. */
  private boolean errorsAbove() {
    return deferred().equals(ArmState.DISR) && traps.scr(cpu.level(), Exceptions.SCR_EA);
  }

  private StateField deferred() {
    boolean virtual = cpu.level() == 1 && cpu.exceptions().hypervisor(Exceptions.HCR_AMO);
    return virtual ? ArmState.VDISR : ArmState.DISR;
  }

  /** Limited ordering regions, of which there are none. */
  private void orderingRegions() {
    if (!has(A64Features.LOR)) {
      return;
    }
    var guard = traps.hcrAndScr(Traps.TLOR, Traps.SCR_TLOR);
    for (String name : List.of("lorsa_el1", "lorea_el1", "lorn_el1", "lorc_el1")) {
      registers.zero(name, Traps.both(traps.nonSecure(), guard));
    }
    registers.add("lorid_el1", guard, () -> 0, null);
  }

  private void implementationDefined() {
    if (!List.of("cortex-a53", "cortex-a57", "cortex-a72", "max").contains(cpu.model().name())) {
      return;
    }
    for (int number : List.of(CPUACTLR, CPUECTLR, CPUMERRSR, L2MERRSR, L2ACTLR, L2CTLR, L2ECTLR)) {
      registers.add(number, traps.hcr(Traps.TIDCP), () -> 0, value -> {});
    }
  }
}
