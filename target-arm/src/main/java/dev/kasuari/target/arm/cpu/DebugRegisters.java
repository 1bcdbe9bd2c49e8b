package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateField;
import java.util.List;

/**
 * The debug registers. Of the debug communications channel and other things of an external debugger
 * there are none, which reads as zero. Source: DDI 0487, D19.3.
 */
final class DebugRegisters {
  /** OSLSR_EL1: there is an OS lock. */
  private static final long OSLM = 1 << 3;

  private static final long OSLK = 1 << 1;
  private static final long TDCC = 1 << 12;

  /** SS, TDCC, KDE, HDE and MDE. */
  private static final long MDSCR_BITS = 1 | TDCC | 1 << 13 | 1 << 14 | 1 << 15;

  /**
   * What is kept for the OS while the lock is held: ERR, TDA, TXU, RXO, TXfull, RXfull and more.
   */
  private static final long MDSCR_SAVED = 1 << 6 | 0xfL << 20 | 3L << 26 | 3L << 29;

  private static final long CLAIM_TAGS = 0xff;

  private final ArmCpu cpu;
  private final GuestState state;
  private final SystemRegisters registers;
  private final Traps traps;

  DebugRegisters(ArmCpu cpu, SystemRegisters registers, Traps traps) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.registers = registers;
    this.traps = traps;
  }

  /** As many of a kind as ID_AA64DFR0_EL1 says. */
  private int count(int shift) {
    return cpu.model().field("id_aa64dfr0_el1", shift) + 1;
  }

  void declare() {
    control();
    osLock();
    channel();
    var guard = traps.debug(Traps.TDA);
    for (int i = 0; i < count(12); i++) {
      Runnable changed = cpu.debug()::breakpointsChanged;
      point("dbgbvr" + i, guard, ArmState.DBGBVR, i, -1, changed);
      point("dbgbcr" + i, guard, ArmState.DBGBCR, i, 0x00ff_e1e7L, changed);
    }
    for (int i = 0; i < count(20); i++) {
      Runnable changed = cpu.debug()::watchpointsChanged;
      point("dbgwvr" + i, guard, ArmState.DBGWVR, i, ~3L, changed);
      point("dbgwcr" + i, guard, ArmState.DBGWCR, i, 0x1f1f_ffffL, changed);
    }
  }

  private void point(
      String name,
      SystemRegister.Guard guard,
      StateField field,
      int i,
      long writable,
      Runnable changed) {
    registers.add(
        name + "_el1",
        guard,
        () -> state.get(field, i),
        value -> {
          if (state.get(field, i) != (value & writable)) {
            state.set(field, i, value & writable);
            changed.run();
          }
        });
  }

  private void control() {
    registers.add(
        "mdscr_el1",
        traps.debug(Traps.TDA),
        () -> state.get(ArmState.MDSCR),
        value -> {
          long writable = MDSCR_BITS | (osLocked() ? MDSCR_SAVED : 0);
          long kept = state.get(ArmState.MDSCR) & ~writable;
          state.set(ArmState.MDSCR, kept | (value & writable));
          cpu.modeChanged();
        });
    registers.add("mdrar_el1", traps.debug(Traps.TDRA), () -> 0, null);
    registers.add("dbgauthstatus_el1", traps.debug(Traps.TDA), () -> 0, null);
    registers.add(
        "dbgclaimset_el1",
        traps.debug(Traps.TDA),
        () -> CLAIM_TAGS,
        value -> claim(claimed() | value));
    registers.add(
        "dbgclaimclr_el1",
        traps.debug(Traps.TDA),
        this::claimed,
        value -> claim(claimed() & ~value));
  }

  private long claimed() {
    return state.get(ArmState.DBGCLAIM);
  }

  private void claim(long tags) {
    state.set(ArmState.DBGCLAIM, tags & CLAIM_TAGS);
  }

  private boolean osLocked() {
    return (state.get(ArmState.OSLSR) & OSLK) != 0;
  }

  private void osLock() {
    var guard = traps.debug(Traps.TDOSA);
    registers.add("oslsr_el1", guard, () -> state.get(ArmState.OSLSR), null);
    registers.add(
        "oslar_el1",
        guard,
        null,
        value -> {
          state.set(ArmState.OSLSR, OSLM | ((value & 1) != 0 ? OSLK : 0));
          cpu.modeChanged();
        });
    registers.field("osdlr_el1", guard, ArmState.OSDLR, 0, 1);
    registers.zero("dbgprcr_el1", guard);
  }

  /** The debug communications channel, through which nobody speaks. */
  private void channel() {
    for (String name : List.of("osdtrrx_el1", "osdtrtx_el1", "oseccr_el1", "mdccint_el1")) {
      registers.zero(name, traps.debug(Traps.TDA));
    }
    SystemRegister.Guard fromEl0 =
        (level, writes) ->
            level == 0 && (state.get(ArmState.MDSCR) & TDCC) != 0
                ? cpu.exceptions().trapTarget(1)
                : SystemRegister.Guard.PERMITTED;
    var guard = Traps.both(fromEl0, traps.debug(Traps.TDA));
    registers.add("mdccsr_el0", guard, () -> 0, null);
    registers.zero("dbgdtr_el0", guard);
    registers.zero("dbgdtrrx_el0", guard);
  }

  /** After all registers were zeroed: the lock is held. */
  void reset() {
    state.set(ArmState.OSLSR, OSLM | OSLK);
  }
}
