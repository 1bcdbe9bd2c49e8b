package dev.kasuari.tcg.ir;

import dev.kasuari.machine.cpu.StateField;

/**
 * Bytes of guest state as an operation sees them, packed into an immediate: offset, size in bytes
 * (1, 2, 4, 8, at most the operation's type; of vectors up to 32767), and whether a narrow read
 * sign-extends.
 */
public final class StateView {
  private static final long SIGNED = 1L << 47;

  private StateView() {}

  /** A zero-extending view. */
  public static long of(int offset, int size) {
    return Integer.toUnsignedLong(offset) | (long) size << 32;
  }

  /** A zero-extending view of a whole field. */
  public static long of(StateField field) {
    return of(field.offset(), field.size());
  }

  /** The same bytes, sign-extending. */
  public static long signed(long view) {
    return view | SIGNED;
  }

  public static int offset(long view) {
    return (int) view;
  }

  public static int size(long view) {
    return (int) (view >>> 32) & 0x7fff;
  }

  public static boolean isSigned(long view) {
    return (view & SIGNED) != 0;
  }

  /** Whether two views share a byte. */
  public static boolean overlap(long a, long b) {
    return offset(a) < offset(b) + size(b) && offset(b) < offset(a) + size(a);
  }

  /** Whether all bytes of a view belong to another one. */
  public static boolean contains(long outer, long inner) {
    return offset(outer) <= offset(inner)
        && offset(inner) + size(inner) <= offset(outer) + size(outer);
  }

  /** As {@code -d op} prints it: {@code 0x140:8}. */
  public static String describe(long view) {
    return "0x%x:%s%d".formatted(offset(view), isSigned(view) ? "s" : "", size(view));
  }
}
