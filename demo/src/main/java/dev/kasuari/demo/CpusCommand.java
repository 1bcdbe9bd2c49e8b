package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/** cpus: a table of the harts, after they have all worked on one counter. */
final class CpusCommand extends Part {
  private static final int ROUNDS = 1000;

  CpusCommand(Program program) {
    super(program);
  }

  @Override
  void define() {
    cpus();
    countUnderLock();
    waitForTick();
    row();
    variable("counter_lock", 8);
    variable("counter", 8);
    table(
        "hart_states",
        () -> {
          for (String state : new String[] {"off", "starting", "online", "failed", "disabled"}) {
            offset(text(state), 0);
          }
        });
  }

  private void cpus() {
    function("command_cpus", S0, S1);
    sd(ZERO, "counter", T0);
    la(A0, "count_under_lock");
    call("call_on_all");
    mv(S0, A0);
    la(A0, "wait_for_tick");
    call("for_each_hart");
    printf("  hart  state        ticks     IPIs  external  isa\n");
    la(A0, "print_hart");
    call("for_each_hart");
    ld(A1, "harts_ignored");
    beqz(A1, ".ticks");
    printf("  and %u more, which this kernel has no room for\n", A1);
    label(".ticks");
    li(A1, Timer.TICKS_PER_SECOND);
    la(A2, text("the SBI's timer"));
    ld(T0, "has_sstc");
    beqz(T0, ".timer");
    la(A2, text("the harts' own comparators (Sstc)"));
    label(".timer");
    ld(A3, "timebase");
    printf("%u ticks a second, by %s; the clock runs at %u Hz.\n", A1, A2, A3);

    ld(T0, "harts_online");
    li(A1, ROUNDS);
    mul(S1, T0, A1);
    ld(A2, "counter");
    printf("Each hart added 1 to one counter %u times, under a lock: it is %u, ", A1, A2);
    ld(A3, "counter");
    la(A1, text("but one did not answer"));
    beqz(S0, ".verdict");
    la(A1, text("as it must be"));
    beq(A3, S1, ".verdict");
    la(A1, text("which is WRONG"));
    label(".verdict");
    printf("%s.\n", A1);
    ret();

    function("for_each_hart", S0, S1, S2); // (a0: function that takes a hart)
    mv(S2, A0);
    la(S0, "harts");
    ld(S1, "hart_count");
    label(".next");
    mv(A0, S0);
    callr(S2);
    addi(S0, S0, Hart.SIZE);
    addi(S1, S1, -1);
    bnez(S1, ".next");
    ret();
  }

  /** count_under_lock(): on every hart at once. Without the lock, some additions would be lost. */
  private void countUnderLock() {
    function("count_under_lock", S0);
    li(S0, ROUNDS);
    label(".next");
    la(A0, "counter_lock");
    call("acquire");
    ld(T0, "counter");
    addi(T0, T0, 1);
    sd(T0, "counter", T1);
    call("release");
    addi(S0, S0, -1);
    bnez(S0, ".next");
    ret();
  }

  /**
   * wait_for_tick(a0: hart): until it has ticked, or for a second; it may have started just now.
   */
  private void waitForTick() {
    leaf("wait_for_tick");
    ld(T0, Hart.STATE, A0);
    addi(T0, T0, -Hart.STATE_ONLINE);
    bnez(T0, ".done");
    ld(T1, "timebase");
    csrr(T0, Csr.TIME);
    add(T1, T1, T0);
    label(".wait");
    ld(T0, Hart.TICKS, A0);
    bnez(T0, ".done");
    csrr(T0, Csr.TIME);
    bltu(T0, T1, ".wait");
    label(".done");
    ret();
  }

  /** print_hart(a0: hart) */
  private void row() {
    function("print_hart", S0);
    mv(S0, A0);
    ld(T0, Hart.STATE, S0);
    slli(T0, T0, 2);
    la(T1, "hart_states");
    add(T1, T1, T0);
    loadOffset(A2, 0, T1);
    ld(A1, Hart.ID, S0);
    ld(A3, Hart.TICKS, S0);
    ld(A4, Hart.IPIS, S0);
    ld(A5, Hart.EXTERNALS, S0);
    printf("  %4u  %-8s %9u %8u %9u  ", A1, A2, A3, A4, A5);
    call("print_isa");
    ld(A1, Hart.SBI_ERROR, S0);
    beqz(A1, ".end");
    printf(", SBI error %d", A1);
    label(".end");
    printf("\n");
    ret();

    function("print_isa", S1); // with s0 the hart; long texts are not repeated
    ld(S1, Hart.ISA, S0);
    bnez(S1, ".known");
    la(S1, text("?"));
    label(".known");
    la(T0, "harts");
    beq(T0, S0, ".print");
    ld(A0, Hart.ISA - Hart.SIZE, S0); // of the hart before
    beqz(A0, ".print");
    mv(A1, S1);
    call("streq");
    beqz(A0, ".print");
    la(S1, text("the same"));
    label(".print");
    printf("%s", S1);
    ret();
  }
}
