package dev.kasuari.boot;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An ELF executable: what is loaded where, and where it starts. Source: System V ABI, "Object
 * Files" and "Program Loading".
 */
public final class ElfImage {
  private static final int EXECUTABLE = 2;
  private static final int SHARED = 3; // position-independent executables, such as OpenSBI's
  private static final int LOAD = 1;
  private static final int EXECUTE = 1;

  /** No machine here has more physical address bits. */
  private static final long HIGHEST = 1L << 56;

  /**
   * One part to load.
   *
   * @param physical where it is loaded
   * @param virtual where it was linked to run
   * @param offset of its bytes in the file
   * @param fileSize how many bytes come from the file
   * @param memorySize bytes in memory; what exceeds {@code fileSize} is zero
   * @param executable whether it holds code
   */
  public record Segment(
      long physical, long virtual, int offset, int fileSize, long memorySize, boolean executable) {
    /** The physical address behind its last byte. */
    public long end() {
      return physical + memorySize;
    }
  }

  private final Bytes in;
  private final @Nullable Architecture architecture;
  private final int machine;
  private final int type;
  private final boolean wide;
  private final ByteOrder order;
  private final long entry;
  private final List<Segment> segments;

  private ElfImage(Bytes in) throws BootException {
    this.in = in;
    this.wide = in.u8(4) == 2;
    this.order = in.u8(5) == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    this.type = in.u16(0x10);
    this.machine = in.u16(0x12);
    this.architecture = Architecture.ofElf(machine, wide);
    this.entry = wide ? in.u64(0x18) : in.u32(0x18);
    this.segments = List.copyOf(segments(in));
  }

  /** True if the file starts like an ELF file. */
  static boolean matches(Bytes file) throws BootException {
    return file.has(0, 0x7f, 'E', 'L', 'F');
  }

  /**
   * Understands an ELF executable.
   *
   * @param name for messages, such as {@code -kernel vmlinux}
   * @throws BootException if it is no ELF file, truncated, not an executable, or has a segment
   *     outside of the file or of any address space
   */
  public static ElfImage parse(String name, byte[] file) throws BootException {
    Bytes probe = Bytes.little(name, file);
    if (!matches(probe)) {
      throw new BootException(name + ": not an ELF file");
    }
    require(name, probe.u8(4) == 1 || probe.u8(4) == 2, "ELF class " + probe.u8(4));
    require(name, probe.u8(5) == 1 || probe.u8(5) == 2, "ELF byte order " + probe.u8(5));
    require(name, probe.u8(6) == 1, "ELF version " + probe.u8(6));
    ByteOrder order = probe.u8(5) == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    Bytes in = new Bytes(name, file, order);
    int type = in.u16(0x10);
    if (type != EXECUTABLE && type != SHARED) {
      String kind = type == 1 ? "an object file that was not linked" : "of ELF type " + type;
      throw new BootException(name + ": is " + kind + ", not an executable");
    }
    return new ElfImage(in);
  }

  private static void require(String name, boolean condition, String what) throws BootException {
    if (!condition) {
      throw new BootException(name + ": damaged: there is no " + what);
    }
  }

  private List<Segment> segments(Bytes in) throws BootException {
    long table = wide ? in.u64(0x20) : in.u32(0x1c);
    int size = in.u16(wide ? 0x36 : 0x2a);
    int count = in.u16(wide ? 0x38 : 0x2c);
    require(in.name(), size >= (wide ? 0x38 : 0x20) || count == 0, "program header of " + size);
    List<Segment> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long header = table + (long) i * size;
      if (table < 0 || header < 0) {
        throw new BootException(in.name() + ": truncated: its program headers are not in the file");
      }
      if (in.u32(header) == LOAD) {
        Segment segment = wide ? segment64(in, header) : segment32(in, header);
        if (segment.memorySize() > 0) {
          found.add(segment);
        }
      }
    }
    if (found.isEmpty()) {
      throw new BootException(in.name() + ": has nothing to load");
    }
    return found;
  }

  private static Segment segment64(Bytes in, long header) throws BootException {
    return segment(
        in,
        in.u64(header + 0x18),
        in.u64(header + 0x10),
        in.u64(header + 0x08),
        in.u64(header + 0x20),
        in.u64(header + 0x28),
        in.u32(header + 0x04));
  }

  private static Segment segment32(Bytes in, long header) throws BootException {
    return segment(
        in,
        in.u32(header + 0x0c),
        in.u32(header + 0x08),
        in.u32(header + 0x04),
        in.u32(header + 0x10),
        in.u32(header + 0x14),
        in.u32(header + 0x18));
  }

  private static Segment segment(
      Bytes in,
      long physical,
      long virtual,
      long offset,
      long fileSize,
      long memorySize,
      long flags)
      throws BootException {
    String what = in.name() + ": segment at 0x" + Long.toHexString(physical);
    long length = in.length();
    if (offset < 0 || fileSize < 0 || offset > length || fileSize > length - offset) {
      throw new BootException(
          what + " lies outside of the file, which has " + length + " bytes: is it truncated?");
    }
    if (Long.compareUnsigned(memorySize, fileSize) < 0) {
      throw new BootException(what + " is smaller in memory than in the file");
    }
    if (Long.compareUnsigned(physical, HIGHEST) > 0
        || Long.compareUnsigned(memorySize, HIGHEST - physical) > 0) {
      throw new BootException(
          what + " of 0x" + Long.toHexString(memorySize) + " bytes is outside of any memory");
    }
    boolean executable = (flags & EXECUTE) != 0;
    return new Segment(physical, virtual, (int) offset, (int) fileSize, memorySize, executable);
  }

  /** What it is for, or null if that is not in {@link Architecture}. */
  public @Nullable Architecture architecture() {
    return architecture;
  }

  /** The header's number for what it is for (e_machine). */
  public int machine() {
    return machine;
  }

  public ByteOrder order() {
    return order;
  }

  /** Where it starts, as the header says: a virtual address. */
  public long entry() {
    return entry;
  }

  /** Where it starts before any translation is on: the entry within the segment that holds it. */
  public long physicalEntry() {
    return physical(entry, true);
  }

  /**
   * The physical address of what is called {@code name} in the symbol table, empty if there is none
   * such.
   *
   * @throws BootException if there is a table and it is damaged
   */
  public OptionalLong symbol(String name) throws BootException {
    OptionalLong value = new ElfSymbols(in, wide).find(name);
    return value.isPresent()
        ? OptionalLong.of(physical(value.getAsLong(), false))
        : OptionalLong.empty();
  }

  private long physical(long address, boolean ofCode) {
    for (Segment s : segments) {
      long into = address - s.virtual();
      if ((s.executable() || !ofCode) && Long.compareUnsigned(into, s.memorySize()) < 0) {
        return s.physical() + into;
      }
    }
    return address;
  }

  /** What to load, in the file's order; never empty. */
  public List<Segment> segments() {
    return segments;
  }

  /** The lowest physical address it uses. */
  public long start() {
    return start(0).orElse(0);
  }

  /** The physical address behind the last byte it uses. */
  public long end() {
    return end(0).orElse(0);
  }

  /** The lowest physical address of what ends behind {@code from}; empty if nothing does. */
  OptionalLong start(long from) {
    return behind(from).mapToLong(Segment::physical).min();
  }

  /** The physical address behind all that ends behind {@code from}; empty if nothing does. */
  OptionalLong end(long from) {
    return behind(from).mapToLong(Segment::end).max();
  }

  private Stream<Segment> behind(long from) {
    return segments.stream().filter(s -> s.end() > from);
  }

  /**
   * True if it was linked to address 0 to run wherever it is put, as newer OpenSBI is; it relocates
   * itself.
   */
  public boolean movable() {
    return type == SHARED && start() == 0;
  }

  /** Refuses one for another machine. */
  public ElfImage require(String name, Architecture wanted) throws BootException {
    wanted.require(name, architecture, machine);
    return this;
  }

  /** Writes all segments, zeros included. */
  public void load(MemoryWriter memory) throws BootException {
    load(0, memory);
  }

  /**
   * Writes all segments, zeros included, this far behind where they were linked to, which suits one
   * that is {@link #movable}.
   */
  public void load(long offset, MemoryWriter memory) throws BootException {
    byte[] zeros = new byte[1 << 16];
    for (Segment s : segments) {
      memory.write(offset + s.physical(), in.array(), s.offset(), s.fileSize());
      for (long at = s.fileSize(); at < s.memorySize(); at += zeros.length) {
        int length = (int) Math.min(zeros.length, s.memorySize() - at);
        memory.write(offset + s.physical() + at, zeros, 0, length);
      }
    }
  }
}
