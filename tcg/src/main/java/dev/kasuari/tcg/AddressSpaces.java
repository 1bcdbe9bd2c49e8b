package dev.kasuari.tcg;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongPredicate;

/**
 * One vCPU's translation look-aside buffers, one for each of the address spaces that it used last.
 * An operating system that goes from one to another and back finds its translations again, as it
 * would on a processor that tags them with an identifier.
 *
 * <p>Only the owner may call what is here, but for {@link #closeWrites}.
 */
final class AddressSpaces implements AutoCloseable {
  /** A kernel and its user behind tables of their own, and those of another process. */
  private static final int MOST = 4;

  private static final long NONE = -1;

  private final long state;
  private final int regimes;

  /** As others close write paths in all of them, one is never taken away. */
  private final List<Space> spaces = new CopyOnWriteArrayList<>();

  private Space current;
  private long generations;
  private long uses;
  private boolean hidden;

  private static final class Space {
    final Tlb tlb;
    long id = NONE;
    long generation;
    long lastUse;

    Space(Tlb tlb) {
      this.tlb = tlb;
    }
  }

  /**
   * @param state host address of the guest state
   * @param regimes MMU indexes that the CPU has
   */
  AddressSpaces(long state, int regimes) {
    this.state = state;
    this.regimes = regimes;
    current = add();
    current.id = 0;
    current.tlb.show(true);
  }

  private Space add() {
    var space = new Space(new Tlb(state, regimes));
    space.generation = ++generations;
    spaces.add(space);
    return space;
  }

  /** The buffer of the current address space. */
  Tlb tlb() {
    return current.tlb;
  }

  /** A number that changes whenever mappings may have changed, but for those of single pages. */
  long generation() {
    return current.generation;
  }

  /**
   * Makes an address space the current one.
   *
   * @param id any number that is not negative
   * @return whether it was not
   */
  boolean use(long id) {
    if (current.id == id) {
      return false;
    }
    Space next = find(id);
    current.tlb.show(false);
    current = next;
    next.lastUse = ++uses;
    next.tlb.show(true);
    next.tlb.hide(hidden);
    return true;
  }

  /** What is known of an address space, or room for it. */
  private Space find(long id) {
    Space oldest = current;
    for (Space space : spaces) {
      if (space.id == id) {
        return space;
      }
      if (space.lastUse < oldest.lastUse) {
        oldest = space;
      }
    }
    Space room = spaces.size() < MOST ? add() : oldest;
    flush(room);
    room.id = id;
    return room;
  }

  private void flush(Space space) {
    space.tlb.flush();
    space.generation = ++generations;
  }

  /** Forgets everything. */
  void flush() {
    spaces.forEach(this::flush);
  }

  /** Forgets everything of the address spaces with these numbers. */
  void flush(LongPredicate ids) {
    for (Space space : spaces) {
      if (ids.test(space.id)) {
        flush(space);
      }
    }
  }

  /** Forgets the page around a virtual address; with it all large pages it may be part of. */
  void flushPage(long virtual) {
    for (Space space : spaces) {
      if (space.tlb.flushPage(virtual)) {
        space.generation = ++generations;
      }
    }
  }

  /** Shows emitted code a table in which there is nothing, or again the right ones. */
  void hide(boolean hide) {
    hidden = hide;
    current.tlb.hide(hide);
  }

  /**
   * From now on writes to these RAM pages take the slow path. Any thread.
   *
   * @param ramAddress a multiple of the page size
   * @return whether some took the fast path until now: the owner may be about to store through it
   */
  boolean closeWrites(long ramAddress, long length) {
    boolean any = false;
    for (Space space : spaces) {
      any |= space.tlb.closeWrites(ramAddress, length);
    }
    return any;
  }

  @Override
  public void close() {
    new ArrayList<>(spaces).forEach(space -> space.tlb.close());
  }
}
