package dev.kasuari.block.table;

import dev.kasuari.block.BlockNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tables of an image in memory, by pages of its file. A bounded number is kept, whatever the
 * image's size; changed ones stay until they have been written, by sectors. Not for several threads
 * at once: the user has a lock.
 */
public final class TablePages implements AutoCloseable {
  /** Bytes of a page. */
  public static final int PAGE = 4096;

  private static final int SECTOR = 512;
  private static final int MOST = 1024;

  /** One page. */
  private static final class Page {
    final long offset;
    final MemorySegment bytes;

    /** A bit for each sector that has changed. */
    int changed;

    /** Being written: must not go. */
    int pins;

    Page(long offset, MemorySegment bytes) {
      this.offset = offset;
      this.bytes = bytes;
    }
  }

  /** A changed page as it was at some time, on its way to the file. */
  public final class Copy {
    private final Page page;
    private final MemorySegment bytes;
    private final int changed;

    private Copy(Page page, MemorySegment bytes) {
      this.page = page;
      this.bytes = bytes;
      changed = page.changed;
    }

    /** Where it is in the file, a multiple of {@link #PAGE}. */
    public long offset() {
      return page.offset;
    }

    /** All of the page. */
    public MemorySegment bytes() {
      return bytes;
    }

    /** Writes what has changed. */
    public void write() {
      for (int i = 0; i < PAGE / SECTOR; i++) {
        long first = i;
        while (i < PAGE / SECTOR && (changed >> i & 1) != 0) {
          i++;
        }
        if (i > first) {
          file.write(
              page.offset + first * SECTOR, bytes.asSlice(first * SECTOR, (i - first) * SECTOR));
        }
      }
    }
  }

  private final BlockNode file;
  private final ValueLayout.OfInt ints;
  private final ValueLayout.OfLong longs;
  private final Map<Long, Page> pages = new LinkedHashMap<>(64, 0.75f, true);
  private final Deque<MemorySegment> spare = new ArrayDeque<>();
  private final Arena arena = Arena.ofShared();
  private int changedPages;

  /** No pages yet. */
  public TablePages(BlockNode file, ByteOrder order) {
    this.file = file;
    ints = ValueLayout.JAVA_INT_UNALIGNED.withOrder(order);
    longs = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(order);
  }

  /** True if it is time to write what has changed. */
  boolean full() {
    return changedPages > MOST / 2;
  }

  /** The 32 bits at an offset of the file, a multiple of 4. */
  public int getInt(long offset) {
    return page(offset).bytes.get(ints, offset & (PAGE - 1));
  }

  /** The 64 bits at an offset of the file, a multiple of 8. */
  public long getLong(long offset) {
    return page(offset).bytes.get(longs, offset & (PAGE - 1));
  }

  /** Changes 32 bits. */
  public void setInt(long offset, int value) {
    Page page = page(offset);
    page.bytes.set(ints, offset & (PAGE - 1), value);
    touch(page, offset);
  }

  /** Changes 64 bits. */
  public void setLong(long offset, long value) {
    Page page = page(offset);
    page.bytes.set(longs, offset & (PAGE - 1), value);
    touch(page, offset);
  }

  private void touch(Page page, long offset) {
    changedPages += page.changed == 0 ? 1 : 0;
    page.changed |= 1 << ((offset & (PAGE - 1)) / SECTOR);
  }

  private Page page(long offset) {
    long start = offset & -PAGE;
    Page page = pages.get(start);
    if (page == null) {
      page = new Page(start, room());
      fill(page);
      pages.put(start, page);
    }
    return page;
  }

  private void fill(Page page) {
    boolean read = false;
    try {
      long there = Math.clamp(file.size() - page.offset, 0, PAGE);
      file.read(page.offset, page.bytes.asSlice(0, there));
      page.bytes.asSlice(there).fill((byte) 0);
      read = true;
    } finally {
      if (!read) {
        spare.push(page.bytes);
      }
    }
  }

  private MemorySegment room() {
    if (pages.size() >= MOST) {
      for (Iterator<Page> i = pages.values().iterator(); i.hasNext(); ) {
        Page eldest = i.next();
        if (eldest.changed == 0 && eldest.pins == 0) {
          i.remove();
          return eldest.bytes;
        }
      }
    }
    MemorySegment free = spare.poll();
    return free != null ? free : arena.allocate(PAGE, 64);
  }

  /** Forgets what has not changed: somebody else has written the file. */
  public void forget() {
    for (Iterator<Page> i = pages.values().iterator(); i.hasNext(); ) {
      Page page = i.next();
      if (page.changed == 0 && page.pins == 0) {
        spare.push(page.bytes);
        i.remove();
      }
    }
  }

  /** Copies all that has changed. What becomes of it {@link #saved} is told. */
  List<Copy> copyChanged(Arena into) {
    var copies = new ArrayList<Copy>();
    if (changedPages == 0) {
      return copies;
    }
    for (Page page : pages.values()) {
      if (page.changed != 0) {
        MemorySegment bytes = into.allocate(PAGE, 64);
        bytes.copyFrom(page.bytes);
        copies.add(new Copy(page, bytes));
        page.changed = 0;
        page.pins++;
      }
    }
    changedPages = 0;
    return copies;
  }

  /** Hears how it went. */
  void saved(List<Copy> copies, boolean successfully) {
    for (Copy copy : copies) {
      Page page = copy.page;
      page.pins--;
      if (!successfully) {
        changedPages += page.changed == 0 ? 1 : 0;
        page.changed |= copy.changed;
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
