package dev.kasuari.tcg.x86_64;

/**
 * What machine code and Java tell each other, as offsets in the bytes that every guest state
 * reserves for the accelerator, after those of {@link dev.kasuari.tcg.EngineState}. The fields that
 * every entry and exit touches are reached with one-byte displacements.
 */
final class ExitRecord {
  /** long, out: where the code left, which names the site; 0 after a fault. */
  static final int SITE = 48;

  /** long, out: what the operation at the site was given. After a fault: the address accessed. */
  static final int FIRST = 56;

  /** long, out: the second operand. After a fault: the signal. */
  static final int SECOND = 64;

  /** long, out: the third operand. After a fault: the address of the instruction. */
  static final int THIRD = 72;

  /** long, in: result of the operation at the site, when the code resumes after it. */
  static final int RESULT = 80;

  /** long, in and out: virtual address of the entry of the unit that runs. */
  static final int BASE = 88;

  /** long, in: host address of the frame, where values are that are in no register. */
  static final int FRAME = 96;

  /** long, in: host address of the soft MMU's table. */
  static final int TABLE = 104;

  /** long: the host's stack pointer at the entry. */
  static final int HOST_STACK = 112;

  /** int: MXCSR as Java had it. */
  static final int HOST_MXCSR = 120;

  /** int, in: MXCSR as the guest wants it, its flags clear; out: with the flags that it raised. */
  static final int GUEST_MXCSR = 124;

  /** Eight longs: the registers that hold values, over an exit that is resumed. */
  static final int REGISTERS = 128;

  private ExitRecord() {}
}
