package dev.kasuari.target.riscv.sbi;

import dev.kasuari.target.riscv.cpu.RiscvCpu;

/**
 * One call: who makes it and with what.
 *
 * @param hart the caller
 * @param function {@code a6}
 */
record SbiCall(RiscvCpu hart, int function) {
  private static final int A0 = 10;

  /** Argument {@code i}, from {@code a0} on: XLEN bits, zero-extended. */
  long argument(int i) {
    long value = hart.x(A0 + i);
    return hart.model().xlen() == 32 ? value & 0xffff_ffffL : value;
  }

  /** True if an argument has all XLEN bits set. */
  boolean isAllOnes(int i) {
    return hart.x(A0 + i) == -1;
  }
}
