package dev.kasuari.target.arm.cpu;

/**
 * What the syndrome of a data abort tells a hypervisor that performs the access instead: width,
 * sign and register of an instruction that loads or stores one general-purpose register and changes
 * no other. Source: DDI 0487, D19.2.40, "ISS encoding for an exception from a Data Abort".
 */
final class AccessSyndrome {
  /** ISV: what follows means something. */
  static final int VALID = 1 << 24;

  private static final int SIZE_SHIFT = 22;
  private static final int SIGN_EXTEND = 1 << 21;
  private static final int REGISTER_SHIFT = 16;
  private static final int WIDE = 1 << 15;
  private static final int ORDERED = 1 << 14;

  private static final int LOAD = 1;
  private static final int LOAD_SIGNED = 2;
  private static final int LOAD_SIGNED_NARROW = 3;

  private AccessSyndrome() {}

  /** Bits 24 to 14 of the syndrome; 0 for an instruction of another kind. */
  static int of(int instruction) {
    int operation = instruction >>> 22 & 3;
    if (matches(instruction, 0x3f00_0000, 0x3900_0000) // immediate, scaled
        || matches(instruction, 0x3f20_0400, 0x3800_0000) // unscaled, and unprivileged
        || matches(instruction, 0x3f20_0c00, 0x3820_0800)) { // register
      return describe(instruction, operation, 0);
    }
    if (matches(instruction, 0x3fa0_8000, 0x0880_8000)) { // LDAR, STLR
      return describe(instruction, operation & 1, ORDERED);
    }
    if (matches(instruction, 0x3fff_fc00, 0x38bf_c000)) { // LDAPR
      return describe(instruction, LOAD, ORDERED);
    }
    return matches(instruction, 0x3f20_0c00, 0x1900_0000) // LDAPUR, STLUR
        ? describe(instruction, operation, ORDERED)
        : 0;
  }

  private static boolean matches(int instruction, int mask, int bits) {
    return (instruction & mask) == bits;
  }

  private static int describe(int instruction, int operation, int ordered) {
    int size = instruction >>> 30;
    if (operation == LOAD_SIGNED_NARROW ? size >= 2 : operation == LOAD_SIGNED && size == 3) {
      return 0; // a prefetch, or nothing
    }
    boolean wide = operation == LOAD_SIGNED || (operation <= LOAD && size == 3);
    return VALID
        | size << SIZE_SHIFT
        | (operation > LOAD ? SIGN_EXTEND : 0)
        | (instruction & 31) << REGISTER_SHIFT
        | (wide ? WIDE : 0)
        | ordered;
  }
}
