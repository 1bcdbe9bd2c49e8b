package dev.kasuari.tcg;

import dev.kasuari.host.HostMemory;
import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.memory.FlatRange;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The translation look-aside buffers of a vCPU in one address space: for each MMU index a
 * direct-mapped table and a few victims that it displaced.
 *
 * <p>The tables are outside the heap, so that emitted code and Java look into the same ones. An
 * entry has three tags (read, write, execute) and the addend that turns a virtual into a host
 * address. A tag is the virtual page address; anything in its low twelve bits keeps the fast path
 * out. While it is shown, where the table of a regime is and how many entries it has is in the
 * guest state ({@link EngineState#tlb}) and may change whenever something is inserted or flushed:
 * it grows when it is too small for what the guest touches between two flushes, and shrinks again.
 *
 * <p>Only the owner inserts and flushes. Another thread may do one thing: close write paths with
 * {@link #closeWrites}, by setting a bit.
 */
final class Tlb implements AutoCloseable {
  /** Bytes of an entry: three tags and the addend. */
  static final int ENTRY_BYTES = 32;

  static final int READ_TAG = 0;
  static final int WRITE_TAG = 8;
  static final int EXECUTE_TAG = 16;
  static final int ADDEND = 24;

  /** Tag bit: memory, but each write has to be looked at (code, or a dirty log). */
  static final long SLOW = 1 << 11;

  /** Tag bit: no memory; the bus answers. */
  static final long MMIO = 1 << 10;

  /** Tag bit: the CPU wants to see each access. */
  static final long INSPECTED = 1 << 9;

  static final long INVALID = -1;
  static final long PAGE = -4096L;

  /** Entries beside the table of a regime that were displaced from it. */
  static final int VICTIMS = 8;

  static final int MIN_BITS = 8;
  static final int MAX_BITS = 15;

  /** Flushes after which a table that was mostly empty at each of them shrinks. */
  private static final int PATIENCE = 64;

  /** Of the filter of large pages. */
  private static final int LARGE_PAGES_LOG2 = 15;

  private static final int MAX_ENTRIES = 1 << MAX_BITS;
  private static final int MAX_RANGES = 2048;

  /** With the physical page: accesses are the secure world's. The number of a range is below. */
  private static final long SECURE = MAX_RANGES;

  /** Where the victims of a regime are, from the start of its table. */
  static final int VICTIMS_AT = MAX_ENTRIES * ENTRY_BYTES;

  /**
   * Tables and victims of a regime, then for each of their entries half as many bytes that say what
   * it is about: the physical page with its world and the number of the range, and the RAM page.
   */
  static final int TAGS_BYTES = VICTIMS_AT + VICTIMS * ENTRY_BYTES;

  private static final long VICTIMS_BYTES = (long) VICTIMS * ENTRY_BYTES;
  private static final long REGIME_BYTES = TAGS_BYTES + TAGS_BYTES / 2;

  /** What {@link EngineState#CLOSING} changes by when one begins. */
  private static final long CLOSER = 1L << 32 | 1;

  private final long state;
  private final HostMemory memory;
  private final int regimes;
  private final long scratch;

  /** For each regime a long: how many entries of its table may hold something. Read by others. */
  private final long usedEntries;

  /** A table of one entry in which there is nothing, with its victims. */
  private final HostMemory nothing;

  /** Regimes whose tables were used: memory of the others is not touched. */
  private final boolean[] made;

  private boolean shown;
  private boolean hidden;
  private final List<FlatRange> ranges = new ArrayList<>();
  private final int[] bits;
  private final int[] filled;
  private final int[] displaced;
  private final int[] peak;
  private final int[] flushes;
  private final int[] nextVictim;

  /** Large pages that entries are part of, by {@link #large}; and their sizes, a bit each. */
  private final PageFilter largePages = new PageFilter(LARGE_PAGES_LOG2);

  private long largeSizes;

  /**
   * @param state host address of the guest state
   * @param regimes MMU indexes that the CPU has
   */
  Tlb(long state, int regimes) {
    this.state = state;
    this.regimes = regimes;
    memory = HostMemory.anonymous(regimes * REGIME_BYTES + 4096);
    scratch = memory.address() + regimes * REGIME_BYTES;
    usedEntries = scratch + 2L * ENTRY_BYTES;
    bits = new int[regimes];
    filled = new int[regimes];
    displaced = new int[regimes];
    peak = new int[regimes];
    flushes = new int[regimes];
    nextVictim = new int[regimes];
    made = new boolean[regimes];
    Arrays.fill(bits, MIN_BITS + 1);
    nothing = HostMemory.anonymous(TAGS_BYTES);
    RawMemory.fill(nothing.address(), ENTRY_BYTES, (byte) -1);
    RawMemory.fill(victims(nothing.address()), VICTIMS_BYTES, (byte) -1);
  }

  private long table(int regime) {
    return memory.address() + regime * REGIME_BYTES;
  }

  private static long victims(long table) {
    return table + VICTIMS_AT;
  }

  /** Entries of a regime's table now. */
  int entries(int regime) {
    return 1 << bits[regime];
  }

  /** Address of the entry for a virtual address, whatever is in it. */
  long slot(long virtual, int regime) {
    if (!made[regime]) {
      return nothing.address();
    }
    int index = (int) (virtual >>> 12) & ((1 << bits[regime]) - 1);
    return table(regime) + (long) index * ENTRY_BYTES;
  }

  /** Address of the entry for what holds for one access only. */
  long scratch() {
    return scratch;
  }

  private long known(long entry) {
    if (entry == scratch) {
      return scratch + ENTRY_BYTES;
    }
    long offset = entry - memory.address();
    return entry - offset % REGIME_BYTES + TAGS_BYTES + (offset % REGIME_BYTES >> 1);
  }

  /** RAM address of the entry's page, or −1 if it is not memory. */
  long ramPage(long entry) {
    return RawMemory.getAlignedLong(known(entry) + 8);
  }

  /** Physical address of the entry's page. */
  long physicalPage(long entry) {
    return RawMemory.getAlignedLong(known(entry)) & PAGE;
  }

  /** Whether accesses through the entry are those of the secure world. */
  boolean secure(long entry) {
    return (RawMemory.getAlignedLong(known(entry)) & SECURE) != 0;
  }

  FlatRange range(long entry) {
    return ranges.get((int) RawMemory.getAlignedLong(known(entry)) & (MAX_RANGES - 1));
  }

  // ---- flushing --------------------------------------------------------------------------------

  /** Forgets everything. */
  void flush() {
    for (int regime = 0; regime < regimes; regime++) {
      flush(regime);
    }
    ranges.clear();
    largePages.clear();
    largeSizes = 0;
  }

  private void flush(int regime) {
    if (filled[regime] != 0) {
      resizeAtFlush(regime);
      empty(regime);
    } else {
      publish(regime);
    }
  }

  private void resizeAtFlush(int regime) {
    int size = 1 << bits[regime];
    peak[regime] = Math.max(peak[regime], filled[regime]);
    if (filled[regime] > size / 4 * 3 && bits[regime] < MAX_BITS) {
      resize(regime, bits[regime] + 1);
    } else if (++flushes[regime] >= PATIENCE) {
      boolean small = peak[regime] < size / 4 && bits[regime] > MIN_BITS;
      resize(regime, small ? bits[regime] - 1 : bits[regime]);
    }
  }

  private void resize(int regime, int newBits) {
    bits[regime] = newBits;
    peak[regime] = 0;
    flushes[regime] = 0;
  }

  private void empty(int regime) {
    long table = table(regime);
    RawMemory.fill(table, (long) ENTRY_BYTES << bits[regime], (byte) -1);
    RawMemory.fill(victims(table), VICTIMS_BYTES, (byte) -1);
    filled[regime] = 0;
    displaced[regime] = 0;
    RawMemory.putLongVolatile(used(regime), 0);
    publish(regime);
  }

  private long used(int regime) {
    return usedEntries + (long) regime * Long.BYTES;
  }

  /**
   * Before the first entry of an empty table is filled, as {@link #closeWrites} must see it then.
   */
  private void use(int regime) {
    if (!made[regime]) {
      made[regime] = true;
      empty(regime);
    }
    filled[regime] = 1;
    RawMemory.putLongVolatile(used(regime), 1L << bits[regime]);
  }

  private void publish(int regime) {
    if (shown) {
      long at = state + EngineState.tlb(regime);
      boolean something = made[regime] && !hidden;
      long last = something ? (1L << bits[regime]) - 1 : 0;
      RawMemory.putAlignedLong(
          at + EngineState.TLB_TABLE, something ? table(regime) : nothing.address());
      RawMemory.putAlignedLong(at + EngineState.TLB_MASK, last * ENTRY_BYTES);
    }
  }

  /** From now on emitted code uses these tables, or does not any more. */
  void show(boolean show) {
    shown = show;
    for (int regime = 0; regime < regimes; regime++) {
      publish(regime);
    }
  }

  /** Shows emitted code a table in which there is nothing, or again the right ones. */
  void hide(boolean hide) {
    if (hidden != hide) {
      hidden = hide;
      show(shown);
    }
  }

  /**
   * Forgets the page around a virtual address; with it all large pages it may be part of.
   *
   * @return whether other pages were forgotten too
   */
  boolean flushPage(long virtual) {
    if (mayBeLarge(virtual)) {
      flush();
      return true;
    }
    for (int regime = 0; regime < regimes; regime++) {
      if (filled[regime] == 0) {
        continue;
      }
      invalidateIf(slot(virtual, regime), virtual & PAGE);
      long victim = victims(table(regime));
      for (int i = 0; i < VICTIMS; i++) {
        invalidateIf(victim + (long) i * ENTRY_BYTES, virtual & PAGE);
      }
    }
    return false;
  }

  private boolean mayBeLarge(long virtual) {
    for (long sizes = largeSizes; sizes != 0; sizes &= sizes - 1) {
      if (largePages.mayContain(large(virtual, Long.lowestOneBit(sizes)))) {
        return true;
      }
    }
    return false;
  }

  /** What stands for the large page around an address in the filter. */
  private static long large(long virtual, long size) {
    return (virtual & -size) | ((long) Long.numberOfTrailingZeros(size) << 12);
  }

  private static boolean holds(long entry, long page) {
    for (int tag = READ_TAG; tag <= EXECUTE_TAG; tag += 8) {
      long seen = RawMemory.getAlignedLong(entry + tag);
      if (seen != INVALID && (seen & PAGE) == page) {
        return true;
      }
    }
    return false;
  }

  private static boolean empty(long entry) {
    return (RawMemory.getAlignedLong(entry + READ_TAG)
            & RawMemory.getAlignedLong(entry + WRITE_TAG)
            & RawMemory.getAlignedLong(entry + EXECUTE_TAG))
        == INVALID;
  }

  private static void invalidateIf(long entry, long page) {
    if (holds(entry, page)) {
      RawMemory.fill(entry, ENTRY_BYTES, (byte) -1);
    }
  }

  /**
   * From now on writes to these RAM pages take the slow path. Any thread.
   *
   * @param ramAddress a multiple of the page size
   * @return whether some took the fast path until now: the owner may be about to store through it
   */
  boolean closeWrites(long ramAddress, long length) {
    boolean any = false;
    RawMemory.getAndAddLong(state + EngineState.CLOSING, CLOSER);
    for (int regime = 0; regime < regimes; regime++) {
      long entries = RawMemory.getLongVolatile(used(regime));
      if (entries != 0) {
        long table = table(regime);
        any |= closeWrites(table, entries, ramAddress, length);
        any |= closeWrites(victims(table), VICTIMS, ramAddress, length);
      }
    }
    RawMemory.getAndAddLong(state + EngineState.CLOSING, -1);
    return any;
  }

  private boolean closeWrites(long first, long count, long ramAddress, long length) {
    long ramPages = known(first) + 8;
    boolean any = false;
    for (long i = 0; i < count; i++) {
      long page = RawMemory.getAlignedLong(ramPages + i * (ENTRY_BYTES / 2));
      if (page >= ramAddress && page < ramAddress + length) {
        any |= (RawMemory.getAndOrLong(first + i * ENTRY_BYTES + WRITE_TAG, SLOW) & SLOW) == 0;
      }
    }
    return any;
  }

  // ---- filling ---------------------------------------------------------------------------------

  /** Brings back a displaced entry that answers for the page with the tag; true if there is one. */
  boolean restoreVictim(long virtual, int regime, int tag) {
    if (!made[regime]) {
      return false;
    }
    long page = virtual & PAGE;
    long victim = victims(table(regime));
    for (int i = 0; i < VICTIMS; i++, victim += ENTRY_BYTES) {
      long seen = RawMemory.getAlignedLong(victim + tag);
      if (seen != INVALID && (seen & PAGE) == page) {
        swap(victim, slot(virtual, regime));
        return true;
      }
    }
    return false;
  }

  /**
   * Exchanges two entries. Who closes write paths meanwhile may miss one that moves, or mark where
   * it was; then both are closed, and opened again by the next write. Emitted code does the same.
   */
  private void swap(long a, long b) {
    long before = RawMemory.getLongVolatile(state + EngineState.CLOSING);
    for (int field = 0; field < ENTRY_BYTES; field += 8) {
      exchange(a + field, b + field);
    }
    exchange(known(a), known(b));
    exchange(known(a) + 8, known(b) + 8);
    VarHandle.fullFence();
    if ((int) before != 0 || RawMemory.getAlignedLong(state + EngineState.CLOSING) != before) {
      RawMemory.getAndOrLong(a + WRITE_TAG, SLOW);
      RawMemory.getAndOrLong(b + WRITE_TAG, SLOW);
    }
  }

  private static void exchange(long a, long b) {
    long was = RawMemory.getAlignedLong(a);
    RawMemory.putAlignedLong(a, RawMemory.getAlignedLong(b));
    RawMemory.putAlignedLong(b, was);
  }

  /**
   * The entry in which to put the translation of a page, emptied: what was there is a victim now,
   * or the table has grown.
   */
  long claim(long virtual, int regime) {
    if (filled[regime] == 0) {
      use(regime);
      return slot(virtual, regime);
    }
    long entry = slot(virtual, regime);
    if (empty(entry)) {
      filled[regime]++;
      return entry;
    }
    if (holds(entry, virtual & PAGE)) {
      return entry;
    }
    if (++displaced[regime] > 2 << bits[regime] && bits[regime] < MAX_BITS) {
      resize(regime, bits[regime] + 1);
      empty(regime);
      use(regime);
      return slot(virtual, regime);
    }
    long victim = victims(table(regime)) + (long) nextVictim[regime] * ENTRY_BYTES;
    nextVictim[regime] = (nextVictim[regime] + 1) % VICTIMS;
    swap(victim, entry);
    return entry;
  }

  /**
   * The entry in which to put the translation of a page that nobody asked for; 0 if there is none
   * as the table is in use for something else. What was there is no victim.
   *
   * @param displace it is likely to be asked for next
   */
  long claimBehind(long virtual, int regime, boolean displace) {
    long entry = slot(virtual, regime);
    if (empty(entry)) {
      filled[regime]++;
      return entry;
    }
    return displace && !holds(entry, virtual & PAGE) ? entry : 0;
  }

  /** Says what an entry is about, before its tags are set. */
  void describe(long entry, long physicalPage, boolean secure, long ramPage, FlatRange range) {
    RawMemory.putAlignedLong(known(entry), physicalPage | (secure ? SECURE : 0) | number(range));
    RawMemory.putAlignedLong(known(entry) + 8, ramPage);
  }

  private int number(FlatRange range) {
    for (int i = ranges.size() - 1; i >= 0; i--) {
      if (ranges.get(i) == range) {
        return i;
      }
    }
    if (ranges.size() == MAX_RANGES) {
      renumber();
    }
    ranges.add(range);
    return ranges.size() - 1;
  }

  /**
   * Empties every table, because numbers of ranges have run out; no mapping changed, so that large
   * pages stay known. The entry about to be described is in one of them.
   */
  private void renumber() {
    for (int regime = 0; regime < regimes; regime++) {
      if (made[regime]) {
        empty(regime);
        use(regime);
      }
    }
    ranges.clear();
  }

  /** The page of an entry is part of a larger one, which is flushed as a whole. */
  void rememberLargePage(long virtual, long pageSize) {
    largeSizes |= pageSize;
    largePages.add(large(virtual, pageSize));
  }

  @Override
  public void close() {
    memory.close();
    nothing.close();
  }
}
