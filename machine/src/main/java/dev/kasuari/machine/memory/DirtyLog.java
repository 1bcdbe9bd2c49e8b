package dev.kasuari.machine.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Which pages of one {@link RamBlock} were written, for those who must know: the display,
 * migration, and the translator, whose code is stale when its bytes change.
 *
 * <p>Display and migration are <em>logs</em>: after {@link #start}, writers set a page's bit and
 * the reader takes it with {@link #drain}. Code is a <em>watch</em>: the translator sets {@link
 * #setCode} before it reads a page's bytes, and a writer calls {@link Watch#codeWritten} after it
 * changed them; so either the translator sees the new bytes or the writer sees the flag.
 *
 * <p>Offsets are bytes from the start of the block. Any thread may call anything here.
 */
public final class DirtyLog {
  /** Bytes that one flag covers. */
  public static final int PAGE_SIZE = 4096;

  private static final int PAGE_BITS = 12;
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  /** Who keeps a log. */
  public enum Client {
    /** The picture of a display in guest RAM. */
    DISPLAY(0),
    /** Snapshots and migration. */
    MIGRATION(1);

    private final int index;

    Client(int index) {
      this.index = index;
    }
  }

  /** What accelerators do about writes to watched pages. */
  public interface Watch {
    /**
     * Bytes of a page with code were changed by somebody other than the code that called {@link
     * #written} itself.
     *
     * @param ramAddress {@link RamBlock#ramBase()} plus the offset
     */
    void codeWritten(long ramAddress, long length);

    /**
     * From when this returns, the next write to each of these pages must reach {@link #written}:
     * fast write paths to them have to be closed.
     */
    void rearm(long ramAddress, long length);
  }

  /** Receives runs of dirty pages. */
  @FunctionalInterface
  public interface RunConsumer {
    /** Bytes {@code offset} to {@code offset + length - 1} were written; both are whole pages. */
    void accept(long offset, long length);
  }

  private final long ramBase;
  private final int pages;
  private final long[] code;

  /** One bitmap for each client, empty where no log runs; replaced, never changed. */
  private volatile long[][] logs = new long[Client.values().length][0];

  private volatile boolean anyLog;
  private final List<Watch> watches = new CopyOnWriteArrayList<>();

  DirtyLog(long ramBase, long size) {
    this.ramBase = ramBase;
    pages = Math.toIntExact(size >>> PAGE_BITS);
    code = new long[(pages + 63) >>> 6];
  }

  /** Adds one who must hear of writes to code and of re-armed pages. */
  public void addWatch(Watch watch) {
    watches.add(watch);
  }

  /** Removes what {@link #addWatch} added. */
  public void removeWatch(Watch watch) {
    watches.remove(watch);
  }

  /** Starts a log with all pages clean. */
  public synchronized void start(Client client) {
    replace(client, new long[code.length]);
    rearm(0, (long) pages << PAGE_BITS);
  }

  /** Ends a log; what it held is dropped. */
  public synchronized void stop(Client client) {
    replace(client, new long[0]);
  }

  private void replace(Client client, long[] bitmap) {
    long[][] next = logs.clone();
    next[client.index] = bitmap;
    logs = next;
    anyLog = next[0].length != 0 || next[1].length != 0;
  }

  /**
   * True if a write to the page at {@code offset} must be reported by {@link #written}: it holds
   * code, or a running log has it clean. A fast write path may be opened only while this is false,
   * and is asked for once more after it was opened: it may have become true in between.
   */
  public boolean mustReport(long offset) {
    int page = (int) (offset >>> PAGE_BITS);
    if (get(code, page)) {
      return true;
    }
    if (anyLog) {
      for (long[] log : logs) {
        if (log.length != 0 && !get(log, page)) {
          return true;
        }
      }
    }
    return false;
  }

  /** True if code was translated from the page at {@code offset}. */
  public boolean hasCode(long offset) {
    return get(code, (int) (offset >>> PAGE_BITS));
  }

  /**
   * Marks the page at {@code offset} as holding code and closes the fast write paths to it. To be
   * called before its bytes are read for translation; the caller checks again after it has
   * published.
   */
  public void setCode(long offset) {
    int page = (int) (offset >>> PAGE_BITS);
    if (set(code, page)) {
      rearm(offset & -PAGE_SIZE, PAGE_SIZE);
    }
    VarHandle.fullFence();
  }

  /** No code of the page at {@code offset} remains. */
  public void clearCode(long offset) {
    int page = (int) (offset >>> PAGE_BITS);
    WORD.getAndBitwiseAnd(code, page >>> 6, ~(1L << page));
  }

  /**
   * Bytes have been written: marks their pages in the running logs and tells the watches of pages
   * that hold code. To be called after the write.
   *
   * @param length more than 0
   */
  public void written(long offset, long length) {
    VarHandle.fullFence();
    int first = (int) (offset >>> PAGE_BITS);
    int last = (int) ((offset + length - 1) >>> PAGE_BITS);
    if (anyLog) {
      log(first, last);
    }
    if (anySet(code, first, last)) {
      for (Watch watch : watches) {
        watch.codeWritten(ramBase + offset, length);
      }
    }
  }

  /** As {@link #written}, for a writer that deals with code itself: the logs only. */
  public void logWritten(long offset, long length) {
    if (anyLog) {
      log((int) (offset >>> PAGE_BITS), (int) ((offset + length - 1) >>> PAGE_BITS));
    }
  }

  /** True if a running log has the page at {@code offset} as written. */
  public boolean isDirty(Client client, long offset) {
    long[] log = logs[client.index];
    return log.length != 0 && get(log, (int) (offset >>> PAGE_BITS));
  }

  /**
   * Takes and clears the log: gives every run of dirty pages in ascending order, with the fast
   * write paths to them closed before the consumer reads their bytes.
   *
   * @return the number of pages given
   */
  public long drain(Client client, RunConsumer consumer) {
    long[] log = logs[client.index];
    long[] taken = new long[log.length];
    for (int i = 0; i < log.length; i++) {
      taken[i] = (long) WORD.getAndSet(log, i, 0L);
    }
    long count = eachRun(taken, this::rearm);
    eachRun(taken, consumer);
    return count;
  }

  private long eachRun(long[] bits, RunConsumer consumer) {
    long count = 0;
    int page = nextPage(bits, 0, true);
    while (page < pages) {
      int end = Math.min(nextPage(bits, page, false), pages);
      consumer.accept((long) page << PAGE_BITS, (long) (end - page) << PAGE_BITS);
      count += end - page;
      page = nextPage(bits, end, true);
    }
    return count;
  }

  /** The first page from {@code from} whose bit is {@code set}; {@code pages} or more if none. */
  private static int nextPage(long[] bits, int from, boolean set) {
    int page = from;
    while (page >>> 6 < bits.length) {
      long word = (set ? bits[page >>> 6] : ~bits[page >>> 6]) & (-1L << page);
      if (word != 0) {
        return (page & ~63) + Long.numberOfTrailingZeros(word);
      }
      page = (page & ~63) + 64;
    }
    return Integer.MAX_VALUE;
  }

  private void log(int first, int last) {
    for (long[] log : logs) {
      if (log.length != 0) {
        for (int page = first; page <= last; page++) {
          set(log, page);
        }
      }
    }
  }

  private void rearm(long offset, long length) {
    for (Watch watch : watches) {
      watch.rearm(ramBase + offset, length);
    }
  }

  private static boolean get(long[] bits, int page) {
    return ((long) WORD.getOpaque(bits, page >>> 6) >>> page & 1) != 0;
  }

  /** Sets a bit; true if it was clear. */
  private static boolean set(long[] bits, int page) {
    long bit = 1L << page;
    if (((long) WORD.getOpaque(bits, page >>> 6) & bit) != 0) {
      return false;
    }
    return ((long) WORD.getAndBitwiseOr(bits, page >>> 6, bit) & bit) == 0;
  }

  private static boolean anySet(long[] bits, int first, int last) {
    for (int page = first; page <= last; page = (page & ~63) + 64) {
      int end = Math.min(last, page | 63);
      if ((bits[page >>> 6] & -1L << page & -1L >>> ~end) != 0) {
        return true;
      }
    }
    return false;
  }
}
