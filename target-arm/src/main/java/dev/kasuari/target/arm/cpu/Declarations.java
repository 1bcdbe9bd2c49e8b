package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateField;
import java.util.List;

/** Declares the system registers that are little more than storage. */
final class Declarations {
  private static final long UMA = 1 << 9;
  private static final long UCT = 1 << 15;
  private static final long DZE = 1 << 14;

  /** Lines of 64 bytes, PIPT; nothing has to be cleaned to be seen (D19.2.37). */
  private static final long CTR = 0x9444_c004L;

  private static final List<String> IDENTIFICATION =
      List.of(
          "id_aa64pfr0_el1",
          "id_aa64pfr1_el1",
          "id_aa64zfr0_el1",
          "id_aa64dfr0_el1",
          "id_aa64dfr1_el1",
          "id_aa64afr0_el1",
          "id_aa64afr1_el1",
          "id_aa64isar0_el1",
          "id_aa64isar1_el1",
          "id_aa64isar2_el1",
          "id_aa64mmfr0_el1",
          "id_aa64mmfr1_el1",
          "id_aa64mmfr2_el1");

  private final ArmCpu cpu;
  private final GuestState state;
  private final SystemRegisters registers;

  Declarations(ArmCpu cpu, SystemRegisters registers) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.registers = registers;
  }

  void all() {
    identification();
    exceptions();
    control();
    translation();
    processState();
    threads();
  }

  private void identification() {
    registers.constant("midr_el1", Integer.toUnsignedLong(cpu.model().midr()));
    registers.constant("mpidr_el1", 1L << 31 | cpu.affinity());
    registers.constant("revidr_el1", 0);
    registers.add("ctr_el0", (level, writes) -> el0(level, UCT), () -> CTR, null);
    registers.add("dczid_el0", this::zeroBlockSize, null);
    for (String register : IDENTIFICATION) {
      registers.add(register, () -> cpu.identification(register), null);
    }
  }

  /** The level that an access from EL0 traps to unless SCTLR allows it, which is EL1 or EL2. */
  private int el0(int level, long allowed) {
    if (level != 0) {
      return SystemRegister.Guard.PERMITTED;
    }
    int control = cpu.hypervisorHost(2) ? 2 : 1;
    boolean permitted = (state.get(ArmState.SCTLR, control) & allowed) != 0;
    return permitted ? SystemRegister.Guard.PERMITTED : control;
  }

  private long zeroBlockSize() {
    long words = Long.numberOfTrailingZeros(ArmCpu.ZERO_BLOCK / 4);
    boolean prohibited = el0(cpu.level(), DZE) != SystemRegister.Guard.PERMITTED;
    return words | (prohibited ? 1 << 4 : 0);
  }

  private void exceptions() {
    registers.byLevel("elr", ArmState.ELR, 1, -1);
    registers.byLevel("spsr", ArmState.SPSR, 1, 0xffff_ffffL);
    registers.byLevel("esr", ArmState.ESR, 1, 0xffff_ffffL);
    registers.byLevel("far", ArmState.FAR, 1, -1);
    registers.byLevel("afsr0", ArmState.AFSR0, 1, 0);
    registers.byLevel("afsr1", ArmState.AFSR1, 1, 0);
    registers.byLevel("vbar", ArmState.VBAR, 1, -0x800);
    registers.add(
        "isr_el1", () -> state.getVolatile(ArmState.INPUTS) & (Pstate.I | Pstate.F), null);
    if (cpu.hasHypervisor()) {
      registers.field("hpfar_el2", ArmState.HPFAR);
    }
  }

  private void control() {
    for (int level = 1; level <= 3; level++) {
      int of = level;
      registers.add(
          "sctlr_el" + level,
          () -> state.get(ArmState.SCTLR, of),
          value -> {
            state.set(ArmState.SCTLR, of, value);
            cpu.flushTlb();
            cpu.modeChanged();
          });
      registers.field("actlr_el" + level, ArmState.ACTLR, level, 0);
    }
    registers.add(
        "cpacr_el1",
        () -> state.get(ArmState.CPACR),
        value -> {
          state.set(ArmState.CPACR, value & 3 << 20);
          cpu.modeChanged();
        });
    changing("cptr_el2", ArmState.CPTR, 2);
    changing("cptr_el3", ArmState.CPTR, 3);
    changing("hcr_el2", ArmState.HCR, 0);
    changing("scr_el3", ArmState.SCR, 0);
    registers.field("hstr_el2", ArmState.HSTR);
    registers.field("mdcr_el2", ArmState.MDCR, 2, -1);
    registers.field("mdcr_el3", ArmState.MDCR, 3, -1);
    registers.field("vpidr_el2", ArmState.VPIDR);
    registers.field("vmpidr_el2", ArmState.VMPIDR);
  }

  /** A register whose change may change how everything is translated. */
  private void changing(String name, StateField field, int element) {
    registers.add(
        name,
        () -> state.get(field, element),
        value -> {
          state.set(field, element, value);
          cpu.flushTlb();
          cpu.modeChanged();
          cpu.interrupts().check();
        });
  }

  private void translation() {
    for (int level = 1; level <= 3; level++) {
      changing("ttbr0_el" + level, ArmState.TTBR0, level);
      changing("tcr_el" + level, ArmState.TCR, level);
      changing("mair_el" + level, ArmState.MAIR, level);
      registers.field("amair_el" + level, ArmState.AMAIR, level, 0);
    }
    changing("ttbr1_el1", ArmState.TTBR1, 1);
    registers.field("contextidr_el1", ArmState.CONTEXTIDR, 1, 0xffff_ffffL);
    registers.field("par_el1", ArmState.PAR);
    changing("vttbr_el2", ArmState.VTTBR, 0);
    changing("vtcr_el2", ArmState.VTCR, 0);
  }

  private void processState() {
    registers.add("currentel", () -> (long) cpu.level() << Pstate.LEVEL_SHIFT, null);
    registers.add(
        "daif",
        (level, writes) -> el0(level, UMA),
        () -> state.get(ArmState.PSTATE) & Pstate.DAIF,
        value -> cpu.setPstate(Pstate.DAIF, value));
    registers.add(
        "spsel",
        () -> state.get(ArmState.PSTATE) & Pstate.SP_SELECT,
        value -> cpu.setPstate(Pstate.SP_SELECT, value));
    if (cpu.hasPan()) {
      registers.add(
          "pan",
          () -> state.get(ArmState.PSTATE) & Pstate.PAN,
          value -> cpu.setPstate(Pstate.PAN, value));
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
  }

  private void threads() {
    registers.byLevel("tpidr", ArmState.TPIDR, 0, -1);
    registers.add(
        "tpidrro_el0",
        (level, writes) ->
            level == 0 && writes ? SystemRegister.Guard.UNDEFINED : SystemRegister.Guard.PERMITTED,
        () -> state.get(ArmState.TPIDRRO),
        value -> state.set(ArmState.TPIDRRO, value));
  }
}
