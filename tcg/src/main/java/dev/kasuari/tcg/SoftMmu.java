package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.machine.cpu.PageTranslation;
import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.DirtyLog;
import dev.kasuari.machine.memory.FlatRange;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Rmw;
import java.lang.foreign.Arena;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One vCPU's translation look-aside buffer and every access that the fast path cannot do.
 *
 * <p>The table is outside the heap, so that emitted code and Java look into the same one: for each
 * MMU index {@link #ENTRIES} entries of {@link #ENTRY_BYTES} bytes, direct-mapped by virtual page:
 * three tags (read, write, execute) and the addend that turns a virtual into a host address. A tag
 * is the virtual page address; anything in its low twelve bits keeps the fast path out.
 *
 * <p>Only the owner inserts. Another thread may do one thing: close write paths with {@link
 * #closeWrites}, by setting a bit. A fault is not an exception: {@link #faulted} is set, cause and
 * value with it, and the access returns 0.
 */
public final class SoftMmu implements AutoCloseable {
  static final int ENTRY_BITS = 9;

  /** Entries for each MMU index. */
  public static final int ENTRIES = 1 << ENTRY_BITS;

  /** Bytes of an entry: three tags and the addend. */
  public static final int ENTRY_BYTES = 32;

  public static final int READ_TAG = 0;
  public static final int WRITE_TAG = 8;
  public static final int EXECUTE_TAG = 16;
  public static final int ADDEND = 24;

  /** Tag bit: memory, but each write has to be looked at (code, or a dirty log). */
  public static final long SLOW = 1 << 11;

  /** Tag bit: no memory; the bus answers. */
  public static final long MMIO = 1 << 10;

  private static final long INVALID = -1;
  private static final long PAGE = -4096L;

  private final Cpu cpu;
  private final AddressSpace space;
  private final Arena arena = Arena.ofShared();
  private final long table;
  private final long engine;
  private final int entries;
  private final int scratch;
  private final FlatRange[] ranges;
  private final long[] physicalPages;
  private final long[] ramPages;
  private final boolean[] used;
  private final long[] largeLow;
  private final long[] largeHigh;
  private final PageTranslation found = new PageTranslation();
  private final BusAccess bus = new BusAccess();

  /** Set by an access that raised an exception; whoever handles it clears it. */
  public boolean faulted;

  /** The exception, when {@link #faulted}. */
  public int faultCause;

  public long faultValue;

  /** Counts every flush: a mapping found earlier may be used while it has not changed. */
  public long generation;

  public SoftMmu(Cpu cpu, AddressSpace space) {
    this.cpu = cpu;
    this.space = space;
    this.engine = cpu.state().address();
    int regimes = cpu.mmuIndexes();
    this.entries = regimes * ENTRIES;
    this.scratch = entries;
    this.table = arena.allocate((long) (entries + 1) * ENTRY_BYTES, 64).address();
    this.ranges = new FlatRange[entries + 1];
    this.physicalPages = new long[entries + 1];
    this.ramPages = new long[entries + 1];
    this.used = new boolean[regimes];
    this.largeLow = new long[regimes];
    this.largeHigh = new long[regimes];
    bus.from(cpu.index(), false, true);
    RawMemory.fill(table, (long) (entries + 1) * ENTRY_BYTES, (byte) -1);
    for (int regime = 0; regime < regimes; regime++) {
      forgetLargePages(regime);
    }
  }

  /** Host address of the table. */
  public long table() {
    return table;
  }

  /** Byte offset of an MMU index's entries in the table. */
  public static int regimeOffset(int mmuIndex) {
    return mmuIndex * ENTRIES * ENTRY_BYTES;
  }

  private long entryAddress(int entry) {
    return table + (long) entry * ENTRY_BYTES;
  }

  private static int slot(long virtual, int mmuIndex) {
    return mmuIndex * ENTRIES + ((int) (virtual >>> 12) & (ENTRIES - 1));
  }

  // ---- flushing --------------------------------------------------------------------------------

  /** Forgets everything. Owner only. */
  public void flush() {
    generation++;
    for (int regime = 0; regime < used.length; regime++) {
      flushRegime(regime);
    }
  }

  private void flushRegime(int regime) {
    if (used[regime]) {
      long bytes = (long) ENTRIES * ENTRY_BYTES;
      RawMemory.fill(table + regime * bytes, bytes, (byte) -1);
      used[regime] = false;
      forgetLargePages(regime);
    }
  }

  /** Forgets the page around a virtual address; with it all large pages it may be part of. */
  public void flushPage(long virtual) {
    generation++;
    for (int regime = 0; regime < used.length; regime++) {
      if (Long.compareUnsigned(virtual, largeLow[regime]) >= 0
          && Long.compareUnsigned(virtual, largeHigh[regime]) <= 0) {
        flushRegime(regime);
      } else {
        invalidateIfPage(slot(virtual, regime), virtual & PAGE);
      }
    }
  }

  private void invalidateIfPage(int entry, long page) {
    long at = entryAddress(entry);
    for (int tag = READ_TAG; tag <= EXECUTE_TAG; tag += 8) {
      long seen = RawMemory.getLong(at + tag);
      if (seen != INVALID && (seen & PAGE) == page) {
        RawMemory.fill(at, ENTRY_BYTES, (byte) -1);
        return;
      }
    }
  }

  private void forgetLargePages(int regime) {
    largeLow[regime] = -1;
    largeHigh[regime] = 0;
  }

  /**
   * From now on writes to these RAM pages take the slow path. Any thread.
   *
   * @param ramAddress a multiple of the page size
   */
  void closeWrites(long ramAddress, long length) {
    for (int entry = 0; entry < entries; entry++) {
      long page = ramPages[entry];
      if (page >= ramAddress && page < ramAddress + length) {
        RawMemory.getAndOrLong(entryAddress(entry) + WRITE_TAG, SLOW);
      }
    }
  }

  // ---- filling ---------------------------------------------------------------------------------

  private void fault(int cause, long value) {
    faulted = true;
    faultCause = cause;
    faultValue = value;
  }

  private static int tagOffset(Access access) {
    return switch (access) {
      case READ -> READ_TAG;
      case WRITE -> WRITE_TAG;
      case EXECUTE -> EXECUTE_TAG;
    };
  }

  /**
   * The entry that translates an access to {@code size} bytes, all in one page; or −1 with the
   * fault set.
   */
  private int lookup(long virtual, int size, Access access, int mmuIndex) {
    int entry = slot(virtual, mmuIndex);
    long tag = RawMemory.getLong(entryAddress(entry) + tagOffset(access));
    if (tag != INVALID && (tag & PAGE) == (virtual & PAGE)) {
      return entry;
    }
    return fill(virtual, size, access, mmuIndex);
  }

  private int fill(long virtual, int size, Access access, int mmuIndex) {
    found.reset();
    if (!cpu.translate(virtual, size, access, mmuIndex, found)) {
      fault(found.faultCause, found.faultValue);
      return -1;
    }
    long physicalPage = found.physical & PAGE;
    FlatRange range = space.view().find(found.physical);
    boolean wholePage = range.contains(physicalPage, 4096);
    int entry = found.uncached || !wholePage ? scratch : slot(virtual, mmuIndex);
    insert(entry, virtual & PAGE, physicalPage, range);
    if (entry != scratch) {
      used[mmuIndex] = true;
      if (found.pageSize > 4096) {
        rememberLargePage(virtual, mmuIndex);
      }
    }
    return entry;
  }

  private void rememberLargePage(long virtual, int mmuIndex) {
    long low = virtual & -found.pageSize;
    long high = low + found.pageSize - 1;
    if (Long.compareUnsigned(low, largeLow[mmuIndex]) < 0) {
      largeLow[mmuIndex] = low;
    }
    if (Long.compareUnsigned(high, largeHigh[mmuIndex]) > 0) {
      largeHigh[mmuIndex] = high;
    }
  }

  private void insert(int entry, long page, long physicalPage, FlatRange range) {
    long at = entryAddress(entry);
    boolean memory = range.readsMemory();
    ranges[entry] = range;
    physicalPages[entry] = physicalPage;
    ramPages[entry] = memory ? range.ramAddress(physicalPage) : -1;
    RawMemory.putLong(at + ADDEND, memory ? range.hostAddress(physicalPage) - page : 0);
    RawMemory.putLong(at + READ_TAG, found.readable ? page | (memory ? 0 : MMIO) : INVALID);
    RawMemory.putLong(at + EXECUTE_TAG, found.executable ? page | (memory ? 0 : MMIO) : INVALID);
    long write = INVALID;
    if (found.writable) {
      write = page | (!range.writesMemory() ? MMIO : mustReport(entry) ? SLOW : 0);
    }
    RawMemory.putLongVolatile(at + WRITE_TAG, write);
    if (write == page) {
      // A translator may have marked the page between the question and the answer.
      VarHandle.fullFence();
      if (mustReport(entry)) {
        RawMemory.getAndOrLong(at + WRITE_TAG, SLOW);
      }
    }
  }

  private boolean mustReport(int entry) {
    var ram = ranges[entry].ram();
    return ram != null && ram.dirty().mustReport(ramPages[entry] - ram.ramBase());
  }

  // ---- instruction fetch -----------------------------------------------------------------------

  /**
   * RAM address of an instruction byte, or −1 with the fault set: nothing is mapped there, it may
   * not be executed, or it is not memory.
   */
  long fetchAddress(long virtual) {
    return fetchAddress(virtual, 1);
  }

  /** As the other, for several bytes of one page. */
  long fetchAddress(long virtual, int size) {
    int entry = lookup(virtual, size, Access.EXECUTE, cpu.fetchMmuIndex());
    if (entry < 0) {
      return -1;
    }
    if (ramPages[entry] == -1) {
      fault(cpu.accessFaultCause(Access.EXECUTE), virtual);
      return -1;
    }
    return ramPages[entry] + (virtual & 4095);
  }

  /** Whether the answer of the last {@link #fetchAddress} held for that access only. */
  boolean fetchWasUncached(long virtual) {
    int entry = slot(virtual, cpu.fetchMmuIndex());
    long tag = RawMemory.getLong(entryAddress(entry) + EXECUTE_TAG);
    return tag == INVALID || (tag & PAGE) != (virtual & PAGE);
  }

  /** Host address of an instruction byte for which {@link #fetchAddress} just answered. */
  long fetchHostAddress(long virtual) {
    int entry = fetchWasUncached(virtual) ? scratch : slot(virtual, cpu.fetchMmuIndex());
    return virtual + RawMemory.getLong(entryAddress(entry) + ADDEND);
  }

  // ---- loads -----------------------------------------------------------------------------------

  private boolean refusesMisaligned(long virtual, int size, long desc, Access access) {
    if ((virtual & (size - 1)) == 0) {
      return false;
    }
    switch (MemDesc.alignment(desc)) {
      case ANY -> {
        return false;
      }
      case FAULT -> fault(cpu.misalignedCause(access), virtual);
      case ACCESS_FAULT -> fault(cpu.accessFaultCause(access), virtual);
    }
    return true;
  }

  /** Performs a load as its descriptor says; 0 if it faults. */
  public long load(long virtual, long desc) {
    int size = MemDesc.size(desc);
    if (refusesMisaligned(virtual, size, desc, Access.READ)) {
      return 0;
    }
    long value = loadBytes(virtual, size, MemDesc.mmuIndex(desc));
    if (MemDesc.isAcquire(desc)) {
      VarHandle.acquireFence();
    }
    return extend(value, size, desc);
  }

  private static long extend(long littleEndian, int size, long desc) {
    int shift = 64 - 8 * size;
    long value =
        MemDesc.isBigEndian(desc) ? Long.reverseBytes(littleEndian) >>> shift : littleEndian;
    return MemDesc.isSigned(desc) ? value << shift >> shift : value << shift >>> shift;
  }

  /** The bytes in address order from bit 0. */
  private long loadBytes(long virtual, int size, int mmuIndex) {
    if ((virtual & 4095) + size > 4096) {
      return loadAcrossPages(virtual, size, mmuIndex);
    }
    int entry = lookup(virtual, size, Access.READ, mmuIndex);
    if (entry < 0) {
      return 0;
    }
    FlatRange range = ranges[entry];
    if (!range.readsMemory()) {
      return readBus(entry, virtual, size);
    }
    long host = virtual + RawMemory.getLong(entryAddress(entry) + ADDEND);
    return loadHost(host, size);
  }

  private long loadAcrossPages(long virtual, int size, int mmuIndex) {
    if (!permitsAcrossPages(virtual, size, Access.READ, mmuIndex)) {
      return 0;
    }
    int inFirst = (int) (4096 - (virtual & 4095));
    long first = loadPieces(virtual, inFirst, mmuIndex);
    if (faulted) {
      return 0;
    }
    long second = loadPieces(virtual + inFirst, size - inFirst, mmuIndex);
    return faulted ? 0 : first | second << (8 * inFirst);
  }

  private long loadPieces(long virtual, int size, int mmuIndex) {
    long value = 0;
    for (int i = 0; i < size && !faulted; i++) {
      value |= loadBytes(virtual + i, 1, mmuIndex) << (8 * i);
    }
    return value;
  }

  private static long loadHost(long host, int size) {
    if ((host & (size - 1)) == 0) {
      return littleEndian(RawMemory.getVolatile(host, size), size);
    }
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (RawMemory.getByte(host + i) & 0xffL) << (8 * i);
    }
    return value;
  }

  private static long littleEndian(long value, int size) {
    return RawMemory.littleEndian() ? value : Long.reverseBytes(value) >>> (64 - 8 * size);
  }

  private long readBus(int entry, long virtual, int size) {
    BusResult result = space.access(bus.asRead(physicalPages[entry] + (virtual & 4095), size));
    if (result != BusResult.OK) {
      fault(cpu.accessFaultCause(Access.READ), virtual);
      return 0;
    }
    return bus.value();
  }

  // ---- stores ----------------------------------------------------------------------------------

  /** Performs a store as its descriptor says, or faults and changes nothing. */
  public void store(long virtual, long value, long desc) {
    int size = MemDesc.size(desc);
    if (refusesMisaligned(virtual, size, desc, Access.WRITE)) {
      return;
    }
    if (MemDesc.isRelease(desc)) {
      VarHandle.releaseFence();
    }
    long bytes = MemDesc.isBigEndian(desc) ? Long.reverseBytes(value) >>> (64 - 8 * size) : value;
    storeBytes(virtual, bytes, size, MemDesc.mmuIndex(desc));
  }

  private void storeBytes(long virtual, long bytes, int size, int mmuIndex) {
    if ((virtual & 4095) + size > 4096) {
      storeAcrossPages(virtual, bytes, size, mmuIndex);
      return;
    }
    int entry = lookup(virtual, size, Access.WRITE, mmuIndex);
    if (entry < 0) {
      return;
    }
    FlatRange range = ranges[entry];
    if (!range.writesMemory()) {
      writeBus(entry, virtual, bytes, size);
      return;
    }
    storeHost(virtual + RawMemory.getLong(entryAddress(entry) + ADDEND), bytes, size);
    afterWrite(entry, virtual, size);
  }

  private void storeAcrossPages(long virtual, long bytes, int size, int mmuIndex) {
    if (permitsAcrossPages(virtual, size, Access.WRITE, mmuIndex)) {
      storeBytewise(virtual, bytes, size, mmuIndex);
    }
  }

  private boolean permitsAcrossPages(long virtual, int size, Access access, int mmuIndex) {
    long second = (virtual + size) & PAGE;
    int inFirst = (int) (second - virtual);
    return lookup(virtual, inFirst, access, mmuIndex) >= 0
        && lookup(second, size - inFirst, access, mmuIndex) >= 0;
  }

  private void storeBytewise(long virtual, long bytes, int size, int mmuIndex) {
    for (int i = 0; i < size && !faulted; i++) {
      storeBytes(virtual + i, bytes >>> (8 * i), 1, mmuIndex);
    }
  }

  private static void storeHost(long host, long bytes, int size) {
    if ((host & (size - 1)) == 0) {
      RawMemory.putVolatile(host, size, littleEndian(bytes, size));
      return;
    }
    for (int i = 0; i < size; i++) {
      RawMemory.putByte(host + i, (byte) (bytes >>> (8 * i)));
    }
  }

  /** Tells logs and code of a write through a slow entry, and opens the fast path if it may. */
  private void afterWrite(int entry, long virtual, int size) {
    long at = entryAddress(entry) + WRITE_TAG;
    if ((RawMemory.getLong(at) & SLOW) == 0) {
      return;
    }
    var ram = ranges[entry].ram();
    if (ram == null) {
      return;
    }
    long offset = ramPages[entry] + (virtual & 4095) - ram.ramBase();
    DirtyLog dirty = ram.dirty();
    dirty.written(offset, size);
    if (!dirty.mustReport(offset)) {
      RawMemory.putLongVolatile(at, virtual & PAGE);
      VarHandle.fullFence();
      if (dirty.mustReport(offset)) {
        RawMemory.getAndOrLong(at, SLOW);
      }
    }
  }

  private void writeBus(int entry, long virtual, long bytes, int size) {
    long physical = physicalPages[entry] + (virtual & 4095);
    BusResult result = space.access(bus.asWrite(physical, size, bytes));
    if (result != BusResult.OK) {
      fault(cpu.accessFaultCause(Access.WRITE), virtual);
    }
  }

  // ---- atomics ---------------------------------------------------------------------------------

  /** Atomics are aligned whatever their descriptor says; it says how they fault. */
  private boolean refusesUnaligned(long virtual, int size, long desc, Access access) {
    if ((virtual & (size - 1)) == 0) {
      return false;
    }
    if (!refusesMisaligned(virtual, size, desc, access)) {
      fault(cpu.misalignedCause(access), virtual);
    }
    return true;
  }

  /** Entry through which an aligned atomic may be done on RAM, or −1 with the fault set. */
  private int atomicEntry(long virtual, long desc) {
    int size = MemDesc.size(desc);
    if (refusesUnaligned(virtual, size, desc, Access.WRITE)) {
      return -1;
    }
    int entry = lookup(virtual, size, Access.WRITE, MemDesc.mmuIndex(desc));
    if (entry >= 0 && !ranges[entry].writesMemory()) {
      fault(cpu.accessFaultCause(Access.WRITE), virtual);
      return -1;
    }
    return entry;
  }

  private static long orderBytes(long value, long desc) {
    int size = MemDesc.size(desc);
    boolean swap = MemDesc.isBigEndian(desc) == RawMemory.littleEndian();
    return swap ? Long.reverseBytes(value) >>> (64 - 8 * size) : value;
  }

  /** Compare and exchange; the old value, or 0 if it faults. */
  public long cas(long virtual, long expected, long value, long desc) {
    int entry = atomicEntry(virtual, desc);
    if (entry < 0) {
      return 0;
    }
    int size = MemDesc.size(desc);
    long host = virtual + RawMemory.getLong(entryAddress(entry) + ADDEND);
    long seen =
        RawMemory.compareAndExchange(
            host, size, orderBytes(expected, desc), orderBytes(value, desc));
    afterWrite(entry, virtual, size);
    return extend(littleEndian(seen, size), size, desc);
  }

  /** Read-modify-write; the old value, or 0 if it faults. */
  public long rmw(Rmw operation, long virtual, long operand, long desc) {
    int entry = atomicEntry(virtual, desc);
    if (entry < 0) {
      return 0;
    }
    int size = MemDesc.size(desc);
    int shift = 64 - 8 * size;
    long host = virtual + RawMemory.getLong(entryAddress(entry) + ADDEND);
    long y = operand << shift >> shift;
    while (true) {
      long raw = RawMemory.getVolatile(host, size);
      long x = extend(littleEndian(raw, size), size, desc) << shift >> shift;
      long next = orderBytes(operation.apply(x, y) & (-1L >>> shift), desc);
      if (RawMemory.compareAndExchange(host, size, raw, next) == raw) {
        afterWrite(entry, virtual, size);
        return extend(littleEndian(raw, size), size, desc);
      }
    }
  }

  /** Loads and reserves. */
  public long loadLinked(long virtual, long desc) {
    int size = MemDesc.size(desc);
    RawMemory.putInt(engine + EngineState.RESERVED, 0);
    if (refusesUnaligned(virtual, size, desc, Access.READ)) {
      return 0;
    }
    int entry = lookup(virtual, size, Access.READ, MemDesc.mmuIndex(desc));
    if (entry < 0) {
      return 0;
    }
    if (!ranges[entry].writesMemory()) {
      fault(cpu.accessFaultCause(Access.READ), virtual);
      return 0;
    }
    long host = virtual + RawMemory.getLong(entryAddress(entry) + ADDEND);
    long raw = RawMemory.getVolatile(host, size);
    RawMemory.putLong(engine + EngineState.RESERVATION_VIRTUAL, virtual);
    RawMemory.putLong(engine + EngineState.RESERVATION_RAM, ramPages[entry] + (virtual & 4095));
    RawMemory.putLong(engine + EngineState.RESERVATION_VALUE, raw);
    RawMemory.putInt(engine + EngineState.RESERVED, size);
    return extend(littleEndian(raw, size), size, desc);
  }

  /**
   * 1 if the reservation held and the value was stored. The reservation is gone either way. A
   * misaligned address faults even where nothing would be stored.
   */
  public long storeConditional(long virtual, long value, long desc) {
    int size = MemDesc.size(desc);
    if (refusesUnaligned(virtual, size, desc, Access.WRITE)) {
      RawMemory.putInt(engine + EngineState.RESERVED, 0);
      return 0;
    }
    boolean mine =
        RawMemory.getInt(engine + EngineState.RESERVED) == size
            && RawMemory.getLong(engine + EngineState.RESERVATION_VIRTUAL) == virtual;
    RawMemory.putInt(engine + EngineState.RESERVED, 0);
    if (!mine) {
      return 0;
    }
    int entry = atomicEntry(virtual, desc);
    if (entry < 0
        || RawMemory.getLong(engine + EngineState.RESERVATION_RAM)
            != ramPages[entry] + (virtual & 4095)) {
      return 0;
    }
    long expected = RawMemory.getLong(engine + EngineState.RESERVATION_VALUE);
    long host = virtual + RawMemory.getLong(entryAddress(entry) + ADDEND);
    long seen = RawMemory.compareAndExchange(host, size, expected, orderBytes(value, desc));
    if (seen != expected) {
      return 0;
    }
    afterWrite(entry, virtual, size);
    return 1;
  }

  /** Faults as the described access would. */
  public void probe(long virtual, long desc) {
    Access access = MemDesc.isWrite(desc) ? Access.WRITE : Access.READ;
    int size = MemDesc.size(desc);
    if (refusesMisaligned(virtual, size, desc, access)) {
      return;
    }
    int mmuIndex = MemDesc.mmuIndex(desc);
    if ((virtual & 4095) + size > 4096) {
      var _ = permitsAcrossPages(virtual, size, access, mmuIndex);
    } else {
      var _ = lookup(virtual, size, access, mmuIndex);
    }
  }

  /** What translates a virtual page now, for {@code info tlb} and dumps; null if nothing. */
  @Nullable FlatRange range(long virtual, int mmuIndex) {
    int entry = slot(virtual, mmuIndex);
    long tag = RawMemory.getLong(entryAddress(entry) + READ_TAG);
    return tag != INVALID && (tag & PAGE) == (virtual & PAGE) ? ranges[entry] : null;
  }

  @Override
  public void close() {
    arena.close();
  }
}
