package dev.kasuari.it;

/**
 * A 64-bit value that may depend on where a sequence lies: {@code value + (base >> shift)}.
 *
 * @param shift 0 for an address, 2 for a page table entry, 12 for {@code satp}
 */
record Word(long value, Base base, int shift) {
  /** What a value is relative to. */
  enum Base {
    ZERO,
    /** The page of the first instruction. */
    CODE,
    /** A page boundary with {@link Sequence#SCRATCH_HALF} bytes of memory on either side. */
    SCRATCH,
    /** The first of the sequence's own pages. */
    PAGES,
    /** Where delegated traps go, and go on from. */
    SUPERVISOR_HANDLER,
    /** Where all other traps go. */
    MACHINE_HANDLER
  }

  static Word of(long value) {
    return new Word(value, Base.ZERO, 0);
  }

  static Word at(Base base, long offset) {
    return new Word(offset, base, 0);
  }

  /** A page table entry for one of the sequence's pages, with the low bits given. */
  static Word entry(int page, long flags) {
    return new Word(flags + ((long) page << 10), Base.PAGES, 2);
  }
}
