package dev.kasuari.decode;

import java.util.List;

/**
 * A number that is scattered over the bits of an instruction: the pieces concatenated,
 * sign-extended if the field is signed, shifted left, and increased by a constant.
 *
 * @param pieces most significant first
 * @param flip bits of the concatenated pieces that are inverted; 0 if the field is signed
 * @param shift bits to the left, 0..63
 * @param add what is added after the shift
 * @param printer the name of the printer that shows it
 */
record Field(
    String name,
    List<Piece> pieces,
    int flip,
    int shift,
    int add,
    boolean signed,
    String printer,
    Source source) {

  /** Bits {@code high} down to {@code low} of the window, both inclusive, 0..63. */
  record Piece(int high, int low) {
    int width() {
      return high - low + 1;
    }

    long mask() {
      return Bits.ones(width()) << low;
    }

    @Override
    public String toString() {
      return high == low ? Integer.toString(high) : high + ":" + low;
    }
  }

  Field {
    pieces = List.copyOf(pieces);
  }

  int width() {
    return pieces.stream().mapToInt(Piece::width).sum();
  }

  /** The bits of the window that the field occupies. */
  long mask() {
    return pieces.stream().mapToLong(Piece::mask).reduce(0, (a, b) -> a | b);
  }

  long min() {
    return (signed ? -1L << (width() - 1) << shift : 0) + add;
  }

  long max() {
    return (Bits.ones(signed ? width() - 1 : width()) << shift) + add;
  }

  /** The distance between neighbouring values. */
  long step() {
    return 1L << shift;
  }

  /** Whether values need a Java {@code long}. */
  boolean wide() {
    return min() < Integer.MIN_VALUE || max() > Integer.MAX_VALUE || width() == 64;
  }

  String type() {
    return wide() ? "long" : "int";
  }

  long get(long window) {
    long value = 0;
    for (Piece p : pieces) {
      value = value << p.width() | (window >>> p.low & Bits.ones(p.width()));
    }
    if (signed) {
      int unused = 64 - width();
      value = value << unused >> unused;
    }
    return ((value ^ flip) << shift) + add;
  }

  /** The window's bits of this field for a value that must be in range; all other bits are 0. */
  long put(long value) {
    long rest = (value - add) >> shift ^ flip;
    long window = 0;
    for (int i = pieces.size() - 1; i >= 0; i--) {
      Piece p = pieces.get(i);
      window |= (rest & Bits.ones(p.width())) << p.low;
      rest = p.width() == 64 ? 0 : rest >>> p.width();
    }
    return window;
  }
}
