package dev.kasuari.tcg.ir;

/**
 * A condition on a {@link Type#FLAGS} value. C is the carry of an addition and the borrow of a
 * subtraction; {@link #HI} and {@link #LS} are for architectures whose flags were made with the
 * inverted borrow, {@link #ABOVE} and {@link #BELOW_EQUAL} for the others.
 */
public enum FlagCond {
  Z,
  NZ,
  C,
  NC,
  N,
  NN,
  V,
  NV,
  /** Parity of the low byte is even (x86). */
  P,
  NP,
  /** C and not Z: unsigned higher where carry means no borrow (Arm). */
  HI,
  LS,
  /** N equals V: signed greater or equal. */
  GE,
  LT,
  /** Not Z and N equals V. */
  GT,
  LE,
  /** Neither C nor Z: unsigned above where carry means borrow (x86). */
  ABOVE,
  BELOW_EQUAL;

  private static final FlagCond[] VALUES = values();

  /** The condition that holds exactly when this one does not. */
  public FlagCond inverse() {
    return VALUES[ordinal() ^ 1];
  }

  /** The condition with that ordinal. */
  public static FlagCond of(int ordinal) {
    return VALUES[ordinal];
  }

  /** Evaluates on flags packed as {@link Flags} says. */
  public boolean test(int flags) {
    boolean z = (flags & Flags.Z) != 0;
    boolean c = (flags & Flags.C) != 0;
    boolean n = (flags & Flags.N) != 0;
    boolean v = (flags & Flags.V) != 0;
    boolean even = (ordinal() & 1) == 0;
    boolean holds =
        switch (VALUES[ordinal() & ~1]) {
          case Z -> z;
          case C -> c;
          case N -> n;
          case V -> v;
          case P -> (flags & Flags.P) != 0;
          case HI -> c && !z;
          case GE -> n == v;
          case GT -> !z && n == v;
          case ABOVE -> !c && !z;
          default -> throw new AssertionError(this);
        };
    return holds == even;
  }
}
