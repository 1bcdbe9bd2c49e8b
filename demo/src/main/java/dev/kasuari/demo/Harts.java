package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * All harts at work: starting them, and calls from one to another. A call is a bit in the other's
 * mailbox, set atomically, and then an interrupt to make it look.
 */
final class Harts extends Part {
  /** Wakes it: what it waits for may have happened. */
  static final int WAKE = 1;

  /** It calls {@code call_function}. */
  static final int CALL = 2;

  /** It stops for good. */
  static final int STOP = 4;

  Harts(Program program) {
    super(program);
  }

  @Override
  void define() {
    startHarts();
    startHart();
    send();
    handle();
    callOthers();
    waitZero();
    variable("boot_hart", 8);
    variable("harts_starting", 8);
    variable("harts_online", 8);
    variable("call_function", 8);
    variable("calls_pending", 8);
  }

  /** start_harts(): all but the one that runs; waits until they are there, or for a second. */
  private void startHarts() {
    function("start_harts", S0, S1);
    sd(TP, "boot_hart", T0);
    li(T0, 1);
    sd(T0, "harts_online", T1);
    la(S0, "harts");
    ld(S1, "hart_count");
    label(".next");
    mv(A0, S0);
    ld(T0, Hart.STATE, S0);
    bnez(T0, ".started"); // it runs, or must not
    call("start_hart");
    label(".started");
    addi(S0, S0, Hart.SIZE);
    addi(S1, S1, -1);
    bnez(S1, ".next");
    la(A0, "harts_starting");
    ld(A1, "timebase");
    call("wait_zero");
    ret();
  }

  /** start_hart(a0: hart) */
  private void startHart() {
    function("start_hart", S0);
    mv(S0, A0);
    li(T0, Hart.STATE_STARTING);
    sd(T0, Hart.STATE, S0);
    la(T0, "harts_starting");
    li(T1, 1);
    amoaddD(ZERO, T1, T0);
    ld(A0, Hart.ID, S0);
    la(A1, "start_secondary");
    ld(T0, "direct_map");
    sub(A1, A1, T0); // it starts with paging off
    mv(A2, S0);
    sbi(Sbi.HSM, Sbi.HSM_START);
    beqz(A0, ".done");
    sd(A0, Hart.SBI_ERROR, S0);
    li(T0, Hart.STATE_FAILED);
    sd(T0, Hart.STATE, S0);
    la(T0, "harts_starting");
    li(T1, -1);
    amoaddD(ZERO, T1, T0);
    label(".done");
    ret();

    function("hart_online"); // the one that has been started says so
    li(T0, Hart.STATE_ONLINE);
    sd(T0, Hart.STATE, TP);
    la(T0, "harts_online");
    li(T1, 1);
    amoaddD(ZERO, T1, T0);
    la(T0, "harts_starting");
    li(T1, -1);
    amoaddD(ZERO, T1, T0);
    ld(A0, "boot_hart");
    li(A1, WAKE);
    call("send_ipi");
    ret();
  }

  /** send_ipi(a0: hart, a1: bits for its mailbox) */
  private void send() {
    leaf("send_ipi");
    addi(T0, A0, Hart.MAILBOX);
    amoorD(ZERO, A1, T0);
    fence(RW, IORW); // the mailbox is written before the interrupt arrives
    ld(A1, Hart.ID, A0);
    li(A0, 1); // a mask whose bit 0 means hart a1
    sbi(Sbi.IPI, Sbi.IPI_SEND);
    ret();
  }

  /** handle_ipi(): the software interrupt. */
  private void handle() {
    function("handle_ipi", S0);
    li(T0, 1 << Csr.SOFTWARE_INTERRUPT);
    csrc(Csr.SIP, T0); // first: a bit that is set after the mailbox is read interrupts again
    ld(T0, Hart.IPIS, TP);
    addi(T0, T0, 1);
    sd(T0, Hart.IPIS, TP);
    addi(T0, TP, Hart.MAILBOX);
    amoswapD(S0, ZERO, T0);
    andi(T0, S0, STOP);
    bnez(T0, ".stop");
    andi(T0, S0, CALL);
    beqz(T0, ".done");
    ld(T0, "call_function");
    callr(T0);
    la(T0, "calls_pending");
    li(T1, -1);
    amoaddD(T0, T1, T0);
    add(T0, T0, T1);
    bnez(T0, ".done");
    ld(A0, "boot_hart"); // the last one wakes the caller
    li(A1, WAKE);
    call("send_ipi");
    label(".done");
    ret();
    label(".stop"); // interrupts are off in a handler, and stay so
    wfi();
    j(".stop");
  }

  /**
   * call_on_all(a0: function) -> a0: 1 if all have returned from it within a second. Every online
   * hart calls it; for the shell's hart only, so there is one call at a time.
   */
  private void callOthers() {
    function("call_on_all", S0, S1);
    sd(A0, "call_function", T0);
    ld(T0, "harts_online");
    addi(T0, T0, -1);
    sd(T0, "calls_pending", T1);
    li(A0, CALL);
    call("send_to_others");
    ld(T0, "call_function");
    callr(T0);
    la(A0, "calls_pending");
    ld(A1, "timebase");
    call("wait_zero");
    ret();

    function("send_to_others", S0, S1, S2); // (a0: bits)
    mv(S2, A0);
    la(S0, "harts");
    ld(S1, "hart_count");
    label(".next");
    beqz(S1, ".done");
    beq(S0, TP, ".skip");
    ld(T0, Hart.STATE, S0);
    addi(T0, T0, -Hart.STATE_ONLINE);
    bnez(T0, ".skip");
    mv(A0, S0);
    mv(A1, S2);
    call("send_ipi");
    label(".skip");
    addi(S0, S0, Hart.SIZE);
    addi(S1, S1, -1);
    j(".next");
    label(".done");
    ret();
  }

  /**
   * wait_zero(a0: variable, a1: for how long) -> a0: 1 if the variable has become zero. The hart
   * sleeps; who makes it zero sends an interrupt, and a tick comes anyway.
   */
  private void waitZero() {
    leaf("wait_zero");
    csrr(T0, Csr.TIME);
    add(A1, A1, T0);
    label(".again");
    interruptsOff(T0); // nothing happens between the look and the sleep
    ld(T0, 0, A0);
    beqz(T0, ".zero");
    csrr(T0, Csr.TIME);
    bgeu(T0, A1, ".late");
    wfi();
    interruptsOn();
    j(".again");
    label(".zero");
    interruptsOn();
    fence(R, RW); // what was written before it is seen after it
    li(A0, 1);
    ret();
    label(".late");
    interruptsOn();
    li(A0, 0);
    ret();
  }
}
