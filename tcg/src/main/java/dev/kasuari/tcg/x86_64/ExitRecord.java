package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.EngineState;

/**
 * What machine code and Java tell each other, as offsets in the bytes that every guest state
 * reserves for the back end.
 */
final class ExitRecord {
  /** long, out: where the code left, which names the site; 0 after a fault. */
  static final int SITE = EngineState.BACK_END;

  /** long, out: what the operation at the site was given. After a fault: the address accessed. */
  static final int FIRST = SITE + 8;

  /** long, out: the second operand. After a fault: the signal. */
  static final int SECOND = SITE + 16;

  /** long, out: the third operand. After a fault: the address of the instruction. */
  static final int THIRD = SITE + 24;

  /** long, in: result of the operation at the site, when the code resumes after it. */
  static final int RESULT = SITE + 32;

  /** long, in: its second result. */
  static final int SECOND_RESULT = SITE + 40;

  /** long, in and out: virtual address of the page in which the unit that runs begins. */
  static final int PAGE = SITE + 48;

  /** long, in: what an entry of the jump table must say to be followed. */
  static final int CONTEXT = SITE + 56;

  /** long: the host's stack pointer at the entry. */
  static final int HOST_STACK = SITE + 64;

  /** int: MXCSR as Java had it. */
  static final int HOST_MXCSR = SITE + 72;

  /** int, in: MXCSR as the guest wants it, its flags clear; out: with the flags that it raised. */
  static final int GUEST_MXCSR = SITE + 76;

  /** Nine longs: the registers that hold values, over an exit that is resumed. */
  static final int REGISTERS = SITE + 80;

  /** Two longs, out: the fourth and the fifth operand. */
  private static final int MORE = REGISTERS + 9 * 8;

  /** long, in: host address of the vCPU's {@link JumpTable}. */
  static final int JUMPS = EngineState.BACK_END_NEAR;

  private ExitRecord() {}

  /** Where an operand is, counted from 0. */
  static int operand(int position) {
    return position < 3 ? FIRST + 8 * position : MORE + 8 * (position - 3);
  }
}
