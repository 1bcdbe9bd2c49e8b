package dev.kasuari.tcg.ir;

/**
 * How a memory operation accesses memory, packed into an immediate.
 *
 * @param bits the packed form
 */
public record MemDesc(long bits) {
  private static final int SIGNED = 1 << 3;
  private static final int BIG_ENDIAN = 1 << 4;
  private static final int ALIGN_SHIFT = 5;
  private static final int ATOMIC_SHIFT = 7;
  private static final int ACQUIRE = 1 << 9;
  private static final int RELEASE = 1 << 10;
  private static final int WRITE = 1 << 11;
  private static final int MMU_SHIFT = 12;

  /** Fence bits: earlier reads or writes before later reads or writes. */
  public static final int FENCE_RR = 1;

  public static final int FENCE_RW = 2;
  public static final int FENCE_WR = 4;
  public static final int FENCE_WW = 8;
  public static final int FENCE_ALL = 15;

  /** What happens to an access that is not naturally aligned. */
  public enum Alignment {
    /** It is performed, in pieces where it must be. */
    ANY,
    /** It raises the architecture's misaligned exception. */
    FAULT,
    /** It raises the access fault that an atomic to such an address raises. */
    ACCESS_FAULT,
    /** As {@link #FAULT}, unless all of it lies within 16 aligned bytes. */
    WITHIN_16;

    private static final Alignment[] VALUES = values();
  }

  /** How much of an access other observers see at once. */
  public enum Atomicity {
    /** Nothing is promised. */
    NONE,
    /** All of it if aligned; this is what loads and stores of registers usually promise. */
    ALIGNED,
    /**
     * All of it if it lies within 16 aligned bytes (Arm LSE2). Of a pair that does not, each half
     * that does; with another atomicity a pair is two accesses.
     */
    WITHIN_16;

    private static final Atomicity[] VALUES = values();
  }

  /** {@code size} bytes (1, 2, 4, 8), little-endian, zero-extending, any alignment, MMU index 0. */
  public static MemDesc of(int size) {
    return new MemDesc(
        Integer.numberOfTrailingZeros(size) | Atomicity.ALIGNED.ordinal() << ATOMIC_SHIFT);
  }

  public MemDesc signed() {
    return new MemDesc(bits | SIGNED);
  }

  public MemDesc bigEndian() {
    return new MemDesc(bits | BIG_ENDIAN);
  }

  public MemDesc alignment(Alignment policy) {
    return new MemDesc((bits & ~(3L << ALIGN_SHIFT)) | ((long) policy.ordinal() << ALIGN_SHIFT));
  }

  public MemDesc atomicity(Atomicity policy) {
    return new MemDesc((bits & ~(3L << ATOMIC_SHIFT)) | ((long) policy.ordinal() << ATOMIC_SHIFT));
  }

  public MemDesc acquire() {
    return new MemDesc(bits | ACQUIRE);
  }

  public MemDesc release() {
    return new MemDesc(bits | RELEASE);
  }

  /** For {@link Op#PROBE}: the access probed for is a store. */
  public MemDesc write() {
    return new MemDesc(bits | WRITE);
  }

  /** The translation regime, 0 to 15, as the CPU numbers them. */
  public MemDesc mmuIndex(int index) {
    return new MemDesc((bits & ~(15L << MMU_SHIFT)) | ((long) index << MMU_SHIFT));
  }

  public int size() {
    return size(bits);
  }

  /** Bytes accessed. */
  public static int size(long bits) {
    return 1 << (bits & 7);
  }

  /** Binary logarithm of the bytes accessed. */
  public static int sizeLog2(long bits) {
    return (int) bits & 7;
  }

  public static boolean isSigned(long bits) {
    return (bits & SIGNED) != 0;
  }

  public static boolean isBigEndian(long bits) {
    return (bits & BIG_ENDIAN) != 0;
  }

  public static Alignment alignment(long bits) {
    return Alignment.VALUES[(int) (bits >> ALIGN_SHIFT) & 3];
  }

  public static Atomicity atomicity(long bits) {
    return Atomicity.VALUES[(int) (bits >> ATOMIC_SHIFT) & 3];
  }

  public static boolean isAcquire(long bits) {
    return (bits & ACQUIRE) != 0;
  }

  public static boolean isRelease(long bits) {
    return (bits & RELEASE) != 0;
  }

  public static boolean isWrite(long bits) {
    return (bits & WRITE) != 0;
  }

  public static int mmuIndex(long bits) {
    return (int) (bits >> MMU_SHIFT) & 15;
  }

  /** As {@code -d op} prints it: {@code s4le mmu1 acq}. */
  public static String describe(long bits) {
    var text = new StringBuilder();
    text.append(isSigned(bits) ? "s" : "u")
        .append(size(bits))
        .append(isBigEndian(bits) ? "be" : "le");
    if (alignment(bits) != Alignment.ANY) {
      text.append(alignment(bits) == Alignment.WITHIN_16 ? " align16" : " align");
    }
    if (atomicity(bits) == Atomicity.WITHIN_16) {
      text.append(" within16");
    }
    if (isAcquire(bits)) {
      text.append(" acq");
    }
    if (isRelease(bits)) {
      text.append(" rel");
    }
    if (isWrite(bits)) {
      text.append(" write");
    }
    return text.append(" mmu").append(mmuIndex(bits)).toString();
  }

  @Override
  public String toString() {
    return describe(bits);
  }
}
