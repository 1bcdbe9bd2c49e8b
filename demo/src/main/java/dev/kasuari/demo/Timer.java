package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * A tick on every hart, a hundred times a second. With Sstc the hart has a comparator of its own;
 * without, the firmware sets the machine's timer.
 */
final class Timer extends Part {
  static final int TICKS_PER_SECOND = 100;

  Timer(Program program) {
    super(program);
  }

  @Override
  void define() {
    init();
    startHart();
    handle();
    set();
    milliseconds();
    variable("tick_interval", 8);
    variable("has_sstc", 8);
  }

  /**
   * timer_init(): the devicetree may promise Sstc and the firmware not allow it; so it is tried.
   */
  private void init() {
    function("timer_init");
    ld(T0, "timebase");
    li(T1, TICKS_PER_SECOND);
    divu(T0, T0, T1);
    sd(T0, "tick_interval", T1);
    ld(A0, Hart.ISA, TP);
    beqz(A0, ".done");
    la(A1, text("_sstc"));
    call("strfind");
    beqz(A0, ".done");
    la(T0, ".refused");
    csrrw(T1, Csr.STVEC, T0);
    li(T0, 1);
    csrr(T2, Csr.STIMECMP);
    j(".tried");
    alignCode(4);
    label(".refused");
    li(T0, 0);
    label(".tried");
    csrw(Csr.STVEC, T1);
    sd(T0, "has_sstc", T1);
    label(".done");
    ret();
  }

  /** timer_start_hart() */
  private void startHart() {
    leaf("timer_start_hart");
    csrr(A0, Csr.TIME);
    ld(T0, "tick_interval");
    add(A0, A0, T0);
    sd(A0, Hart.NEXT_TICK, TP);
    j("set_timer");
  }

  /** handle_timer(): the timer interrupt. Setting the timer anew clears it. */
  private void handle() {
    leaf("handle_timer");
    ld(T0, Hart.TICKS, TP);
    addi(T0, T0, 1);
    sd(T0, Hart.TICKS, TP);
    ld(A0, Hart.NEXT_TICK, TP);
    ld(T0, "tick_interval");
    csrr(T1, Csr.TIME);
    add(A0, A0, T0);
    bgtu(A0, T1, ".set");
    add(A0, T1, T0); // ticks have been missed; they are not made up for
    label(".set");
    sd(A0, Hart.NEXT_TICK, TP);
    j("set_timer");
  }

  /** set_timer(a0: time) */
  private void set() {
    leaf("set_timer");
    ld(T0, "has_sstc");
    bnez(T0, ".comparator");
    sbi(Sbi.TIME, Sbi.TIME_SET_TIMER);
    ret();
    label(".comparator");
    csrw(Csr.STIMECMP, A0);
    ret();
  }

  /** milliseconds(a0: ticks of the time CSR) -> a0 */
  private void milliseconds() {
    leaf("milliseconds");
    li(T0, 1000);
    mul(A0, A0, T0);
    ld(T0, "timebase");
    divu(A0, A0, T0);
    ret();
  }
}
