package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/** The end, when going on would do harm: says why and switches the machine off as failed. */
final class Panic extends Part {
  Panic(Program program) {
    super(program);
  }

  @Override
  void define() {
    functionWithLocals("panic", 64);
    for (int n = 0; n < 8; n++) {
      sd(A0 + n, 8 * n, SP);
    }
    interruptsOff(T0);
    li(T0, 1);
    sd(T0, "panicking", T1);
    li(A0, Harts.STOP);
    call("send_to_others");
    ld(A1, Hart.ID, TP);
    printf("\nKernel panic on hart %u: ", A1);
    ld(A0, 0, SP);
    addi(A1, SP, 8);
    call("vprintf");
    li(A0, Sbi.SHUTDOWN);
    li(A1, Sbi.SYSTEM_FAILURE);
    call("sbi_reset");
    variable("panicking", 8);
  }
}
