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
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * One vCPU's view of guest memory: every access that the fast path through its {@link Tlb} cannot
 * do, and the walks that fill it.
 *
 * <p>A fault is not an exception: {@link #faulted} is set, cause and value with it, and the access
 * returns 0.
 */
public final class SoftMmu implements AutoCloseable {
  /** As in {@link Tlb}, whose layout emitted code knows. */
  public static final int ENTRY_BYTES = Tlb.ENTRY_BYTES;

  public static final int READ_TAG = Tlb.READ_TAG;
  public static final int WRITE_TAG = Tlb.WRITE_TAG;
  public static final int EXECUTE_TAG = Tlb.EXECUTE_TAG;
  public static final int ADDEND = Tlb.ADDEND;
  public static final int VICTIMS = Tlb.VICTIMS;
  public static final int VICTIMS_AT = Tlb.VICTIMS_AT;
  public static final int TAGS_BYTES = Tlb.TAGS_BYTES;
  public static final int CLOSED = (int) Tlb.SLOW;

  private static final long INVALID = Tlb.INVALID;
  private static final long PAGE = Tlb.PAGE;
  private static final long SLOW = Tlb.SLOW;
  private static final long INSPECTED = Tlb.INSPECTED;

  /** What {@link #lookup} returns after a fault. */
  static final long FAULT = 0;

  private static final int NONE = -1;

  /** Pages filled behind the one asked for; their descriptors are in one line of a cache. */
  private static final int MOST_BEHIND = 7;

  private final Cpu cpu;
  private final AddressSpace space;
  private final AddressSpaces spaces;
  private Tlb tlb;
  private final WholeAccesses whole = new WholeAccesses();
  private final AtomicAccesses atomics;
  private final PageTranslation found = new PageTranslation();
  private final BusAccess bus = new BusAccess();

  /** For each kind of access the page behind those that were filled last. */
  private final long[] next = new long[Access.values().length];

  /** What the last {@link #casPair} or {@link #loadPair} found, the lower address first. */
  public long pairFirst;

  public long pairSecond;

  /** Set by an access that raised an exception; whoever handles it clears it. */
  public boolean faulted;

  /** The exception, when {@link #faulted}. */
  public int faultCause;

  public long faultValue;

  /**
   * Says which mappings there are: one found earlier may be used while this is what it was then,
   * and {@link #onPageFlush} did not name its page. Each address space has one of its own, and
   * another one after each flush of more than a page.
   */
  public long generation;

  /**
   * The regime of which the scratch entry may be used again until something is flushed, or {@link
   * #NONE}. Devices of less than a page have no other entry, and a console is asked often.
   */
  private int narrowRegime = NONE;

  private final List<LongConsumer> pageFlushed = new ArrayList<>();
  private @Nullable ExecutionLog log;

  public SoftMmu(Cpu cpu, AddressSpace space) {
    this.cpu = cpu;
    this.space = space;
    this.spaces = new AddressSpaces(cpu.state().address(), cpu.mmuIndexes());
    this.tlb = spaces.tlb();
    this.generation = spaces.generation();
    this.atomics = new AtomicAccesses(this, cpu, whole);
  }

  /** Tells a listener of the pages that are flushed one by one, on the vCPU's thread. */
  public void onPageFlush(LongConsumer listener) {
    pageFlushed.add(listener);
  }

  /** Address of the entry in which a virtual page's translation is, if there is one; for tests. */
  public long entryFor(long virtual, int mmuIndex) {
    return tlb.slot(virtual, mmuIndex);
  }

  // ---- being watched ---------------------------------------------------------------------------

  /** From now on a log hears of what the slow paths do; null ends that. Owner only. */
  public void attach(@Nullable ExecutionLog to) {
    log = to;
  }

  /** What it is a view of. */
  public AddressSpace space() {
    return space;
  }

  /** The log, if one is attached. */
  @Nullable ExecutionLog log() {
    return log;
  }

  /** While it is so, fast paths find no entries and every access comes here. Owner only. */
  public void hideEntries(boolean hidden) {
    spaces.hide(hidden);
  }

  /** Host address of an instruction byte, or 0 if it cannot be fetched; leaves no fault behind. */
  public long codeAddress(long virtual) {
    boolean fetched = fetchAddress(virtual) != -1;
    faulted = false;
    return fetched ? fetchHostAddress(virtual) : 0;
  }

  void tellOfLoad(long host, int size) {
    ExecutionLog told = log;
    if (told != null) {
      told.loading(host, size);
    }
  }

  void tellOfStore(long entry, long virtual, int size) {
    ExecutionLog told = log;
    var ram = tlb.range(entry).ram();
    if (told != null && ram != null) {
      long offset = tlb.ramPage(entry) + (virtual & 4095) - ram.ramBase();
      told.storing(virtual, hostAddress(entry, virtual), size, ram, offset);
    }
  }

  private void tellOfFlush() {
    ExecutionLog told = log;
    if (told != null) {
      told.flushed();
    }
  }

  // ---- flushing --------------------------------------------------------------------------------

  /** Forgets everything. Owner only. */
  public void flush() {
    forgetting();
    spaces.flush();
    generation = spaces.generation();
  }

  /** Forgets everything of the address spaces with these numbers. Owner only. */
  public void flush(LongPredicate addressSpaces) {
    forgetting();
    spaces.flush(addressSpaces);
    generation = spaces.generation();
  }

  private void forgetting() {
    tellOfFlush();
    narrowRegime = NONE;
  }

  /** Goes on in another address space, of which it may know something. Owner only. */
  public void use(long addressSpace) {
    if (spaces.use(addressSpace)) {
      forgetting();
      tlb = spaces.tlb();
      generation = spaces.generation();
    }
  }

  /** Forgets the page around a virtual address; with it all large pages it may be part of. */
  public void flushPage(long virtual) {
    forgetting();
    spaces.flushPage(virtual);
    generation = spaces.generation();
    for (LongConsumer listener : pageFlushed) {
      listener.accept(virtual);
    }
  }

  /**
   * From now on writes to these RAM pages take the slow path. Any thread.
   *
   * @param ramAddress a multiple of the page size
   * @return whether the vCPU may be in the middle of one that does not
   */
  public boolean closeWrites(long ramAddress, long length) {
    return spaces.closeWrites(ramAddress, length);
  }

  // ---- filling ---------------------------------------------------------------------------------

  void fault(int cause, long value) {
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
   * The entry that translates an access to {@code size} bytes, all in one page, which may be done;
   * or {@link #FAULT} with the fault set.
   */
  long lookup(long virtual, int size, Access access, int mmuIndex) {
    long entry = find(virtual, size, access, mmuIndex);
    if (entry == FAULT || !isInspected(entry, access)) {
      return entry;
    }
    return mayAccess(virtual, size, access, mmuIndex) ? entry : FAULT;
  }

  private boolean mayAccess(long virtual, int size, Access access, int mmuIndex) {
    found.reset();
    boolean may = cpu.inspect(virtual, size, access, mmuIndex, found);
    if (!may) {
      fault(found.faultCause, found.faultValue);
    }
    return may;
  }

  private long find(long virtual, int size, Access access, int mmuIndex) {
    long entry = tlb.slot(virtual, mmuIndex);
    int tagOffset = tagOffset(access);
    long tag = RawMemory.getAlignedLong(entry + tagOffset);
    if (tag != INVALID && (tag & PAGE) == (virtual & PAGE)) {
      return entry;
    }
    if (tlb.restoreVictim(virtual, mmuIndex, tagOffset)) {
      return entry;
    }
    return mmuIndex == narrowRegime && isNarrow(virtual, size, tagOffset)
        ? tlb.scratch()
        : fill(virtual, size, access, mmuIndex);
  }

  /**
   * Whether the scratch entry answers, as it is of a device that is there, narrower than a page.
   */
  private boolean isNarrow(long virtual, int size, int tagOffset) {
    long entry = tlb.scratch();
    long tag = RawMemory.getAlignedLong(entry + tagOffset);
    return tag != INVALID
        && (tag & PAGE) == (virtual & PAGE)
        && tlb.range(entry).contains(tlb.physicalPage(entry) + (virtual & 4095), size);
  }

  /** Whether what an entry translates to is memory that may be written. */
  boolean writesMemory(long entry) {
    return tlb.range(entry).writesMemory();
  }

  /** Host address of a byte of an entry's page, which is memory. */
  static long hostAddress(long entry, long virtual) {
    return virtual + RawMemory.getAlignedLong(entry + ADDEND);
  }

  private long fill(long virtual, int size, Access access, int mmuIndex) {
    found.reset();
    if (!cpu.translate(virtual, size, access, mmuIndex, found)) {
      fault(found.faultCause, found.faultValue);
      return FAULT;
    }
    long physicalPage = found.physical & PAGE;
    FlatRange range = space.view(found.secure).find(found.physical);
    boolean wholePage = range.contains(physicalPage, 4096);
    boolean once = found.uncached || !wholePage;
    long entry = once ? tlb.scratch() : tlb.claim(virtual, mmuIndex);
    insert(entry, virtual & PAGE, physicalPage, range);
    if (once) {
      narrowRegime = found.uncached || range.readsMemory() ? NONE : mmuIndex;
    }
    if (!once && found.pageSize > 4096) {
      tlb.rememberLargePage(virtual, found.pageSize);
    }
    if (!once) {
      long page = virtual & PAGE;
      boolean inOrder = page == next[access.ordinal()];
      next[access.ordinal()] = fillBehind(page, mmuIndex, physicalPage, range, inOrder);
    }
    return entry;
  }

  /**
   * Fills the entries of pages behind one that translate alike: who goes through memory in order
   * will ask for them, and a walk costs as much as many of these. As long as nobody knows whether
   * the guest does, entries that hold something stay.
   *
   * @return the page behind the last one filled
   */
  private long fillBehind(
      long page, int mmuIndex, long physicalPage, FlatRange range, boolean inOrder) {
    long step = 4096;
    if (found.alike == 0 || found.inspected || !range.readsMemory()) {
      return page + step;
    }
    long end = (1 + Math.min(found.alike, MOST_BEHIND)) * 4096L;
    for (; step < end && range.contains(physicalPage + step, 4096); step += 4096) {
      long entry = tlb.claimBehind(page + step, mmuIndex, inOrder);
      if (entry == 0) {
        break;
      }
      insert(entry, page + step, physicalPage + step, range);
    }
    return page + step;
  }

  private void insert(long at, long page, long physicalPage, FlatRange range) {
    boolean memory = range.readsMemory();
    long ramPage = memory ? range.ramAddress(physicalPage) : -1;
    tlb.describe(at, physicalPage, found.secure, ramPage, range);
    RawMemory.putAlignedLong(at + ADDEND, memory ? range.hostAddress(physicalPage) - page : 0);
    long bits = memory ? 0 : Tlb.MMIO;
    long data = page | (found.inspected ? INSPECTED : 0);
    RawMemory.putAlignedLong(at + READ_TAG, found.readable ? data | bits : INVALID);
    RawMemory.putAlignedLong(at + EXECUTE_TAG, found.executable ? page | bits : INVALID);
    long write = INVALID;
    if (found.writable) {
      write = data | (!range.writesMemory() ? Tlb.MMIO : mustReport(at) ? SLOW : 0);
    }
    RawMemory.putLongVolatile(at + WRITE_TAG, write);
    if (write == data) {
      // A translator may have marked the page between the question and the answer.
      VarHandle.fullFence();
      if (mustReport(at)) {
        RawMemory.getAndOrLong(at + WRITE_TAG, SLOW);
      }
    }
  }

  private boolean mustReport(long entry) {
    var ram = tlb.range(entry).ram();
    return ram != null && ram.dirty().mustReport(tlb.ramPage(entry) - ram.ramBase());
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
    long entry = lookup(virtual, size, Access.EXECUTE, cpu.fetchMmuIndex());
    if (entry == FAULT) {
      return -1;
    }
    long page = tlb.ramPage(entry);
    if (page == -1) {
      fault(cpu.accessFaultCause(Access.EXECUTE), virtual);
      return -1;
    }
    return page + (virtual & 4095);
  }

  /** Whether the answer of the last {@link #fetchAddress} held for that access only. */
  boolean fetchWasUncached(long virtual) {
    long tag = RawMemory.getAlignedLong(tlb.slot(virtual, cpu.fetchMmuIndex()) + EXECUTE_TAG);
    return tag == INVALID || (tag & PAGE) != (virtual & PAGE);
  }

  /** Host address of an instruction byte for which {@link #fetchAddress} just answered. */
  long fetchHostAddress(long virtual) {
    long entry = fetchWasUncached(virtual) ? tlb.scratch() : tlb.slot(virtual, cpu.fetchMmuIndex());
    return hostAddress(entry, virtual);
  }

  // ---- loads -----------------------------------------------------------------------------------

  boolean refusesMisaligned(long virtual, int size, long desc, Access access) {
    if ((virtual & (size - 1)) == 0) {
      return false;
    }
    switch (MemDesc.alignment(desc)) {
      case ANY -> {
        return false;
      }
      case WITHIN_16 -> {
        if (WholeAccesses.contains(virtual, size)) {
          return false;
        }
        fault(cpu.misalignedCause(access), virtual);
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
    long value = loadBytes(virtual, size, MemDesc.mmuIndex(desc), atOnce(virtual, size, desc));
    if (MemDesc.isAcquire(desc)) {
      VarHandle.acquireFence();
    }
    return GuestBytes.extend(value, desc);
  }

  /** Whether an access that is not aligned is to be done at once. */
  private static boolean atOnce(long virtual, int size, long desc) {
    return MemDesc.atomicity(desc) == MemDesc.Atomicity.WITHIN_16
        && (virtual & (size - 1)) != 0
        && WholeAccesses.contains(virtual, size);
  }

  /** The bytes in address order from bit 0; {@code atOnce} even if they are not aligned. */
  private long loadBytes(long virtual, int size, int mmuIndex, boolean atOnce) {
    if ((virtual & 4095) + size > 4096) {
      return loadAcrossPages(virtual, size, mmuIndex);
    }
    long entry = lookup(virtual, size, Access.READ, mmuIndex);
    if (entry == FAULT) {
      return 0;
    }
    FlatRange range = tlb.range(entry);
    if (!range.readsMemory()) {
      return readBus(entry, virtual, size);
    }
    long host = hostAddress(entry, virtual);
    tellOfLoad(host, size);
    return atOnce && range.writesMemory() ? whole.load(host, size) : GuestBytes.load(host, size);
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
      value |= loadBytes(virtual + i, 1, mmuIndex, false) << (8 * i);
    }
    return value;
  }

  private long readBus(long entry, long virtual, int size) {
    ExecutionLog told = log;
    bus.from(cpu.index(), tlb.secure(entry), true)
        .asRead(tlb.physicalPage(entry) + (virtual & 4095), size);
    BusResult result = told == null ? space.access(bus) : told.access(space, bus);
    if (result != BusResult.OK) {
      fault(cpu.accessFaultCause(Access.READ), virtual);
      return 0;
    }
    return told == null ? bus.value() : told.answer();
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
    long bytes = GuestBytes.inAddressOrder(value, desc);
    storeBytes(virtual, bytes, size, MemDesc.mmuIndex(desc), atOnce(virtual, size, desc));
  }

  private void storeBytes(long virtual, long bytes, int size, int mmuIndex, boolean atOnce) {
    if ((virtual & 4095) + size > 4096) {
      storeAcrossPages(virtual, bytes, size, mmuIndex);
      return;
    }
    long entry = lookup(virtual, size, Access.WRITE, mmuIndex);
    if (entry == FAULT) {
      return;
    }
    FlatRange range = tlb.range(entry);
    if (!range.writesMemory()) {
      writeBus(entry, virtual, bytes, size);
      return;
    }
    tellOfStore(entry, virtual, size);
    long host = hostAddress(entry, virtual);
    if (atOnce) {
      whole.store(host, bytes, size);
    } else {
      GuestBytes.store(host, bytes, size);
    }
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
    long entry = lookup(virtual, inFirst, access, mmuIndex);
    boolean inspected = entry != FAULT && isInspected(entry, access);
    long next = entry == FAULT ? FAULT : lookup(second, size - inFirst, access, mmuIndex);
    return next != FAULT
        && (!(inspected || isInspected(next, access))
            || mayAccess(virtual, size, access, mmuIndex));
  }

  private static boolean isInspected(long entry, Access access) {
    return (RawMemory.getAlignedLong(entry + tagOffset(access)) & INSPECTED) != 0;
  }

  private void storeBytewise(long virtual, long bytes, int size, int mmuIndex) {
    for (int i = 0; i < size && !faulted; i++) {
      storeBytes(virtual + i, bytes >>> (8 * i), 1, mmuIndex, false);
    }
  }

  /** Tells logs and code of a write through a slow entry, and opens the fast path if it may. */
  void afterWrite(long entry, long virtual, int size) {
    long at = entry + WRITE_TAG;
    long tag = RawMemory.getAlignedLong(at);
    if ((tag & SLOW) == 0 || (log != null && log.takesBack())) {
      return;
    }
    var ram = tlb.range(entry).ram();
    if (ram == null) {
      return;
    }
    long offset = tlb.ramPage(entry) + (virtual & 4095) - ram.ramBase();
    DirtyLog dirty = ram.dirty();
    dirty.written(offset, size);
    if (!dirty.mustReport(offset)) {
      RawMemory.putLongVolatile(at, (virtual & PAGE) | (tag & INSPECTED));
      VarHandle.fullFence();
      if (dirty.mustReport(offset)) {
        RawMemory.getAndOrLong(at, SLOW);
      }
    }
  }

  private void writeBus(long entry, long virtual, long bytes, int size) {
    long physical = tlb.physicalPage(entry) + (virtual & 4095);
    ExecutionLog told = log;
    bus.from(cpu.index(), tlb.secure(entry), true).asWrite(physical, size, bytes);
    BusResult result = told == null ? space.access(bus) : told.access(space, bus);
    if (result != BusResult.OK) {
      fault(cpu.accessFaultCause(Access.WRITE), virtual);
    }
  }

  // ---- pairs -----------------------------------------------------------------------------------

  /**
   * Loads two values, the second behind the first, to {@link #pairFirst} and {@link #pairSecond}; 0
   * if it faults.
   *
   * @param desc of one of them
   */
  public void loadPair(long virtual, long desc) {
    pairFirst = 0;
    pairSecond = 0;
    int size = MemDesc.size(desc);
    long entry = pairEntry(virtual, size, desc, Access.READ);
    if (entry != FAULT) {
      long host = hostAddress(entry, virtual);
      tellOfLoad(host, size);
      tellOfLoad(host + size, size);
      long both = loadWhole(host, size);
      boolean wide = size == Long.BYTES;
      pairFirst = GuestBytes.extend(wide ? GuestBytes.littleEndian(whole.first(), 8) : both, desc);
      long second = wide ? GuestBytes.littleEndian(whole.second(), 8) : both >>> (8 * size);
      pairSecond = GuestBytes.extend(second, desc);
      return;
    }
    long first = faulted ? 0 : load(virtual, desc);
    long second = faulted ? 0 : load(virtual + size, desc);
    pairFirst = faulted ? 0 : first;
    pairSecond = second;
  }

  /** Loads a pair of up to 8 bytes, or one of 16 to where it is found. */
  private long loadWhole(long host, int size) {
    if (size == Long.BYTES) {
      whole.loadPair(host);
      return 0;
    }
    int both = 2 * size;
    return (host & (both - 1)) == 0 ? GuestBytes.load(host, both) : whole.load(host, both);
  }

  /** Stores two values, the second behind the first, or faults and changes nothing. */
  public void storePair(long virtual, long first, long second, long desc) {
    int size = MemDesc.size(desc);
    long entry = pairEntry(virtual, size, desc, Access.WRITE);
    if (entry != FAULT) {
      long low = GuestBytes.inAddressOrder(first, desc);
      long high = GuestBytes.inAddressOrder(second, desc);
      tellOfStore(entry, virtual, size);
      tellOfStore(entry, virtual + size, size);
      storeWhole(hostAddress(entry, virtual), low, high, size);
      afterWrite(entry, virtual, 2 * size);
      return;
    }
    long probe = new MemDesc(desc).write().bits();
    if (!faulted) {
      probe(virtual, probe);
    }
    if (!faulted) {
      probe(virtual + size, probe);
    }
    if (!faulted) {
      store(virtual, first, desc);
      store(virtual + size, second, desc);
    }
  }

  private void storeWhole(long host, long low, long high, int size) {
    if (size == Long.BYTES) {
      whole.storePair(host, GuestBytes.littleEndian(low, 8), GuestBytes.littleEndian(high, 8));
      return;
    }
    int both = 2 * size;
    long bytes = (low & -1L >>> (64 - 8 * size)) | high << (8 * size);
    if ((host & (both - 1)) == 0) {
      GuestBytes.store(host, bytes, both);
    } else {
      whole.store(host, bytes, both);
    }
  }

  /**
   * The entry of a pair that is to be accessed at once; {@link #FAULT} if it is to be two accesses,
   * or faults.
   */
  private long pairEntry(long virtual, int size, long desc, Access access) {
    if (MemDesc.atomicity(desc) != MemDesc.Atomicity.WITHIN_16
        || !WholeAccesses.contains(virtual, 2 * size)
        || refusesMisaligned(virtual, size, desc, access)) {
      return FAULT;
    }
    long entry = find(virtual, 2 * size, access, MemDesc.mmuIndex(desc));
    boolean plain = entry != FAULT && writesMemory(entry) && !isInspected(entry, access);
    return plain ? entry : FAULT;
  }

  // ---- atomics ---------------------------------------------------------------------------------

  /** Compare and exchange; the old value, or 0 if it faults. */
  public long cas(long virtual, long expected, long value, long desc) {
    return atomics.cas(virtual, expected, value, desc);
  }

  /**
   * Compare and exchange of 16 bytes, aligned as a whole; what was there is in {@link #pairFirst}
   * and {@link #pairSecond}, 0 if it faults.
   *
   * @param desc of one of the two values of 8 bytes
   */
  public void casPair(
      long virtual, long expected, long expected2, long value, long value2, long desc) {
    atomics.casPair(virtual, expected, expected2, value, value2, desc);
  }

  /**
   * Other vCPUs access the memory, too.
   *
   * @param instruction does it with 16 bytes at once; null if the host has none
   * @param alone runs something while no other vCPU runs
   */
  public void share(@Nullable PairExchange instruction, Consumer<Runnable> alone) {
    whole.share(instruction, alone);
  }

  /** Read-modify-write; the old value, or 0 if it faults. */
  public long rmw(Rmw operation, long virtual, long operand, long desc) {
    return atomics.rmw(operation, virtual, operand, desc);
  }

  /** Loads and reserves. */
  public long loadLinked(long virtual, long desc) {
    return atomics.loadLinked(virtual, desc);
  }

  /**
   * 1 if the reservation held and the value was stored. The reservation is gone either way. A
   * misaligned address faults even where nothing would be stored.
   */
  public long storeConditional(long virtual, long value, long desc) {
    return atomics.storeConditional(virtual, value, desc);
  }

  // ---- probes ----------------------------------------------------------------------------------

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

  @Override
  public void close() {
    spaces.close();
  }
}
