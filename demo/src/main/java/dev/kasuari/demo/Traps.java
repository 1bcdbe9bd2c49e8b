package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * Where every interrupt and exception arrives. All registers are saved on the hart's trap stack,
 * whose end is in sscratch; while a trap is being handled, 0 is there, so that a trap in the
 * handler is noticed.
 */
final class Traps extends Part {
  // The saved state: x1 to x31, each at eight times its number, and then:
  static final int FRAME_SEPC = 8 * 32;
  static final int FRAME_SSTATUS = 8 * 33;
  static final int FRAME_SCAUSE = 8 * 34;
  static final int FRAME_STVAL = 8 * 35;
  private static final int FRAME = 8 * 36;

  static final int BREAKPOINT = 3;

  Traps(Program program) {
    super(program);
  }

  @Override
  void define() {
    enable();
    entry();
    handle();
    exception();
  }

  /** enable_interrupts(): all three kinds, on the hart that runs. */
  private void enable() {
    leaf("enable_interrupts");
    li(T0, 1 << Csr.SOFTWARE_INTERRUPT | 1 << Csr.TIMER_INTERRUPT | 1 << Csr.EXTERNAL_INTERRUPT);
    csrw(Csr.SIE, T0);
    interruptsOn();
    ret();
  }

  private void entry() {
    alignCode(4); // the two lowest bits of stvec are its mode
    leaf("trap_entry");
    csrrw(SP, Csr.SSCRATCH, SP);
    beqz(SP, ".nested");
    addi(SP, SP, -FRAME);
    for (int x = RA; x <= T6; x++) {
      if (x != SP) {
        sd(x, 8 * x, SP);
      }
    }
    csrrw(T0, Csr.SSCRATCH, ZERO);
    sd(T0, 8 * SP, SP);
    csrr(T0, Csr.SEPC);
    sd(T0, FRAME_SEPC, SP);
    csrr(T0, Csr.SSTATUS);
    sd(T0, FRAME_SSTATUS, SP);
    csrr(T0, Csr.SCAUSE);
    sd(T0, FRAME_SCAUSE, SP);
    csrr(T0, Csr.STVAL);
    sd(T0, FRAME_STVAL, SP);
    mv(A0, SP);
    call("handle_trap");

    ld(T0, FRAME_SEPC, SP);
    csrw(Csr.SEPC, T0);
    ld(T0, FRAME_SSTATUS, SP);
    csrw(Csr.SSTATUS, T0);
    addi(T0, SP, FRAME);
    csrw(Csr.SSCRATCH, T0);
    for (int x = RA; x <= T6; x++) {
      if (x != SP) {
        ld(x, 8 * x, SP);
      }
    }
    ld(SP, 8 * SP, SP);
    sret();

    label(".nested");
    ld(SP, Hart.TRAP_STACK, TP);
    csrr(A1, Csr.SCAUSE);
    csrr(A2, Csr.SEPC);
    csrr(A3, Csr.STVAL);
    panic("a trap in the trap handler: scause %x, sepc %x, stval %x\n", A1, A2, A3);
  }

  /** handle_trap(a0: saved state) */
  private void handle() {
    leaf("handle_trap");
    ld(T0, FRAME_SCAUSE, A0);
    bgez(T0, ".exception");
    slli(A1, T0, 1); // without the bit that says that it is an interrupt
    srli(A1, A1, 1);
    li(T1, Csr.TIMER_INTERRUPT);
    beq(A1, T1, ".timer");
    li(T1, Csr.SOFTWARE_INTERRUPT);
    beq(A1, T1, ".software");
    li(T1, Csr.EXTERNAL_INTERRUPT);
    beq(A1, T1, ".external");
    panic("interrupt %u, which nobody has switched on\n", A1);
    label(".exception");
    j("handle_exception");
    label(".timer");
    j("handle_timer");
    label(".software");
    j("handle_ipi");
    label(".external");
    j("handle_external");
  }

  /**
   * handle_exception(a0: saved state): reports it. A breakpoint is stepped over; otherwise the hart
   * goes on where it said that it would if something happened, and if it said nothing, panics.
   */
  private void exception() {
    function("handle_exception", S0);
    mv(S0, A0);
    ld(T0, FRAME_SCAUSE, S0);
    addi(T0, T0, -BREAKPOINT);
    beqz(T0, ".breakpoint");
    ld(T0, Hart.RECOVER_PC, TP);
    beqz(T0, ".unexpected");
    call("report_trap");
    ld(T0, Hart.RECOVER_PC, TP);
    sd(T0, FRAME_SEPC, S0);
    ld(T0, Hart.RECOVER_SP, TP);
    sd(T0, 8 * SP, S0);
    sd(ZERO, Hart.RECOVER_PC, TP);
    ret();

    label(".breakpoint");
    call("report_trap");
    ld(T0, FRAME_SEPC, S0);
    lhu(T1, 0, T0);
    andi(T1, T1, 3); // a 32-bit instruction has both bits set
    addi(T1, T1, -3);
    addi(T0, T0, 2);
    bnez(T1, ".compressed");
    addi(T0, T0, 2);
    label(".compressed");
    sd(T0, FRAME_SEPC, S0);
    ret();

    label(".unexpected");
    li(T0, 1); // the console's lock may be held: by this hart, and then for ever
    sd(T0, "panicking", T1);
    mv(A0, S0);
    call("report_trap");
    panic("nobody expected this exception\n");
  }
}
