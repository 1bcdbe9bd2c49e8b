package dev.kasuari.tcg.ir;

import java.util.Locale;

/**
 * An operation on vectors in the guest state: what, of which lanes, from where and to where. All
 * sources are read before anything is written, so they may overlap the destination.
 *
 * <p>A descriptor of an instruction set whose lanes are predicated will name the state's bytes of
 * the predicate beside {@link #saturation}.
 *
 * @param op what is computed
 * @param signed whether lanes have a sign, for operations that care
 * @param form which operands have lanes of half the size
 * @param size the logarithm of a lane's bytes, as it is computed
 * @param d offset of the destination
 * @param a offset of the first source
 * @param b offset of the second source, or {@link #NONE}: zeros
 * @param c offset of the third source, or {@link #NONE}: zeros
 * @param broadcast whether b is one lane that stands for all
 * @param bytes of the destination that are computed
 * @param max bytes of the destination that are written: those that are not computed become zero
 * @param immediate n of the operation
 * @param saturation offset of the int that becomes 1 if a lane saturates, or {@link #NONE}
 */
public record VectorDesc(
    VectorOp op,
    boolean signed,
    Form form,
    int size,
    int d,
    int a,
    int b,
    int c,
    boolean broadcast,
    int bytes,
    int max,
    int immediate,
    int saturation) {
  /** No such operand. */
  public static final int NONE = -1;

  /** What {@link VectorOp#TABLE} finds in a. */
  private static final int TABLE_LANES = 16;

  /** Which operands have lanes of half the size. */
  public enum Form {
    SAME,
    /** Those of a and b. */
    LONG,
    /** Those of b. */
    WIDE,
    /** Those of the destination. */
    NARROW
  }

  /**
   * An operation on lanes of one size, without sources yet.
   *
   * @param size the logarithm of a lane's bytes, 0 to 3
   */
  public static VectorDesc of(VectorOp op, int size, int d, int bytes, int max) {
    return new VectorDesc(
        op, false, Form.SAME, size, d, NONE, NONE, NONE, false, bytes, max, 0, NONE);
  }

  public VectorDesc signed(boolean has) {
    return new VectorDesc(
        op, has, form, size, d, a, b, c, broadcast, bytes, max, immediate, saturation);
  }

  /** With lanes of two sizes: {@link #size} is the greater one. */
  public VectorDesc form(Form of) {
    return new VectorDesc(
        op, signed, of, size, d, a, b, c, broadcast, bytes, max, immediate, saturation);
  }

  public VectorDesc from(int first) {
    return from(first, NONE, NONE);
  }

  public VectorDesc from(int first, int second) {
    return from(first, second, NONE);
  }

  public VectorDesc from(int first, int second, int third) {
    return new VectorDesc(
        op,
        signed,
        form,
        size,
        d,
        first,
        second,
        third,
        broadcast,
        bytes,
        max,
        immediate,
        saturation);
  }

  /** One lane of b stands for all. */
  public VectorDesc broadcasting() {
    return new VectorDesc(
        op, signed, form, size, d, a, b, c, true, bytes, max, immediate, saturation);
  }

  public VectorDesc immediate(int n) {
    return new VectorDesc(op, signed, form, size, d, a, b, c, broadcast, bytes, max, n, saturation);
  }

  /** The int at an offset becomes 1 if a lane saturates. */
  public VectorDesc saturating(int flag) {
    return new VectorDesc(
        op, signed, form, size, d, a, b, c, broadcast, bytes, max, immediate, flag);
  }

  // ---- lanes -----------------------------------------------------------------------------------

  /** The logarithm of the bytes of a lane of the destination. */
  public int sizeOfD() {
    return form == Form.NARROW ? size - 1 : size;
  }

  public int sizeOfA() {
    return form == Form.LONG ? size - 1 : size;
  }

  public int sizeOfB() {
    return form == Form.LONG || form == Form.WIDE ? size - 1 : size;
  }

  /** Lanes of the destination that are computed. */
  public int lanes() {
    return bytes >> sizeOfD();
  }

  /** Lanes that are read of a source: 0 for a, 1 for b, 2 for c. */
  public int lanes(int source) {
    return switch (op) {
      case ADDV, MAXV, MINV -> immediate;
      case CLMUL -> 1;
      case TABLE -> source == 0 ? TABLE_LANES : lanes();
      default -> source == 1 && broadcast ? 1 : lanes();
    };
  }

  // ---- bytes of the state ----------------------------------------------------------------------

  /** The bytes read of a source: 0 for a, 1 for b, 2 for c. */
  public long read(int source) {
    return switch (source) {
      case 0 -> StateView.of(a, lanes(0) << sizeOfA());
      case 1 -> StateView.of(b, lanes(1) << sizeOfB());
      default -> StateView.of(c, lanes(2) << size);
    };
  }

  /** Whether there is that source. */
  public boolean reads(int source) {
    return (source == 0 ? a : source == 1 ? b : c) != NONE;
  }

  /** Whether the operation reads one of the bytes of a view. */
  public boolean readsAny(long view) {
    for (int source = 0; source < 3; source++) {
      if (reads(source) && StateView.overlap(read(source), view)) {
        return true;
      }
    }
    return saturation != NONE && StateView.overlap(flag(), view);
  }

  /** The bytes that it writes for sure. */
  public long written() {
    return StateView.of(d, max);
  }

  /** The bytes of the sticky flag, which it may write. */
  public long flag() {
    return StateView.of(saturation, 4);
  }

  /** As {@code -d op} prints it: {@code sadd.4x4 0xa40:16 = 0xa50, 0xa60}. */
  public String describe() {
    var text = new StringBuilder(signed ? "s" : "");
    text.append(op.mnemonic());
    if (form != Form.SAME) {
      text.append('.').append(form.name().toLowerCase(Locale.ROOT));
    }
    text.append(".%dx%d 0x%x:%d =".formatted(lanes(), 1 << sizeOfD(), d, max));
    String separator = " ";
    for (int source = 0; source < 3; source++) {
      if (reads(source)) {
        text.append(separator).append("0x%x".formatted(StateView.offset(read(source))));
        text.append(source == 1 && broadcast ? "[*]" : "");
      } else if (source < op.sources()) {
        text.append(separator).append("0");
      }
      separator = ", ";
    }
    return text.append(immediate == 0 ? "" : ", #" + immediate).toString();
  }
}
