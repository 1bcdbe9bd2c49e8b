package dev.kasuari.it;

import java.util.random.RandomGenerator;

/** Register contents that are likely to find the edge of something. */
final class CornerValues {
  private static final long BOX = 0xffff_ffff_0000_0000L;

  private static final long[] INTEGERS = {
    0,
    1,
    -1,
    2,
    -2,
    31,
    32,
    63,
    64,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    0x8000_0000L,
    0xffff_ffffL,
    0x1_0000_0000L,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MIN_VALUE + 1,
    0xffff_ffff_8000_0000L,
    0xffff_ffff_7fff_ffffL,
    0x5555_5555_5555_5555L,
    0xaaaa_aaaa_aaaa_aaaaL,
    0xff00_ff00_ff00_ff00L
  };

  /** Zero, subnormals, one, powers of two near integer limits, largest, infinity, NaNs. */
  private static final int[] SINGLES = {
    0,
    1,
    0x007f_ffff,
    0x0080_0000,
    0x0080_0001,
    0x3f80_0000,
    0x3f7f_ffff,
    0x3f00_0000,
    0x3fc0_0000,
    0x4b00_0000,
    0x4b80_0000,
    0x4eff_ffff,
    0x4f00_0000,
    0x4f7f_ffff,
    0x4f80_0000,
    0x5eff_ffff,
    0x5f00_0000,
    0x5f7f_ffff,
    0x5f80_0000,
    0x7f00_0000,
    0x7f7f_ffff,
    0x7f80_0000,
    0x7f80_0001,
    0x7fbf_ffff,
    0x7fc0_0000,
    0x7fc0_0001,
    0x7fff_ffff,
    0x1f80_0000,
    0x2000_0000
  };

  private static final long HALF_BOX = 0xffff_ffff_ffff_0000L;

  /** As {@link #SINGLES}. */
  private static final int[] HALVES = {
    0, 1, 0x03ff, 0x0400, 0x0401, 0x3c00, 0x3bff, 0x3800, 0x3e00, 0x6400, 0x6800, 0x7800, 0x7bff,
    0x7c00, 0x7c01, 0x7dff, 0x7e00, 0x7e01, 0x7fff, 0x1c00, 0x2000, 0x0c00, 0x0800
  };

  private static final long[] DOUBLES = {
    0,
    1,
    0x000f_ffff_ffff_ffffL,
    0x0010_0000_0000_0000L,
    0x0010_0000_0000_0001L,
    0x3ff0_0000_0000_0000L,
    0x3fef_ffff_ffff_ffffL,
    0x3fe0_0000_0000_0000L,
    0x3ff8_0000_0000_0000L,
    0x36a0_0000_0000_0000L,
    0x3690_0000_0000_0000L,
    0x380f_ffff_ffff_ffffL,
    0x3810_0000_0000_0000L,
    0x380f_ffff_e000_0000L,
    0x380f_ffff_f000_0000L,
    0x41df_ffff_ffc0_0000L,
    0x41df_ffff_ffe0_0000L,
    0x41e0_0000_0000_0000L,
    0x41ef_ffff_ffe0_0000L,
    0x41ef_ffff_fff0_0000L,
    0x41f0_0000_0000_0000L,
    0x4330_0000_0000_0000L,
    0x4340_0000_0000_0000L,
    0x43df_ffff_ffff_ffffL,
    0x43e0_0000_0000_0000L,
    0x43ef_ffff_ffff_ffffL,
    0x43f0_0000_0000_0000L,
    0x47ef_ffff_e000_0000L,
    0x47ef_ffff_f000_0000L,
    0x47f0_0000_0000_0000L,
    0x7fef_ffff_ffff_ffffL,
    0x7ff0_0000_0000_0000L,
    0x7ff0_0000_0000_0001L,
    0x7ff7_ffff_ffff_ffffL,
    0x7ff8_0000_0000_0000L,
    0x7ff8_0000_0000_0001L,
    0x7fff_ffff_ffff_ffffL,
    0x1ff0_0000_0000_0000L
  };

  private CornerValues() {}

  static long integer(RandomGenerator random) {
    return switch (random.nextInt(8)) {
      case 0, 1, 2 -> INTEGERS[random.nextInt(INTEGERS.length)];
      case 3 -> random.nextLong() >> random.nextInt(64);
      case 4 -> random.nextLong() >>> random.nextInt(64);
      case 5 -> (1L << random.nextInt(64)) + random.nextInt(3) - 1;
      case 6 -> random.nextInt();
      default -> random.nextLong();
    };
  }

  /** A floating-point register: mostly singles in a box and doubles, each often special. */
  static long floating(RandomGenerator random) {
    return switch (random.nextInt(13)) {
      case 10, 11 -> HALF_BOX | half(random);
      case 12 -> HALF_BOX | random.nextInt(0x1_0000);
      case 0, 1, 2 -> BOX | single(random);
      case 3, 4 -> BOX | (random.nextInt() & 0xffff_ffffL);
      case 5, 6, 7 ->
          DOUBLES[random.nextInt(DOUBLES.length)] ^ (random.nextLong() & Long.MIN_VALUE);
      case 8 -> single(random);
      default -> random.nextLong();
    };
  }

  private static long single(RandomGenerator random) {
    int bits = SINGLES[random.nextInt(SINGLES.length)];
    return (bits ^ (random.nextInt() & Integer.MIN_VALUE)) & 0xffff_ffffL;
  }

  private static long half(RandomGenerator random) {
    return HALVES[random.nextInt(HALVES.length)] ^ (random.nextInt() & 0x8000);
  }
}
