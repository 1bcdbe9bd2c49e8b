package dev.kasuari.it.random;

/** Where things are in the memory of a random guest. Pages are of 4 KiB. */
final class Layout {
  static final int PAGE = 4096;
  static final long RAM = 0x8000_0000L;
  static final int PAGES = 48;
  static final int RAM_SIZE = PAGES * PAGE;

  /** Registers that answer with something, and may raise or lower an interrupt. */
  static final long DEVICE = 0x1000_0000L;

  /** Nothing is here. */
  static final long NOWHERE = 0x4000_0000L;

  /** The trap handler of M-mode. */
  static final long MONITOR = RAM;

  /** Code for M-mode, which nothing changes. */
  static final int BODIES = 1;

  static final int BODY_PAGES = 3;

  /** Page tables, which nothing changes but the monitor and the walks. */
  static final int TABLES = 16;

  static final int TABLE_PAGES = 16;

  /** Code and data, mixed, that everything may change. */
  static final int ARENA = TABLES + TABLE_PAGES;

  static final int ARENA_PAGES = PAGES - ARENA;

  private Layout() {}

  /** Physical address of a page of RAM. */
  static long page(int number) {
    return RAM + (long) number * PAGE;
  }
}
