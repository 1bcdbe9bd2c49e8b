package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * Locks of one word: 0 is free, 1 is taken. Who holds one takes no interrupt, so that no interrupt
 * handler of the same hart can wait for it; locks nest.
 */
final class Spinlock extends Part {
  Spinlock(Program program) {
    super(program);
  }

  @Override
  void define() {
    acquire();
    release();
  }

  /** acquire(a0: lock) */
  private void acquire() {
    leaf("acquire");
    interruptsOff(T0);
    ld(T1, Hart.LOCKS, TP);
    addi(T2, T1, 1);
    sd(T2, Hart.LOCKS, TP);
    bnez(T1, ".take");
    andi(T0, T0, Csr.SSTATUS_SIE);
    sd(T0, Hart.LOCKS_SIE, TP);
    label(".take");
    li(T1, 1);
    label(".again");
    lrWAcquire(T0, A0);
    bnez(T0, ".again");
    scW(T0, T1, A0);
    bnez(T0, ".again");
    ret();
  }

  /** release(a0: lock) */
  private void release() {
    leaf("release");
    amoswapWRelease(ZERO, ZERO, A0);
    ld(T0, Hart.LOCKS, TP);
    addi(T0, T0, -1);
    sd(T0, Hart.LOCKS, TP);
    bnez(T0, ".done");
    ld(T0, Hart.LOCKS_SIE, TP);
    csrs(Csr.SSTATUS, T0);
    label(".done");
    ret();
  }
}
