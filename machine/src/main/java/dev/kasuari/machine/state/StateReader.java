package dev.kasuari.machine.state;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads what {@link StateEncoder} wrote, from a source that need not be trusted. The methods that
 * take a value take the one of the field at hand; a codec calls exactly one for each field.
 */
public final class StateReader {
  /** State classes nest as deep as somebody wrote them; a damaged file could nest deeper. */
  private static final int MAX_DEPTH = 32;

  private final ByteBuffer in;
  private String path;
  private StateTag tag = StateTag.END;
  private int depth;

  StateReader(String where, byte[] bytes) {
    this.path = where;
    this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  <T> void struct(StateCodec<T> codec, T state) {
    if (++depth > MAX_DEPTH) {
      throw damaged("nested too deep");
    }
    String outer = path;
    int version = count();
    for (tag = nextTag(); tag != StateTag.END; tag = nextTag()) {
      String field = utf8();
      path = outer + "." + field;
      if (!codec.read(state, field, this)) {
        throw new StateException(
            outer
                + ": field '"
                + field
                + "' is not known to this version ("
                + codec.name()
                + " "
                + codec.version()
                + ", saved by "
                + version
                + ")");
      }
      path = outer;
    }
    depth--;
  }

  void end() {
    if (in.hasRemaining()) {
      throw damaged(in.remaining() + " bytes too many");
    }
  }

  /** A boolean. */
  public boolean getBoolean() {
    return whole(StateTag.BOOL) != 0;
  }

  /** A byte. */
  public byte getByte() {
    return (byte) fitting(Byte.MIN_VALUE, Byte.MAX_VALUE);
  }

  /** A short. */
  public short getShort() {
    return (short) fitting(Short.MIN_VALUE, Short.MAX_VALUE);
  }

  /** A char. */
  public char getChar() {
    return (char) fitting(Character.MIN_VALUE, Character.MAX_VALUE);
  }

  /** An int; any whole number that fits. */
  public int getInt() {
    return (int) fitting(Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /** A long; any whole number. */
  public long getLong() {
    return fitting(Long.MIN_VALUE, Long.MAX_VALUE);
  }

  /** A float. */
  public float getFloat() {
    return Float.intBitsToFloat((int) whole(StateTag.F32));
  }

  /** A double. */
  public double getDouble() {
    return Double.longBitsToDouble(whole(StateTag.F64));
  }

  /** A text. */
  public String text() {
    expect(StateTag.TEXT);
    return utf8();
  }

  /** An enum constant by its name. */
  public <E extends Enum<E>> E constant(E[] constants) {
    String name = text();
    for (E constant : constants) {
      if (constant.name().equals(name)) {
        return constant;
      }
    }
    throw new StateException(path + ": value '" + name + "' is not known to this version");
  }

  /** Booleans of any number. */
  public boolean[] getBooleans() {
    var values = new boolean[items(StateTag.BOOLS)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.get() != 0;
    }
    return values;
  }

  /** Bytes of any number. */
  public byte[] getBytes() {
    var values = new byte[items(StateTag.I8S)];
    in.get(values);
    return values;
  }

  /** Shorts of any number. */
  public short[] getShorts() {
    var values = new short[items(StateTag.I16S)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.getShort();
    }
    return values;
  }

  /** Chars of any number. */
  public char[] getChars() {
    var values = new char[items(StateTag.U16S)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.getChar();
    }
    return values;
  }

  /** Ints of any number. */
  public int[] getInts() {
    var values = new int[items(StateTag.I32S)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.getInt();
    }
    return values;
  }

  /** Longs of any number. */
  public long[] getLongs() {
    var values = new long[items(StateTag.I64S)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.getLong();
    }
    return values;
  }

  /** Floats of any number. */
  public float[] getFloats() {
    var values = new float[items(StateTag.F32S)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.getFloat();
    }
    return values;
  }

  /** Doubles of any number. */
  public double[] getDoubles() {
    var values = new double[items(StateTag.F64S)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.getDouble();
    }
    return values;
  }

  /** Fills an array of fixed length; a shorter one keeps the rest, a longer one is refused. */
  public void into(boolean[] target) {
    boolean[] values = getBooleans();
    System.arraycopy(values, 0, target, 0, checkRoom(values.length, target.length));
  }

  /** See {@link #into(boolean[])}. */
  public void into(byte[] target) {
    byte[] values = getBytes();
    System.arraycopy(values, 0, target, 0, checkRoom(values.length, target.length));
  }

  /** See {@link #into(boolean[])}. */
  public void into(short[] target) {
    short[] values = getShorts();
    System.arraycopy(values, 0, target, 0, checkRoom(values.length, target.length));
  }

  /** See {@link #into(boolean[])}. */
  public void into(char[] target) {
    char[] values = getChars();
    System.arraycopy(values, 0, target, 0, checkRoom(values.length, target.length));
  }

  /** See {@link #into(boolean[])}. */
  public void into(int[] target) {
    int[] values = getInts();
    System.arraycopy(values, 0, target, 0, checkRoom(values.length, target.length));
  }

  /** See {@link #into(boolean[])}. */
  public void into(long[] target) {
    long[] values = getLongs();
    System.arraycopy(values, 0, target, 0, checkRoom(values.length, target.length));
  }

  /** See {@link #into(boolean[])}. */
  public void into(float[] target) {
    float[] values = getFloats();
    System.arraycopy(values, 0, target, 0, checkRoom(values.length, target.length));
  }

  /** See {@link #into(boolean[])}. */
  public void into(double[] target) {
    double[] values = getDoubles();
    System.arraycopy(values, 0, target, 0, checkRoom(values.length, target.length));
  }

  /** Whole numbers of any number, in place of what {@code target} holds. */
  public void longs(List<Long> target) {
    target.clear();
    for (long value : getLongs()) {
      target.add(value);
    }
  }

  /** Whole numbers of any number, in place of what {@code target} holds. */
  public void ints(List<Integer> target) {
    target.clear();
    for (long value : getLongs()) {
      if ((int) value != value) {
        throw damaged(value + " does not fit into 32 bits");
      }
      target.add((int) value);
    }
  }

  /** The fields of a state class inside another, into the object that is there. */
  public <T> void into(StateCodec<T> codec, T target) {
    expect(StateTag.STRUCT);
    struct(codec, target);
  }

  /** As many state objects as there are, or fewer. */
  public <T> void intoAll(StateCodec<T> codec, List<T> targets) {
    int length = listLength();
    checkRoom(length, targets.size());
    String outer = path;
    for (int i = 0; i < length; i++) {
      path = outer + "[" + i + "]";
      struct(codec, targets.get(i));
    }
  }

  /** State objects of any number, in place of what {@code target} holds. */
  public <T> void list(StateCodec<T> codec, List<T> target) {
    int length = listLength();
    String outer = path;
    var items = new ArrayList<T>();
    for (int i = 0; i < length; i++) {
      path = outer + "[" + i + "]";
      T item = codec.create();
      struct(codec, item);
      items.add(item);
    }
    target.clear();
    target.addAll(items);
  }

  private StateTag nextTag() {
    need(1);
    int code = in.get();
    StateTag next = StateTag.of(code);
    if (next == null) {
      throw damaged("kind " + code + " of value is not known here");
    }
    return next;
  }

  private long whole(StateTag wanted) {
    expect(wanted);
    return number(wanted);
  }

  private long number(StateTag kind) {
    need(kind.width);
    return switch (kind) {
      case BOOL, I8 -> in.get();
      case I16 -> in.getShort();
      case U16 -> in.getChar();
      case I32, F32 -> in.getInt();
      case I64, F64 -> in.getLong();
      default -> throw damaged("a single number was expected, not " + kind);
    };
  }

  /** A whole number of whatever width it was saved with, as long as its value fits. */
  private long fitting(long min, long max) {
    long value =
        switch (tag) {
          case I8, I16, U16, I32, I64 -> number(tag);
          default -> throw damaged("a whole number was expected, not " + tag);
        };
    if (value < min || value > max) {
      throw new StateException(path + ": " + value + " does not fit here");
    }
    return value;
  }

  private int checkRoom(int length, int room) {
    if (length > room) {
      throw new StateException(path + ": " + length + " items, where there is room for " + room);
    }
    return length;
  }

  private int items(StateTag wanted) {
    expect(wanted);
    int length = count();
    if ((long) length * wanted.width > in.remaining()) {
      throw damaged("ends too early");
    }
    return length;
  }

  private int listLength() {
    expect(StateTag.LIST);
    int length = count();
    if (length > in.remaining()) {
      throw damaged("ends too early");
    }
    return length;
  }

  private String utf8() {
    int length = count();
    need(length);
    ByteBuffer bytes = in.slice(in.position(), length);
    in.position(in.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw damaged("not UTF-8");
    }
  }

  private int count() {
    int value = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      need(1);
      int group = in.get();
      value |= (group & 0x7f) << shift;
      if (group >= 0) {
        return value;
      }
    }
    throw damaged("a count is out of range");
  }

  private void need(int bytes) {
    if (in.remaining() < bytes) {
      throw damaged("ends too early");
    }
  }

  private void expect(StateTag wanted) {
    if (tag != wanted) {
      throw damaged(wanted + " was expected, not " + tag);
    }
  }

  private StateException damaged(String why) {
    return new StateException(path + ": " + why);
  }
}
