package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.IrUnit;
import java.util.Arrays;
import java.util.function.LongUnaryOperator;

/**
 * A unit in the making: where its guest code is, how far it has come, and the emitter. Code is
 * position-independent: a translator knows offsets from the unit's entry, never the address.
 */
public final class Translation {
  /** Guest instructions in a unit at the most. */
  public static final int MAX_INSTRUCTIONS = 64;

  /** {@link #fetch16} could not read: the instruction is not to be translated. */
  public static final int UNREADABLE = -1;

  private static final long PAGE_SIZE = 4096;

  private final Emitter emitter = new Emitter();
  private final LongUnaryOperator secondPage;
  private long mode;
  private int flags;
  private int pageOffset;
  private long firstHost;
  private long secondHost;
  private boolean secondAsked;
  private int delta;
  private int length;
  private boolean ended;
  private int limit;

  /** What was fetched, by its distance from the unit's entry: memory may be another by now. */
  private byte[] fetched = new byte[4 * MAX_INSTRUCTIONS + Long.BYTES];

  /**
   * @param secondPage asked when a unit runs past its page: returns the host address of the page
   *     that follows virtually, or −1 if it cannot be fetched from
   */
  Translation(LongUnaryOperator secondPage) {
    this.secondPage = secondPage;
  }

  void begin(long mode, int flags, int pageOffset, long hostPage, int limit) {
    this.mode = mode;
    this.flags = flags;
    this.pageOffset = pageOffset;
    this.firstHost = hostPage;
    this.limit = limit;
    secondAsked = false;
    secondHost = -1;
    delta = 0;
    length = 0;
    ended = false;
    emitter.begin();
  }

  public Emitter emitter() {
    return emitter;
  }

  /** The CPU's mode word. */
  public long mode() {
    return mode;
  }

  /** As in {@link UnitFlags}. */
  public int flags() {
    return flags;
  }

  /** Bytes from the unit's entry to the current instruction. */
  public int delta() {
    return delta;
  }

  /** Bytes from the start of a page to the current instruction. */
  public int pageOffset() {
    return (int) ((pageOffset + delta) & (PAGE_SIZE - 1));
  }

  /** Whether nothing may follow the current instruction. */
  public boolean ended() {
    return ended;
  }

  /** Bytes from the unit's entry to the instruction after the current one. */
  public int nextDelta() {
    return delta + length;
  }

  /**
   * The 16 bits {@code offset} bytes into the current instruction, in guest memory's little-endian
   * order; or {@link #UNREADABLE}.
   */
  public int fetch16(int offset) {
    long at = (long) pageOffset + delta + offset;
    long host = firstHost + at;
    if (at >= PAGE_SIZE) {
      if (!secondAsked) {
        secondAsked = true;
        secondHost = secondPage.applyAsLong(pageOffset);
      }
      if (secondHost == -1) {
        return UNREADABLE;
      }
      host = secondHost + (at - PAGE_SIZE);
    }
    short value = RawMemory.getShort(host);
    note(delta + offset, value);
    int little = value & 0xffff;
    return RawMemory.littleEndian() ? little : Integer.reverseBytes(little) >>> 16;
  }

  /** In the host's byte order, as it is in memory. */
  private void note(int at, short value) {
    if (at + 2 > fetched.length) {
      fetched = Arrays.copyOf(fetched, 2 * (at + 2));
    }
    boolean little = RawMemory.littleEndian();
    fetched[at] = (byte) (little ? value : value >> 8);
    fetched[at + 1] = (byte) (little ? value >> 8 : value);
  }

  /** The current instruction has this many bytes; what follows is its meaning. */
  public void instruction(int bytes) {
    length = bytes;
    emitter.instruction(delta, bytes, 0, false);
  }

  /** Nothing may follow the current instruction in this unit. */
  public void end() {
    ended = true;
  }

  /**
   * Continues with the instruction {@code targetDelta} bytes from the entry: chained through {@code
   * slot} if it lies in the page of the entry, looked up otherwise.
   */
  public void goTo(long targetDelta, int slot) {
    long at = pageOffset + targetDelta;
    boolean inPage = at >= 0 && at < PAGE_SIZE && (flags & UnitFlags.NO_CHAIN) == 0;
    emitter.gotoUnit(targetDelta, inPage ? slot : Emitter.NO_LINK);
  }

  // ---- the loop over instructions --------------------------------------------------------------

  /**
   * Translates until the unit ends.
   *
   * @return false if its first instruction cannot be read
   */
  boolean run(Translator translator) {
    while (true) {
      int before = emitter.size();
      translator.translate(this);
      if (emitter.size() == before) {
        return closeBeforeUnreadable();
      }
      delta += length;
      length = 0;
      if (ended) {
        return true;
      }
      if (emitter.instructionCount() >= limit || pageOffset + delta >= PAGE_SIZE) {
        goTo(delta, 0);
        return true;
      }
    }
  }

  private boolean closeBeforeUnreadable() {
    if (delta == 0) {
      return false;
    }
    emitter.gotoUnit(delta, Emitter.NO_LINK);
    // Nothing of the second page became part of the unit.
    secondHost = -1;
    return true;
  }

  IrUnit finish() {
    return emitter.finish();
  }

  /** The same, but gone when the next unit begins. */
  IrUnit view() {
    return emitter.view();
  }

  /** Bytes of guest code in the unit. */
  int bytes() {
    return delta;
  }

  /** Whether the unit would be another one if another page followed, or none. */
  boolean askedForSecondPage() {
    return secondAsked;
  }

  /** What the unit was made of; the first {@link #bytes} count. */
  byte[] fetched() {
    return fetched;
  }

  boolean usesSecondPage() {
    return pageOffset + delta > PAGE_SIZE;
  }
}
