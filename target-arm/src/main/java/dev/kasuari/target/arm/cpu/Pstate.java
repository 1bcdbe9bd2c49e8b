package dev.kasuari.target.arm.cpu;

/** Bits of PSTATE where SPSR_EL1 has them. Source: DDI 0487, D19.2.132 "SPSR_EL1". */
public final class Pstate {
  public static final long SP_SELECT = 1;
  public static final int LEVEL_SHIFT = 2;

  /** AArch32, which there is none of. */
  public static final long AARCH32 = 1 << 4;

  public static final long F = 1 << 6;
  public static final long I = 1 << 7;
  public static final long A = 1 << 8;
  public static final long D = 1 << 9;

  /** All interrupt masks. */
  public static final long DAIF = D | A | I | F;

  public static final int BTYPE_SHIFT = 10;
  public static final long BTYPE = 3 << BTYPE_SHIFT;
  public static final long SSBS = 1 << 12;
  public static final long IL = 1 << 20;
  public static final long SS = 1 << 21;
  public static final long PAN = 1 << 22;
  public static final long UAO = 1 << 23;
  public static final long DIT = 1 << 24;
  public static final long TCO = 1 << 25;
  public static final int NZCV_SHIFT = 28;

  private Pstate() {}
}
