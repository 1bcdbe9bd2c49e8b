package dev.kasuari.machine.memory;

import org.jspecify.annotations.Nullable;

/**
 * A stretch of addresses with one answer: part of one region, or of the void between regions. Never
 * changes; the next {@link FlatView} has new ones.
 */
public final class FlatRange {
  /** What answers in a range. */
  public enum Kind {
    /** Nobody: a decode error. */
    UNASSIGNED,
    /** Memory to reads and writes. */
    RAM,
    /** Memory to reads; writes are dropped. */
    ROM,
    /** Memory to reads; writes go to the handler. */
    ROM_DEVICE,
    /** A handler. */
    MMIO
  }

  private final Kind kind;
  private final long first;
  private final long last;
  private final @Nullable MemoryRegion region;
  private final long regionOffset;
  private final @Nullable RamBlock ram;
  private final @Nullable SizedAccess handler;

  FlatRange(Kind kind, long first, long last, @Nullable MemoryRegion region, long regionOffset) {
    this.kind = kind;
    this.first = first;
    this.last = last;
    this.region = region;
    this.regionOffset = regionOffset;
    this.ram = ram(kind, region);
    this.handler = handler(kind, region);
  }

  // No switch over patterns: the JVM makes a class for each when it is first run, at every start.

  private static @Nullable RamBlock ram(Kind kind, @Nullable MemoryRegion region) {
    if (region instanceof MemoryRegion.Ram memory) {
      return memory.block();
    }
    return region instanceof MemoryRegion.RomDevice device && kind != Kind.MMIO
        ? device.block()
        : null;
  }

  private static @Nullable SizedAccess handler(Kind kind, @Nullable MemoryRegion region) {
    if (region instanceof MemoryRegion.Mmio registers) {
      return SizedAccess.to(registers.handler());
    }
    return region instanceof MemoryRegion.RomDevice device && kind != Kind.ROM
        ? SizedAccess.to(device.handler())
        : null;
  }

  /** What answers here. */
  public Kind kind() {
    return kind;
  }

  /** The first address. */
  public long first() {
    return first;
  }

  /** The last address (unsigned). */
  public long last() {
    return last;
  }

  /** The region that answers, or null for {@link Kind#UNASSIGNED}. */
  public @Nullable MemoryRegion region() {
    return region;
  }

  /** True if {@code address} lies in this range. */
  public boolean contains(long address) {
    return Long.compareUnsigned(address - first, last - first) <= 0;
  }

  /** True if {@code length} bytes from {@code address} lie in this range. */
  public boolean contains(long address, long length) {
    long end = address + length - 1;
    return contains(address)
        && Long.compareUnsigned(end, last) <= 0
        && Long.compareUnsigned(end, address) >= 0;
  }

  /** The offset of {@code address} in {@link #region()}. */
  public long regionOffset(long address) {
    return regionOffset + (address - first);
  }

  /** True if reads are served from {@link #ram()}. */
  public boolean readsMemory() {
    return ram != null;
  }

  /** True if writes go to {@link #ram()}. */
  public boolean writesMemory() {
    return kind == Kind.RAM;
  }

  /** The memory that is read here, or null. */
  public @Nullable RamBlock ram() {
    return ram;
  }

  /**
   * The host address of the byte at {@code address}.
   *
   * @throws IllegalStateException if this is no memory
   */
  public long hostAddress(long address) {
    return block().hostAddress() + regionOffset(address);
  }

  /**
   * The machine-wide number of the byte at {@code address}; see {@link RamBlock#ramBase()}.
   *
   * @throws IllegalStateException if this is no memory
   */
  public long ramAddress(long address) {
    return block().ramBase() + regionOffset(address);
  }

  @Nullable SizedAccess handler() {
    return handler;
  }

  private RamBlock block() {
    RamBlock block = ram;
    if (block == null) {
      throw new IllegalStateException(this + " is not memory");
    }
    return block;
  }

  boolean sameAnswer(FlatRange other) {
    return kind == other.kind
        && first == other.first
        && last == other.last
        && region == other.region
        && regionOffset == other.regionOffset;
  }

  /** True if {@code next} begins where this ends, in address and in region. */
  boolean continuedBy(FlatRange next) {
    return kind == next.kind
        && region == next.region
        && last + 1 == next.first
        && (region == null || regionOffset(last) + 1 == next.regionOffset);
  }

  @Override
  public String toString() {
    return "%016x-%016x %s%s"
        .formatted(
            first,
            last,
            region == null ? "unassigned" : region.name(),
            regionOffset == 0 ? "" : " @%016x".formatted(regionOffset));
  }
}
