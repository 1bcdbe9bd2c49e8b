package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.LaneHash;

/**
 * The code of a pointer, by the algorithm that a model has. What was computed last is remembered: a
 * function's return authenticates what its call signed. Used by one processing element.
 */
final class PointerCode {
  private static final int SLOTS_LOG2 = 10;

  /** Value, modifier, the two halves of the key, and the code. */
  private static final int SLOT = 5;

  @FunctionalInterface
  private interface Algorithm {
    long code(long value, long modifier, long high, long low);
  }

  private final Algorithm algorithm;
  private final long[] slots;

  private PointerCode(Algorithm algorithm, boolean remembers) {
    this.algorithm = algorithm;
    slots = new long[remembers ? SLOT << SLOTS_LOG2 : 0];
    if (remembers) {
      // Of zeros; in all other slots they are what is not looked for.
      slots[slot(0, 0) + 4] = algorithm.code(0, 0, 0, 0);
    }
  }

  /** That of a model with pointer authentication. */
  static PointerCode of(ArmModel model) {
    if (isFast(model)) {
      return new PointerCode(PointerCode::fast, false);
    }
    boolean three = model.field("id_aa64isar2_el1", 12) != 0;
    Qarma qarma = three ? Qarma.three() : Qarma.five();
    return new PointerCode(qarma::code, true);
  }

  /** Whether the code is a {@link LaneHash} of value, modifier and key, low half first. */
  static boolean isFast(ArmModel model) {
    return model.field("id_aa64isar1_el1", 8) != 0;
  }

  /**
   * The implementation-defined algorithm, which is that of QEMU's {@code pauth-impdef}. No secret
   * is safe with it.
   */
  private static long fast(long value, long modifier, long high, long low) {
    return LaneHash.of(value, modifier, low, high);
  }

  private static int slot(long value, long modifier) {
    long mixed = (value ^ Long.rotateLeft(modifier, 29)) * 0x9e37_79b9_7f4a_7c15L;
    return SLOT * (int) (mixed >>> (Long.SIZE - SLOTS_LOG2));
  }

  /**
   * The code of a value.
   *
   * @param high bits 127 to 64 of the key
   * @param low bits 63 to 0
   */
  long code(long value, long modifier, long high, long low) {
    if (slots.length == 0) {
      return algorithm.code(value, modifier, high, low);
    }
    int at = slot(value, modifier);
    if (slots[at] != value
        || slots[at + 1] != modifier
        || slots[at + 2] != high
        || slots[at + 3] != low) {
      slots[at + 4] = algorithm.code(value, modifier, high, low);
      slots[at] = value;
      slots[at + 1] = modifier;
      slots[at + 2] = high;
      slots[at + 3] = low;
    }
    return slots[at + 4];
  }
}
