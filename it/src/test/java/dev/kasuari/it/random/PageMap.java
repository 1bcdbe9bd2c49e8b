package dev.kasuari.it.random;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Page tables of a random guest: one set for each of Sv39, Sv48 and Sv57, which maps some windows
 * of pages and a large page. No page of a table can be written through them.
 */
final class PageMap {
  /** Windows in each address space; each is a last-level table of its own. */
  static final int WINDOWS = 2;

  /** Pages that a window maps. */
  static final int WINDOW_PAGES = 24;

  /** Address spaces. */
  static final int SPACES = 3;

  private static final int ENTRIES = 512;
  private static final int LEVELS = 5;
  private static final int FIRST_MODE = 8;

  private static final long VALID = 1;
  private static final long READ = 1 << 1;
  private static final long WRITE = 1 << 2;
  private static final long EXECUTE = 1 << 3;
  private static final long USER = 1 << 4;
  private static final long ACCESSED = 1 << 6;
  private static final long DIRTY = 1 << 7;

  /** Where an entry has the number of its page. */
  private static final long ADDRESS = (1L << 54) - (1 << 10);

  private static final int MOST_TRIES = 100;

  /** A change of an entry: where it is, what becomes of it, and the page that it maps. */
  record Change(long entryAddress, long entry, long virtual) {}

  private final SplittableRandom random;
  private final long[][] tables = new long[Layout.TABLE_PAGES][ENTRIES];
  private final long[] windows = new long[SPACES * WINDOWS];
  private final int[] lastTables = new int[SPACES * WINDOWS];
  private int used;

  PageMap(SplittableRandom random) {
    this.random = random;
    for (int space = 0; space < SPACES; space++) {
      build(space);
    }
  }

  private static int levels(int space) {
    return LEVELS - 2 + space;
  }

  /** The roots come first, in order. */
  private void build(int space) {
    int levels = levels(space);
    used = Math.max(used, SPACES);
    long prefix = 0;
    int table = space;
    for (int level = levels - 1; level > 1; level--) {
      // The lower half: addresses need no sign.
      int index = random.nextInt(level == levels - 1 ? ENTRIES / 2 : ENTRIES);
      int next = used++;
      tables[table][index] = pointer(next);
      prefix |= (long) index << (12 + 9 * level);
      table = next;
    }
    int first = random.nextInt(ENTRIES - WINDOWS - 1);
    for (int i = 0; i < WINDOWS; i++) {
      int last = used++;
      int at = random.nextBoolean() ? ENTRIES - WINDOW_PAGES : random.nextInt(ENTRIES - 64);
      tables[table][first + i] = pointer(last);
      windows[space * WINDOWS + i] = prefix | (long) (first + i) << 21 | (long) at << 12;
      lastTables[space * WINDOWS + i] = last;
      for (int page = 0; page < WINDOW_PAGES; page++) {
        tables[last][at + page] = leaf();
      }
    }
    tables[table][first + WINDOWS] = Layout.RAM >> 2 | readable() | VALID;
  }

  private long readable() {
    return READ
        | (random.nextBoolean() ? EXECUTE : 0)
        | (random.nextBoolean() ? USER : 0)
        | (random.nextInt(4) == 0 ? 0 : ACCESSED);
  }

  private static long pointer(int table) {
    return Layout.page(Layout.TABLES + table) >> 2 | VALID;
  }

  private long leaf() {
    int kind = random.nextInt(32);
    long page = Layout.page(Layout.ARENA + random.nextInt(Layout.ARENA_PAGES));
    long permissions = READ | WRITE | EXECUTE;
    switch (kind) {
      case 0 -> {
        return 0;
      }
      case 1 -> permissions = WRITE;
      case 2 -> page = Layout.NOWHERE;
      case 3, 4 -> page = Layout.DEVICE;
      case 5, 6 -> permissions = READ | WRITE;
      case 7, 8 -> permissions = READ | EXECUTE;
      case 9, 10 -> permissions = EXECUTE;
      case 11, 12 -> permissions = READ;
      case 13 -> permissions |= 1L << random.nextInt(54, 64);
      default -> {}
    }
    return page >> 2
        | permissions
        | VALID
        | (random.nextInt(3) == 0 ? 0 : USER)
        | (random.nextInt(8) == 0 ? 0 : ACCESSED)
        | (random.nextInt(6) == 0 ? 0 : DIRTY);
  }

  // ---- use -------------------------------------------------------------------------------------

  /** The value of {@code satp} for an address space. */
  static long satp(int space) {
    return (long) (FIRST_MODE + space) << 60
        | (long) (space + 1) << 44
        | Layout.page(Layout.TABLES + space) >> 12;
  }

  /** Virtual address of a random place in the windows of a space, or just behind them. */
  long address(int space) {
    long window = windows[space * WINDOWS + random.nextInt(WINDOWS)];
    return window + random.nextLong(WINDOW_PAGES + 1L) * Layout.PAGE + offset();
  }

  /** Virtual address of a place that can be executed as it is mapped now, if one is found soon. */
  long code(int space, boolean user) {
    long virtual = 0;
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      int window = space * WINDOWS + random.nextInt(WINDOWS);
      virtual = windows[window] + random.nextLong(WINDOW_PAGES) * Layout.PAGE;
      if (executes(virtual, space, user)) {
        break;
      }
    }
    return virtual + 2 * random.nextLong(Layout.PAGE / 2);
  }

  /** Whether something can be executed as an address is mapped now. */
  boolean executes(long virtual, int space, boolean user) {
    long entry = entry(virtual, space);
    long wanted = VALID | EXECUTE | ACCESSED | (user ? USER : 0);
    return (entry & (wanted | USER)) == wanted && isArena((entry & ADDRESS) << 2);
  }

  private static boolean isArena(long physical) {
    return physical >= Layout.page(Layout.ARENA) && physical < Layout.page(Layout.PAGES);
  }

  /** Where in the arena an address of any space leads; negative if nowhere there. */
  long arenaOffset(long virtual) {
    for (int space = 0; space < SPACES; space++) {
      long physical = (entry(virtual, space) & ADDRESS) << 2;
      if (isArena(physical)) {
        return physical - Layout.page(Layout.ARENA) + (virtual & (Layout.PAGE - 1));
      }
    }
    return isArena(virtual) ? virtual - Layout.page(Layout.ARENA) : -1;
  }

  /** The entry in a window that maps an address, or 0. */
  private long entry(long virtual, int space) {
    for (int window = space * WINDOWS; window < (space + 1) * WINDOWS; window++) {
      long distance = (virtual & -Layout.PAGE) - windows[window];
      if (distance >= 0 && distance < (long) WINDOW_PAGES * Layout.PAGE) {
        return tables[lastTables[window]][index(virtual)];
      }
    }
    return 0;
  }

  private static int index(long virtual) {
    return (int) (virtual >> 12) & (ENTRIES - 1);
  }

  /** Often near the end of a page. */
  long offset() {
    return random.nextInt(3) == 0
        ? Layout.PAGE - random.nextInt(1, 33)
        : 8L * random.nextInt(Layout.PAGE / 8);
  }

  /** A change of a random entry of a space. */
  Change change(int space) {
    int window = space * WINDOWS + random.nextInt(WINDOWS);
    int page = random.nextInt(WINDOW_PAGES);
    long virtual = windows[window] + (long) page * Layout.PAGE;
    int index = index(virtual);
    int table = lastTables[window];
    tables[table][index] = leaf();
    return new Change(
        Layout.page(Layout.TABLES + table) + 8L * index, tables[table][index], virtual);
  }

  /** Writes the tables into an image of RAM. */
  void put(ByteBuffer ram) {
    ram.order(ByteOrder.LITTLE_ENDIAN);
    for (int table = 0; table < used; table++) {
      for (int i = 0; i < ENTRIES; i++) {
        ram.putLong((Layout.TABLES + table) * Layout.PAGE + 8 * i, tables[table][i]);
      }
    }
  }
}
