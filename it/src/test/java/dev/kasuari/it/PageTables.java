package dev.kasuari.it;

import dev.kasuari.it.Word.Base;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Page tables for one sequence, for Sv39, Sv48 and Sv57. All of RAM is at its own address, in pages
 * of 2 MiB; elsewhere are eight pages that are random, and what follows them.
 *
 * <p>Nothing writes to a page that can be executed, so that code stays what it is.
 */
final class PageTables {
  /** Pages that can be accessed. */
  static final int COUNT = 8;

  static final int SV39 = 8;
  static final int SV48 = 9;
  static final int SV57 = 10;

  // What each of the sequence's own pages is.
  private static final int ROOT_39 = 0;
  private static final int ROOT_48 = 1;
  private static final int RAM_TABLE = 2;
  private static final int MIDDLE = 3;
  private static final int LAST = 4;
  private static final int DATA = 5;

  /** Returns to {@code ra} wherever it is entered. */
  private static final int CODE = 6;

  private static final int ROOT_57 = 7;
  private static final int OWN_PAGES = 8;

  /** Nothing is at 128 GiB. */
  private static final long HOLE = 0x20_0000_0000L;

  private static final int PAGE = 4096;
  private static final int ENTRIES = 512;
  private static final int MEGAPAGES = (int) (Program.RAM_SIZE >> 21);
  private static final long RETURNS = 0x8082_8082_8082_8082L;

  static final long VALID = 1;
  static final long READ = 1 << 1;
  static final long WRITE = 1 << 2;
  static final long EXECUTE = 1 << 3;
  static final long USER = 1 << 4;
  static final long GLOBAL = 1 << 5;
  static final long ACCESSED = 1 << 6;
  static final long DIRTY = 1 << 7;
  static final long CONTIGUOUS = 1L << 63;
  private static final long MEMORY_TYPE = 3L << 61;

  private final SplittableRandom random;
  private final boolean user;
  private final boolean globals;
  private final boolean holes;
  private final boolean reserved;
  private final boolean mixed;
  private final long region;
  private final int first;
  private final Word[][] pages = new Word[OWN_PAGES][ENTRIES];

  /**
   * Makes some.
   *
   * @param user whether the code is for U-mode, else for S-mode
   * @param globals whether entries may be global
   * @param narrowest the narrowest scheme that the addresses are for
   * @param holes whether pages may be where no memory is
   * @param reserved whether entries may have bits that are reserved
   * @param mixed whether code may be in a user's page if this is for S-mode
   */
  PageTables(
      SplittableRandom random,
      boolean user,
      boolean globals,
      int narrowest,
      boolean holes,
      boolean reserved,
      boolean mixed) {
    this.random = random;
    this.user = user;
    this.globals = globals;
    this.holes = holes;
    this.reserved = reserved;
    this.mixed = mixed;
    for (Word[] page : pages) {
      Arrays.fill(page, Word.of(0));
    }
    // Not where QEMU has devices, which M-mode could reach.
    int root = random.nextInt(64, narrowest > SV39 ? ENTRIES : ENTRIES / 2);
    int top = narrowest > SV39 ? random.nextInt(1, narrowest > SV48 ? ENTRIES / 2 : ENTRIES) : 0;
    int summit = narrowest > SV48 ? random.nextInt(1, ENTRIES) : 0;
    int middle = random.nextInt(ENTRIES - 1);
    first = random.nextBoolean() ? ENTRIES - COUNT : random.nextInt(ENTRIES - COUNT);
    int unused = narrowest > SV48 ? 7 : 16;
    long high = (long) summit << 48 | (long) top << 39;
    long address = (high | (long) root << 30 | (long) middle << 21) << unused >> unused;
    region = address + (long) first * PAGE;
    pages[ROOT_39][2] = pointer(RAM_TABLE, false);
    pages[ROOT_39][root] = pointer(MIDDLE, true);
    pages[ROOT_48][0] = pointer(ROOT_39, false);
    pages[ROOT_48][top] = pointer(ROOT_39, false);
    pages[ROOT_57][0] = pointer(ROOT_48, false);
    pages[ROOT_57][summit] = pointer(ROOT_48, false);
    pages[MIDDLE][middle] = pointer(LAST, true);
    pages[MIDDLE][middle + 1] = largeLeaf();
    mapRam();
    for (int i = 0; i < COUNT; i++) {
      pages[LAST][first + i] = leaf();
    }
    Arrays.setAll(pages[DATA], i -> Word.of(CornerValues.integer(random)));
    Arrays.fill(pages[CODE], Word.of(RETURNS));
  }

  /** Points to a table; sometimes with bits that only leaves may have. */
  private Word pointer(int page, boolean fallible) {
    int unlikely = reserved && random.nextBoolean() ? 54 : 63;
    long wrong = fallible && random.nextInt(30) == 0 ? bit(4, 6, 7, unlikely) : 0;
    return Word.entry(page, VALID | wrong);
  }

  private long bit(int... numbers) {
    return 1L << numbers[random.nextInt(numbers.length)];
  }

  private void mapRam() {
    for (int i = 0; i < MEGAPAGES; i++) {
      long physical = Program.BASE + ((long) i << 21);
      boolean runtime = i == 0;
      long flags = VALID | READ | EXECUTE | ACCESSED | (random.nextInt(4) == 0 ? 0 : DIRTY);
      flags |= runtime ? 0 : WRITE | (user ? USER : 0);
      pages[RAM_TABLE][i] = Word.of(physical >> 2 | flags);
    }
  }

  /** A page of 2 MiB: the runtime, which can be read, or something misaligned. */
  private Word largeLeaf() {
    long physical = Program.BASE + (random.nextInt(4) == 0 ? PAGE : 0);
    return Word.of(physical >> 2 | flags() | READ);
  }

  /** An entry for one of the pages. */
  Word leaf() {
    long high = reserved ? bit(54, 55, 58, 60, 61, 62, 63) : bit(61, 62, 63);
    long flags = flags() | (random.nextInt(25) == 0 ? high : 0);
    return switch (random.nextInt(22)) {
      case 20 -> contiguous(flags);
      case 21 -> Word.entry(DATA, (flags & ~MEMORY_TYPE) | READ | WRITE | memoryType());
      case 0 -> Word.of(0);
      case 1 -> holes ? Word.of(HOLE >> 2 | flags | READ | WRITE) : Word.entry(DATA, flags);
      case 2 -> Word.entry(LAST, flags | READ);
      // Neither a page nor, at the last level, a table.
      case 3 -> Word.entry(LAST, flags);
      case 4 -> Word.entry(DATA, flags | WRITE);
      case 5, 6, 7, 8, 9, 10 ->
          Word.entry(
              CODE,
              (user || mixed ? flags : flags & ~USER)
                  | EXECUTE
                  | (random.nextBoolean() ? READ : 0));
      default -> Word.entry(DATA, flags | READ | (random.nextInt(4) == 0 ? 0 : WRITE));
    };
  }

  /** The fourth of them is reserved. */
  private long memoryType() {
    return (long) random.nextInt(reserved ? 4 : 3) << 61;
  }

  /** Part of 64 KiB, the runtime's first, which can be read; sometimes of another size. */
  private Word contiguous(long flags) {
    long page = Program.BASE >> 12 | (random.nextInt(4) == 0 ? random.nextInt(16) : 8);
    return Word.of(page << 10 | flags | READ | CONTIGUOUS);
  }

  /** All but the permissions. */
  private long flags() {
    boolean usual = random.nextInt(8) != 0;
    return (random.nextInt(20) == 0 ? 0 : VALID)
        | (user == usual ? USER : 0)
        | (globals && random.nextInt(6) == 0 ? GLOBAL : 0)
        | (random.nextInt(4) == 0 ? 0 : ACCESSED)
        | (random.nextInt(4) == 0 ? 0 : DIRTY)
        | (long) random.nextInt(4) << 8;
  }

  // ---- use -------------------------------------------------------------------------------------

  /** The virtual address of a page. */
  long address(int page) {
    return region + (long) page * PAGE;
  }

  /** Where the entry of the first page is, the others behind it. */
  static Word entryAddress(int first) {
    return Word.at(Base.PAGES, (long) LAST * PAGE + 8L * first);
  }

  /** The number of the first page's entry in its table. */
  int first() {
    return first;
  }

  /** A value of {@code satp} for these tables. */
  static Word satp(int mode, int space) {
    int root =
        switch (mode) {
          case SV48 -> ROOT_48;
          case SV57 -> ROOT_57;
          default -> ROOT_39;
        };
    return new Word((long) mode << 60 | (long) space << 44 | root, Base.PAGES, 12);
  }

  /** Protects one of the own pages: what {@code pmpaddr} is for an offset in them. */
  static Word protect(long offset, int napot) {
    long ones = napot < 3 ? 0 : (1L << (napot - 3)) - 1;
    return new Word((offset & -1L << napot) >> 2 | ones, Base.PAGES, 2);
  }

  /**
   * Offset of something among the data and the code.
   *
   * @param table whether it may be in the last table too
   */
  long somewhere(boolean table) {
    return random.nextInt((table ? LAST : DATA) * PAGE, ROOT_57 * PAGE);
  }

  List<List<Word>> pages() {
    List<List<Word>> lists = new ArrayList<>();
    for (Word[] page : pages) {
      lists.add(IntStream.range(0, ENTRIES).mapToObj(i -> page[i]).collect(Collectors.toList()));
    }
    return lists;
  }
}
