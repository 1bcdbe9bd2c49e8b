package dev.kasuari.target.arm.cpu;

import org.jspecify.annotations.Nullable;

/**
 * The size of the smallest page, which is also that of a translation table. Source: DDI 0487,
 * D8.1.8 "Translation granules".
 */
public enum Granule {
  KIB_4(12),
  KIB_16(14),
  KIB_64(16);

  private final int bits;

  Granule(int bits) {
    this.bits = bits;
  }

  /** Bits of the offset in a page: 12, 14 or 16. */
  public int bits() {
    return bits;
  }

  /** Bits of an address that one level of tables resolves: 9, 11 or 13. */
  public int stride() {
    return bits - 3;
  }

  /** What TG0 of a TCR or TG of VTCR_EL2 names; null for the reserved value. */
  static @Nullable Granule ofTg0(int field) {
    return switch (field) {
      case 0b00 -> KIB_4;
      case 0b01 -> KIB_64;
      case 0b10 -> KIB_16;
      default -> null;
    };
  }

  /** What TG1 names; null for the reserved value. */
  static @Nullable Granule ofTg1(int field) {
    return switch (field) {
      case 0b01 -> KIB_16;
      case 0b10 -> KIB_4;
      case 0b11 -> KIB_64;
      default -> null;
    };
  }
}
