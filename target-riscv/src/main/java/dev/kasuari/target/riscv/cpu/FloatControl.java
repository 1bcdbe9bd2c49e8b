package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateLayout;

/**
 * {@code fcsr} and its parts {@code fflags} and {@code frm}. Source: unprivileged, section 21.2.
 */
final class FloatControl {
  private static final int FLAGS = 0x1f;
  private static final int FRM_SHIFT = 5;
  private static final int LAST_VALID_FRM = 4;

  private final GuestState state;
  private final Status status;

  FloatControl(RiscvCpu cpu, Status status) {
    this.state = cpu.state();
    this.status = status;
  }

  void declare(CsrFile csrs) {
    csrs.add(
        0x001, "fflags", status::floatOn, this::flags, (value, mask) -> write(rounding(), value));
    csrs.add(0x002, "frm", status::floatOn, this::rounding, (value, mask) -> write(value, flags()));
    csrs.add(
        0x003,
        "fcsr",
        status::floatOn,
        () -> rounding() << FRM_SHIFT | flags(),
        (value, mask) -> write(value >> FRM_SHIFT, value));
  }

  private long flags() {
    return state.get(StateLayout.FP_FLAGS) & FLAGS;
  }

  private long rounding() {
    return state.get(RiscvState.FRM);
  }

  private void write(long rounding, long flags) {
    long frm = rounding & 7;
    state.set(RiscvState.FRM, frm);
    if (frm <= LAST_VALID_FRM) {
      state.set(StateLayout.FP_ROUNDING, frm);
    }
    state.set(StateLayout.FP_FLAGS, flags & FLAGS);
    status.floatDirty();
  }
}
