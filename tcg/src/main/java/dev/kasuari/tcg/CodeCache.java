package dev.kasuari.tcg;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import java.util.function.LongUnaryOperator;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A machine's translated code, found by place and mode, and forgotten exactly when a byte of it
 * changes.
 *
 * <p>A translator calls {@link #startReading} for each page before it looks at its bytes and {@link
 * #publish} at the end; a write in between makes the publication fail and the translator starts
 * again.
 */
final class CodeCache {
  /** With methods of its own: those of records are made anew at every start, and slower. */
  private record Key(long ramAddress, long mode, int flags) {
    @Override
    public int hashCode() {
      return Long.hashCode((ramAddress * 31 + mode) * 31 + flags);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key that
          && ramAddress == that.ramAddress
          && mode == that.mode
          && flags == that.flags;
    }
  }

  /** What is known of a RAM page that holds code or is being read for it. */
  private static final class Page {
    final List<TranslationBlock> blocks = new ArrayList<>();
    int readers;
    long writes;
  }

  private final Map<Key, List<TranslationBlock>> blocks = new ConcurrentHashMap<>();
  private final Map<Long, Page> pages = new HashMap<>();
  private final LongConsumer pageHasCode;
  private final LongConsumer pageHasNoCode;
  private long invalidated;

  /**
   * @param pageHasCode closes the fast write paths to a page, given its RAM address
   * @param pageHasNoCode allows them again
   */
  CodeCache(LongConsumer pageHasCode, LongConsumer pageHasNoCode) {
    this.pageHasCode = pageHasCode;
    this.pageHasNoCode = pageHasNoCode;
  }

  /**
   * The block at a place.
   *
   * @param secondPage maps the RAM address of the first page to that of the page which follows it
   *     virtually, or {@link TranslationBlock#ONE_PAGE} if none is mapped there
   */
  @Nullable TranslationBlock find(
      long ramAddress, long mode, int flags, LongUnaryOperator secondPage) {
    List<TranslationBlock> candidates = blocks.get(new Key(ramAddress, mode, flags));
    if (candidates == null) {
      return null;
    }
    for (TranslationBlock block : candidates) {
      if (block.secondPage() == TranslationBlock.ONE_PAGE
          || block.secondPage() == secondPage.applyAsLong(ramAddress & -4096L)) {
        return block;
      }
    }
    return null;
  }

  /** Number of valid blocks. */
  synchronized int size() {
    return blocks.values().stream().mapToInt(List::size).sum();
  }

  /** Number of blocks invalidated so far. */
  synchronized long invalidated() {
    return invalidated;
  }

  /** A translator is about to read a page; returns the ticket for {@link #unchanged}. */
  synchronized long startReading(long page) {
    Page known = pages.get(page);
    if (known == null) {
      known = new Page();
      pages.put(page, known);
      pageHasCode.accept(page);
    }
    known.readers++;
    return known.writes;
  }

  private boolean unchanged(long page, long ticket) {
    Page known = pages.get(page);
    return known != null && known.writes == ticket;
  }

  /** The translator is done with a page, published or not. */
  synchronized void doneReading(long page) {
    Page known = pages.get(page);
    if (known != null) {
      known.readers--;
      dropIfUnused(page, known);
    }
  }

  /**
   * Makes a block known, unless one of its pages was written since the tickets were taken.
   *
   * @return false if it was; the block must not be run
   */
  synchronized boolean publish(TranslationBlock block, long firstTicket, long secondTicket) {
    long page = block.ramAddress() & -4096L;
    boolean two = block.secondPage() != TranslationBlock.ONE_PAGE;
    if (!unchanged(page, firstTicket) || (two && !unchanged(block.secondPage(), secondTicket))) {
      return false;
    }
    var key = new Key(block.ramAddress(), block.mode(), block.flags());
    blocks.merge(key, List.of(block), CodeCache::concat);
    addTo(page, block);
    if (two) {
      addTo(block.secondPage(), block);
    }
    return true;
  }

  private void addTo(long page, TranslationBlock block) {
    pages.computeIfAbsent(page, p -> new Page()).blocks.add(block);
  }

  /** Bytes of RAM changed: whatever was made of them is invalid. */
  synchronized void invalidate(long ramAddress, long length) {
    for (long page = ramAddress & -4096L; page < ramAddress + length; page += 4096) {
      Page known = pages.get(page);
      if (known == null) {
        continue;
      }
      known.writes++;
      for (TranslationBlock block : List.copyOf(known.blocks)) {
        if (block.covers(ramAddress, length)) {
          remove(block);
        }
      }
      dropIfUnused(page, known);
    }
  }

  /** Forgets everything. */
  synchronized void clear() {
    for (Map.Entry<Long, Page> entry : List.copyOf(pages.entrySet())) {
      invalidate(entry.getKey(), 4096);
    }
  }

  /** Chains two blocks, if both are still valid. */
  synchronized void link(TranslationBlock from, int slot, TranslationBlock to) {
    if (from.valid() && to.valid()) {
      from.link(slot, to);
    }
  }

  /** Forgets the blocks whose code is gone. */
  synchronized void forget(Predicate<CompiledCode> gone) {
    for (List<TranslationBlock> all : List.copyOf(blocks.values())) {
      for (TranslationBlock block : all) {
        if (gone.test(block.code())) {
          remove(block);
        }
      }
    }
  }

  private void remove(TranslationBlock block) {
    block.invalidate();
    invalidated++;
    var key = new Key(block.ramAddress(), block.mode(), block.flags());
    blocks.computeIfPresent(key, (k, all) -> without(all, block));
    forget(block.ramAddress() & -4096L, block);
    if (block.secondPage() != TranslationBlock.ONE_PAGE) {
      forget(block.secondPage(), block);
    }
  }

  private static List<TranslationBlock> concat(
      List<TranslationBlock> all, List<TranslationBlock> more) {
    var joined = new ArrayList<>(all);
    joined.addAll(more);
    return List.copyOf(joined);
  }

  private static @Nullable List<TranslationBlock> without(
      List<TranslationBlock> all, TranslationBlock gone) {
    List<TranslationBlock> rest = all.stream().filter(b -> b != gone).toList();
    return rest.isEmpty() ? null : rest;
  }

  private void forget(long page, TranslationBlock block) {
    Page known = pages.get(page);
    if (known != null) {
      known.blocks.remove(block);
      dropIfUnused(page, known);
    }
  }

  private void dropIfUnused(long page, Page known) {
    if (known.blocks.isEmpty() && known.readers == 0) {
      pages.remove(page);
      pageHasNoCode.accept(page);
    }
  }
}
