package dev.kasuari.machine;

import dev.kasuari.machine.memory.AccessSizes;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.MmioHandler;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The registers of a region, declared one after the other as a data sheet lists them. Methods after
 * {@link #at} are about the register it began.
 *
 * <p>An access may cover part of a register or several of them: a read is cut from or put together
 * of whole registers; a write to a part keeps the other bytes of a register that was declared with
 * {@code readWrite}, and gives others zeroes for them. Where nothing is declared, reads give zero,
 * writes do nothing, and both are guest errors. Values are zero-extended.
 */
public final class Registers implements MmioHandler {
  /** Reads with a look at who asks. */
  @FunctionalInterface
  public interface Reader {
    /** The value of register number {@code index}; {@link BusAccess#fail} refuses. */
    long read(int index, BusAccess access);
  }

  /** Writes with a look at who asks. */
  @FunctionalInterface
  public interface Writer {
    /** Sets register number {@code index}; {@link BusAccess#fail} refuses. */
    void write(int index, long value, BusAccess access);
  }

  /** Sets one of several registers. */
  @FunctionalInterface
  public interface IndexedWriter {
    /** Sets register number {@code index}. */
    void write(int index, long value);
  }

  /** Offsets below this are found by a table. */
  private static final int TABLE = 0x1000;

  private final int width;
  private AccessSizes sizes;
  private boolean oneAtATime;
  private final List<Register> registers = new ArrayList<>();
  private final List<Window> windows = new ArrayList<>();
  private final Register[] table = new Register[TABLE];
  private @Nullable Register current;
  private String owner = "";
  private @Nullable Log log;

  private Registers(int width) {
    this.width = width;
    this.sizes = AccessSizes.of(width, width);
  }

  /** Registers of {@code bytes} bytes (1, 2, 4 or 8), accessed with just that size. */
  public static Registers width(int bytes) {
    return new Registers(bytes);
  }

  /** Lets the guest use other access sizes too. */
  public Registers accepts(int min, int max) {
    sizes = new AccessSizes(min, max, min, max, sizes.unaligned(), sizes.order());
    return this;
  }

  /**
   * An access reaches only the register that it begins in, however wide it is: a device of narrow
   * registers on a wider bus. Other bytes read as zero, and what is written to them is lost.
   */
  public Registers oneAtATime() {
    oneAtATime = true;
    return this;
  }

  /** Accesses need not be aligned to their size. */
  public Registers unaligned() {
    sizes = sizes.withUnaligned();
    return this;
  }

  /** The device is big-endian. */
  public Registers bigEndian() {
    sizes = sizes.bigEndian();
    return this;
  }

  // Declaring.

  /** Begins a register. */
  public Registers at(long offset, String name) {
    current = new Register(offset, name, width);
    registers.add(current);
    enter(current);
    return this;
  }

  /** This register has another width than the rest. Comes before {@link #times}. */
  public Registers wide(int bytes) {
    Register register = current();
    register.width = bytes;
    register.stride = bytes;
    enter(register);
    return this;
  }

  /** This register is there {@code count} times, each {@code stride} bytes after the last. */
  public Registers times(int count, long stride) {
    Register register = current();
    register.count = count;
    register.stride = stride;
    enter(register);
    return this;
  }

  /** What it is, for the manual. */
  public Registers doc(String text) {
    current().doc = text;
    return this;
  }

  /** A field of it, for the manual: {@code bits} bits from bit {@code low}. */
  public Registers field(String name, int low, int bits, String doc) {
    current().fields.add(new Field(name, low, bits, doc));
    return this;
  }

  /** Its value after reset; a test holds the device to it. */
  public Registers reset(long value) {
    current().reset = value;
    return this;
  }

  /** It reads as {@code value}. Has no side effect unless {@link #peek} is declared too. */
  public Registers read(LongSupplier value) {
    return readBy((i, a) -> value.getAsLong());
  }

  /** It always reads as {@code value}. */
  public Registers constant(long value) {
    return reset(value).read(() -> value);
  }

  /** What a look without side effects sees, where {@link #read} has some. */
  public Registers peek(LongSupplier value) {
    current().peek = i -> value.getAsLong();
    return this;
  }

  /** What a write does. */
  public Registers write(LongConsumer action) {
    return writeBy((i, v, a) -> action.accept(v));
  }

  /** It reads as {@code value} and is set by {@code action}: storage, in part or in whole. */
  public Registers readWrite(LongSupplier value, LongConsumer action) {
    current().storage = true;
    return read(value).write(action);
  }

  /** As {@link #read}, with the number of the register. */
  public Registers readEach(IntToLongFunction value) {
    return readBy((i, a) -> value.applyAsLong(i));
  }

  /** As {@link #peek}, with the number of the register. */
  public Registers peekEach(IntToLongFunction value) {
    current().peek = value;
    return this;
  }

  /** As {@link #write}, with the number of the register. */
  public Registers writeEach(IndexedWriter action) {
    return writeBy((i, v, a) -> action.write(i, v));
  }

  /** As {@link #readWrite}, with the number of the register. */
  public Registers readWriteEach(IntToLongFunction value, IndexedWriter action) {
    current().storage = true;
    return readEach(value).writeEach(action);
  }

  /** As {@link #readEach}, with who asks. */
  public Registers readBy(Reader reader) {
    current().reader = reader;
    return this;
  }

  /** As {@link #writeEach}, with who asks. */
  public Registers writeBy(Writer writer) {
    current().writer = writer;
    return this;
  }

  /** Bytes from {@code offset} on that {@code handler} answers itself, with offsets from there. */
  public Registers window(long offset, long size, String name, MmioHandler handler) {
    windows.add(new Window(offset, size, name, handler));
    current = null;
    return this;
  }

  /** All registers in the order of declaration. */
  public List<Register> list() {
    return List.copyOf(registers);
  }

  /** Names the device for traces. */
  void attach(String deviceName, Log machineLog) {
    owner = deviceName + ".";
    log = machineLog;
  }

  // Accesses.

  @Override
  public AccessSizes sizes() {
    return sizes;
  }

  @Override
  public long read(long offset, int size, BusAccess access) {
    Window window = window(offset);
    if (window != null) {
      return window.handler.read(offset - window.offset, size, access);
    }
    long value = 0;
    int done = 0;
    while (done < size && access.result() == BusResult.OK) {
      Register register = find(offset + done);
      int take = size - done;
      if (register == null) {
        unknown("read", offset + done, take);
      } else {
        int inside = register.inside(offset + done);
        take = Math.min(take, register.width - inside);
        long whole = readWhole(register, register.index(offset + done), access);
        value |= cut(whole, shift(inside, take, register.width), take) << shift(done, take, size);
      }
      done = oneAtATime ? size : done + take;
    }
    return value;
  }

  @Override
  public void write(long offset, int size, long value, BusAccess access) {
    Window window = window(offset);
    if (window != null) {
      window.handler.write(offset - window.offset, size, value, access);
      return;
    }
    int done = 0;
    while (done < size && access.result() == BusResult.OK) {
      Register register = find(offset + done);
      int take = size - done;
      if (register == null) {
        unknown("write", offset + done, take);
      } else {
        int inside = register.inside(offset + done);
        take = Math.min(take, register.width - inside);
        long part = cut(value, shift(done, take, size), take);
        writePart(register, offset + done, inside, take, part, access);
      }
      done = oneAtATime ? size : done + take;
    }
  }

  @Override
  public long peek(long offset, int size) {
    Window window = window(offset);
    if (window != null) {
      return window.handler.peek(offset - window.offset, size);
    }
    long value = 0;
    for (int done = 0; done < size; done++) {
      Register register = find(offset + done);
      if (register != null) {
        int inside = register.inside(offset + done);
        long whole = register.peek(register.index(offset + done));
        value |= cut(whole, shift(inside, 1, register.width), 1) << shift(done, 1, size);
      }
    }
    return value;
  }

  private long readWhole(Register register, int index, BusAccess access) {
    Reader reader = register.reader;
    if (reader == null) {
      guestError("read of write-only " + register.label(index));
      return 0;
    }
    long value = cut(reader.read(index, access), 0, register.width);
    Log out = log;
    if (out != null && out.on(LogCategory.REGISTERS)) {
      out.write(
          LogCategory.REGISTERS,
          () -> owner + register.label(index) + " -> 0x" + Long.toHexString(value));
    }
    return value;
  }

  private void writePart(
      Register register, long offset, int inside, int take, long part, BusAccess access) {
    int index = register.index(offset);
    Writer writer = register.writer;
    if (writer == null) {
      guestError("write of read-only " + register.label(index));
      return;
    }
    long whole = part;
    if (take < register.width) {
      int shift = shift(inside, take, register.width);
      long others = register.storage ? register.peek(index) : 0;
      long mask = cut(-1, 0, take) << shift;
      whole = (cut(others, 0, register.width) & ~mask) | (part << shift);
    }
    long value = whole;
    Log out = log;
    if (out != null && out.on(LogCategory.REGISTERS)) {
      out.write(
          LogCategory.REGISTERS,
          () -> owner + register.label(index) + " <- 0x" + Long.toHexString(value));
    }
    writer.write(index, value, access);
  }

  /** Where {@code take} bytes at byte {@code at} of {@code size} lie, in bits from the low end. */
  private int shift(int at, int take, int size) {
    return 8 * (sizes.order() == ByteOrder.LITTLE_ENDIAN ? at : size - at - take);
  }

  private static long cut(long value, int shift, int bytes) {
    return (value >>> shift) & (-1L >>> (64 - 8 * bytes));
  }

  private void unknown(String what, long offset, int size) {
    guestError(what + " of " + size + " bytes at 0x" + Long.toHexString(offset) + ": no register");
  }

  private void guestError(String message) {
    Log out = log;
    if (out != null) {
      out.write(LogCategory.GUEST_ERRORS, () -> owner + message);
    }
  }

  private @Nullable Window window(long offset) {
    // Hot, and an iterator would be made each time.
    for (int i = 0; i < windows.size(); i++) {
      Window window = windows.get(i);
      if (Long.compareUnsigned(offset - window.offset, window.size) < 0) {
        return window;
      }
    }
    return null;
  }

  private @Nullable Register find(long offset) {
    if (offset >= 0 && offset < TABLE) {
      return table[(int) offset];
    }
    for (Register register : registers) {
      if (register.covers(offset)) {
        return register;
      }
    }
    return null;
  }

  /** Where it was entered before, with another width or count, it is taken out. */
  private void enter(Register register) {
    for (int offset = register.from; offset < register.to; offset++) {
      if (table[offset] == register) {
        table[offset] = null;
      }
    }
    register.from = (int) Math.min(register.offset, TABLE);
    register.to = (int) Math.min(register.end(), TABLE);
    for (int offset = register.from; offset < register.to; offset++) {
      if (register.covers(offset)) {
        Register other = table[offset];
        if (other != null) {
          throw new IllegalArgumentException(
              register.name + " overlaps " + other.name + " at 0x" + Integer.toHexString(offset));
        }
        table[offset] = register;
      }
    }
  }

  private Register current() {
    Register register = current;
    if (register == null) {
      throw new IllegalStateException("at(offset, name) begins a register");
    }
    return register;
  }

  private record Window(long offset, long size, String name, MmioHandler handler) {}

  /**
   * Some bits of a register.
   *
   * @param low the lowest bit
   * @param bits how many
   */
  public record Field(String name, int low, int bits, String doc) {}

  /** One declared register, or several of a kind. */
  public static final class Register {
    private final long offset;
    private final String name;
    private int width;
    private int count = 1;
    private long stride;
    private int from; // its part of the table
    private int to;
    private boolean storage;
    private String doc = "";
    private final List<Field> fields = new ArrayList<>();
    private @Nullable Long reset;
    private @Nullable Reader reader;
    private @Nullable IntToLongFunction peek;
    private @Nullable Writer writer;

    private Register(long offset, String name, int width) {
      this.offset = offset;
      this.name = name;
      this.width = width;
      this.stride = width;
    }

    /** Offset of the first. */
    public long offset() {
      return offset;
    }

    /** As the data sheet calls it. */
    public String name() {
      return name;
    }

    /** Bytes. */
    public int width() {
      return width;
    }

    /** How many there are. */
    public int count() {
      return count;
    }

    /** Bytes from one to the next. */
    public long stride() {
      return stride;
    }

    /** What it is. */
    public String doc() {
      return doc;
    }

    /** Its fields, as far as they are declared. */
    public List<Field> fields() {
      return List.copyOf(fields);
    }

    /** Its value after reset, or null where that is not declared. */
    public @Nullable Long resetValue() {
      return reset;
    }

    /** True if it can be read. */
    public boolean readable() {
      return reader != null;
    }

    /** True if it can be written. */
    public boolean writable() {
      return writer != null;
    }

    /** The offset behind its last byte. */
    private long end() {
      return offset + (count - 1L) * stride + width;
    }

    private boolean covers(long at) {
      long distance = at - offset;
      if (distance < 0) {
        return false;
      }
      return distance / stride < count && distance % stride < width;
    }

    private int index(long at) {
      return (int) ((at - offset) / stride);
    }

    private int inside(long at) {
      return (int) ((at - offset) % stride);
    }

    private long peek(int index) {
      if (peek != null) {
        return peek.applyAsLong(index);
      }
      return reader == null ? 0 : reader.read(index, new BusAccess());
    }

    private String label(int index) {
      return count == 1 ? name : name + "[" + index + "]";
    }
  }
}
