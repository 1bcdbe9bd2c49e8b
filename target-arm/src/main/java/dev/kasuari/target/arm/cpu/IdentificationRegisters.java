package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.target.arm.isa.A64SystemRegisters;

/**
 * The registers that say what there is: processor, features and caches. Source: DDI 0487, D19.2.
 */
final class IdentificationRegisters {
  private static final long RES1_MPIDR = 1L << 31;

  private final ArmCpu cpu;
  private final GuestState state;
  private final SystemRegisters registers;
  private final Traps traps;

  IdentificationRegisters(ArmCpu cpu, SystemRegisters registers, Traps traps) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.registers = registers;
    this.traps = traps;
  }

  void declare() {
    processor();
    features();
    caches();
  }

  private long model(String register) {
    return cpu.model().identification(register);
  }

  private long affinity() {
    return RES1_MPIDR | cpu.affinity();
  }

  private void processor() {
    long midr = model("midr_el1");
    registers.add("midr_el1", () -> seen(midr, state.get(ArmState.VPIDR)), null);
    registers.add("mpidr_el1", () -> seen(affinity(), state.get(ArmState.VMPIDR)), null);
    registers.add("revidr_el1", traps.hcr(Traps.TID1), () -> 0, null);
    registers.add("aidr_el1", traps.hcr(Traps.TID1), () -> 0, null);
    if (cpu.model().hasHypervisor()) {
      registers.field("vpidr_el2", ArmState.VPIDR, 0, 0xffff_ffffL);
      registers.field("vmpidr_el2", ArmState.VMPIDR);
    } else {
      registers.constant("vpidr_el2", midr);
      registers.constant("vmpidr_el2", affinity());
    }
  }

  /** What EL2 shows EL1. */
  private long seen(long real, long virtual) {
    return cpu.level() == 1 && cpu.el2Enabled() ? virtual : real;
  }

  /** All of the space of ID registers; what is not used there reads as zero. */
  private void features() {
    var guard = traps.hcr(Traps.TID3);
    for (int crm = 1; crm < 8; crm++) {
      for (int op2 = 0; op2 < 8; op2++) {
        int number = A64SystemRegisters.number(3, 0, 0, crm, op2);
        String name = A64SystemRegisters.name(number);
        registers.add(number, guard, () -> cpu.identification(name), null);
      }
    }
  }

  private void caches() {
    registers.add(
        "ctr_el0",
        Traps.both(traps.el0(Traps.UCT), traps.hcr(Traps.TID2)),
        () -> model("ctr_el0"),
        null);
    registers.add("dczid_el0", this::zeroBlock, null);
    var guard = traps.hcr(Traps.TID2);
    registers.add("clidr_el1", guard, () -> model("clidr_el1"), null);
    registers.add("csselr_el1", guard, () -> state.get(ArmState.CSSELR), this::select);
    registers.add("ccsidr_el1", guard, this::cache, null);
  }

  private void select(long value) {
    state.set(ArmState.CSSELR, value & 0xf);
  }

  private long cache() {
    return model("ccsidr" + state.get(ArmState.CSSELR));
  }

  /** DCZID_EL0: the logarithm of the words, and whether DC ZVA is prohibited here. */
  private long zeroBlock() {
    boolean prohibited =
        traps.el0(Traps.DZE).check(cpu.level(), true) != SystemRegister.Guard.PERMITTED
            || traps.hcr(cpu.level(), Traps.TDZ);
    return model("dczid_el0") | (prohibited ? 1 << 4 : 0);
  }

  /** After all registers were zeroed. */
  void reset() {
    state.set(ArmState.VPIDR, model("midr_el1"));
    state.set(ArmState.VMPIDR, affinity());
  }
}
