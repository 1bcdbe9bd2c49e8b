package dev.kasuari.tcg.ir;

/** What an atomic read-modify-write does with the old value {@code x} and its operand {@code y}. */
public enum Rmw {
  SWAP,
  ADD,
  AND,
  OR,
  XOR,
  /** {@code x & ~y}. */
  CLEAR,
  MINS,
  MAXS,
  MINU,
  MAXU;

  private static final Rmw[] VALUES = values();

  /** The operation with that ordinal. */
  public static Rmw of(int ordinal) {
    return VALUES[ordinal];
  }

  /** The new value; operands of narrow accesses are passed sign-extended. */
  public long apply(long x, long y) {
    return switch (this) {
      case SWAP -> y;
      case ADD -> x + y;
      case AND -> x & y;
      case OR -> x | y;
      case XOR -> x ^ y;
      case CLEAR -> x & ~y;
      case MINS -> Math.min(x, y);
      case MAXS -> Math.max(x, y);
      case MINU -> Long.compareUnsigned(x, y) < 0 ? x : y;
      case MAXU -> Long.compareUnsigned(x, y) > 0 ? x : y;
    };
  }
}
