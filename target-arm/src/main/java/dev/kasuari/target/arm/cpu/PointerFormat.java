package dev.kasuari.target.arm.cpu;

/**
 * Where in pointers their codes are, and whether translated code computes these itself: the upper
 * half of a mode word. Source: DDI 0487, D8.9, and the functions AddPAC, Auth and Strip.
 */
public final class PointerFormat {
  private static final int IN_LINE = 32;
  private static final int ENABLED = 33;
  private static final int BOTTOM = 37;
  private static final int BOTTOM_BITS = 6;
  private static final int TAGGED = 49;

  private static final long BIT_55 = 1L << 55;

  private PointerFormat() {}

  /**
   * Packs where the code of the pointers to one of the two ranges is.
   *
   * @param bottom the lowest bit that is not part of an address, below 64
   * @param data whether the top byte of a pointer to data is ignored
   * @param instructions whether that of a pointer to instructions is
   */
  static long range(boolean upper, int bottom, boolean data, boolean instructions) {
    int range = upper ? 1 : 0;
    long tags = (data ? 1 : 0) | (instructions ? 2 : 0);
    return (long) bottom << (BOTTOM + BOTTOM_BITS * range) | tags << (TAGGED + 2 * range);
  }

  /**
   * Packs that translated code computes codes itself.
   *
   * @param enabled a bit for each of the keys IA, IB, DA and DB whose instructions do anything
   */
  static long inLine(int enabled) {
    return 1L << IN_LINE | (long) enabled << ENABLED;
  }

  /** Whether translated code computes codes itself: no instruction traps, and they are hashes. */
  public static boolean isInLine(long mode) {
    return (mode >>> IN_LINE & 1) != 0;
  }

  /** Whether instructions with a key, of IA, IB, DA and DB, do anything. */
  public static boolean enabled(long mode, int key) {
    return (mode >>> (ENABLED + key) & 1) != 0;
  }

  /** Whether the top byte of a pointer into a range is ignored. */
  private static boolean tagged(long mode, boolean upper, boolean data) {
    return (mode >>> (TAGGED + (upper ? 2 : 0) + (data ? 0 : 1)) & 1) != 0;
  }

  /** The bits of a pointer that are no part of an address: those of the code, and bit 55. */
  public static long field(long mode, boolean upper, boolean data) {
    int bottom = (int) (mode >>> (BOTTOM + (upper ? BOTTOM_BITS : 0))) & (1 << BOTTOM_BITS) - 1;
    return -(1L << bottom) & (tagged(mode, upper, data) ? -1L >>> 8 : -1L);
  }

  /** The bits of the code. */
  public static long code(long mode, boolean upper, boolean data) {
    return field(mode, upper, data) & ~BIT_55;
  }

  /**
   * Which bit of a pointer that is signed says in which range it is: 55 if the top byte is ignored
   * in any of the two, 63 otherwise. Where there is a code, it is 55.
   */
  public static int rangeBit(long mode, boolean data) {
    return tagged(mode, false, data) || tagged(mode, true, data) ? 55 : 63;
  }

  /** The bit that is turned over in the code of a pointer that was none. */
  public static long spoilt(long mode, boolean upper, boolean data) {
    return 1L << (tagged(mode, upper, data) ? 54 : 62);
  }

  /** The two bits of a pointer that say that its code was wrong. */
  public static long error(long mode, boolean upper, boolean data) {
    return 3L << (tagged(mode, upper, data) ? 53 : 61);
  }

  /** What they say: 1 for the keys IA and DA, 2 for the others. */
  public static long error(long mode, boolean upper, int key) {
    long bits = error(mode, upper, isForData(key));
    return (key & 1) == 0 ? Long.lowestOneBit(bits) : Long.highestOneBit(bits);
  }

  /** Whether a key is for pointers to data: DA and DB, not IA and IB. */
  public static boolean isForData(int key) {
    return key >= PointerAuthentication.DA;
  }
}
