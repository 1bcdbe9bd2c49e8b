package dev.kasuari.target.arm.cpu;

/** The bits of FPCR and FPSR. Source: DDI 0487, C5.2.8 and C5.2.10. */
public final class Fpcr {
  static final int FZ16_SHIFT = 19;
  static final int FZ_SHIFT = 24;

  /** Halves are flushed to zero. */
  public static final long FZ16 = 1 << FZ16_SHIFT;

  /** The rounding mode: to nearest, up, down, toward zero. */
  public static final int ROUNDING_SHIFT = 22;

  /** Numbers of other formats are flushed to zero. */
  public static final long FZ = 1 << FZ_SHIFT;

  /** NaN results are the default NaN. */
  public static final long DN = 1 << 25;

  /** Half precision of conversions is the alternative one. */
  public static final long AHP = 1 << 26;

  /** What translation depends on. */
  public static final long MODES = FZ16 | FZ | DN | AHP;

  /** FPSR.QC: an integer was saturated. */
  public static final int QC_SHIFT = 27;

  private Fpcr() {}

  /** What a processing element has of FPCR. */
  public static long writable(boolean halves) {
    return FZ | DN | AHP | 3 << ROUNDING_SHIFT | (halves ? FZ16 : 0);
  }

  /** Softfloat's number of a rounding mode. */
  public static int rounding(long fpcr) {
    return (int) -(fpcr >> ROUNDING_SHIFT) & 3;
  }
}
