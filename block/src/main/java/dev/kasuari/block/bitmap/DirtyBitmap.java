package dev.kasuari.block.bitmap;

import dev.kasuari.block.BlockException;
import org.jspecify.annotations.Nullable;

/**
 * Which parts of a node have been written, zeroed or discarded: a bit for each {@link #granularity}
 * bytes. Any number of threads.
 */
public final class DirtyBitmap {
  /** Granularities are powers of two from here ... */
  public static final int MIN_GRANULARITY = 512;

  /** ... to here. */
  public static final int MAX_GRANULARITY = 1 << 30;

  /** The longest name, bytes. */
  public static final int MAX_NAME = 1023;

  /** A range of bytes. */
  public record Range(long offset, long length) {}

  private final String name;
  private final int granularity;
  private final boolean persistent;
  private final boolean inconsistent;
  private long size;
  private Bits bits;
  private boolean enabled = true;
  private boolean busy;
  private boolean changed;

  DirtyBitmap(String name, int granularity, boolean persistent, boolean inconsistent, long size) {
    this.name = name;
    this.granularity = granularity;
    this.persistent = persistent;
    this.inconsistent = inconsistent;
    this.size = size;
    bits = new Bits(inconsistent ? 0 : units(size));
  }

  private long units(long bytes) {
    return bytes / granularity + (bytes % granularity == 0 ? 0 : 1);
  }

  /** Its name among those of its node. */
  public String name() {
    return name;
  }

  /** Bytes of the node for which one bit stands. */
  public int granularity() {
    return granularity;
  }

  /** True if the image keeps it. */
  public boolean persistent() {
    return persistent;
  }

  /** True if the image has it from somebody who did not finish: nobody knows what is dirty. */
  public boolean inconsistent() {
    return inconsistent;
  }

  /** Bytes of the node. */
  public synchronized long size() {
    return size;
  }

  /** True while it notes what is written. */
  public synchronized boolean enabled() {
    return enabled;
  }

  /** Begins or ends to note what is written. */
  public synchronized void enable(boolean value) {
    refuseUse();
    changed |= enabled != value;
    enabled = value;
  }

  /** True while a job uses it. */
  public synchronized boolean busy() {
    return busy;
  }

  /** Reserves it for a job, or ends that. */
  public synchronized void busy(boolean value) {
    busy = value;
  }

  /** True if it is not as it was loaded any more. */
  public synchronized boolean changed() {
    return changed;
  }

  /** Notes that the image has it as it is now. */
  public synchronized void stored() {
    changed = false;
  }

  /**
   * Refuses what is in use, or of no use.
   *
   * @throws BlockException in QEMU's words
   */
  public synchronized void refuseUse() {
    if (busy) {
      throw BlockException.invalid(
          "Bitmap '" + name + "' is currently in use by another operation and cannot be used");
    }
    if (inconsistent) {
      throw BlockException.invalid(
          "Bitmap '"
              + name
              + "' is inconsistent and cannot be used\n"
              + "Try block-dirty-bitmap-remove to delete this bitmap from disk");
    }
  }

  /** Notes a write, if it is enabled. */
  synchronized void note(long offset, long length) {
    if (enabled && !inconsistent) {
      mark(offset, length);
    }
  }

  /** Makes a range dirty, enabled or not. */
  public synchronized void mark(long offset, long length) {
    long end = Math.min(size, offset + length);
    if (offset < end) {
      bits.set(offset / granularity, units(end));
      changed = true;
    }
  }

  /** Makes those parts clean that lie wholly in a range, the last one as far as it goes. */
  public synchronized void clean(long offset, long length) {
    long end = offset + length >= size ? units(size) : (offset + length) / granularity;
    long from = units(offset);
    if (from < end) {
      bits.clear(from, end);
      changed = true;
    }
  }

  /** Makes all of it clean. */
  public synchronized void clear() {
    bits = new Bits(bits.length());
    changed = true;
  }

  /** Dirty bytes. */
  public synchronized long count() {
    long dirty = bits.count() * granularity;
    long last = size % granularity;
    boolean lastDirty = last != 0 && bits.get(bits.length() - 1);
    return lastDirty ? dirty - granularity + last : dirty;
  }

  /** True if the byte at {@code offset} is dirty. */
  public synchronized boolean dirty(long offset) {
    return offset < size && bits.get(offset / granularity);
  }

  /** The first dirty range from {@code offset} on, at most {@code most} bytes, or null. */
  public synchronized @Nullable Range next(long offset, long most) {
    if (offset >= size) {
      return null;
    }
    long first = bits.next(offset / granularity, true);
    if (first == bits.length()) {
      return null;
    }
    long from = Math.max(offset, first * granularity);
    long clean = bits.next(first, false);
    long end = clean == bits.length() ? size : clean * granularity;
    return new Range(from, Math.min(end - from, most));
  }

  /** Makes dirty what is dirty in another one, whatever that one's granularity. */
  public void merge(DirtyBitmap other) {
    refuseUse();
    other.refuseUse();
    if (other.size() != size()) {
      throw BlockException.invalid(
          "Bitmaps are of different sizes (destination size is "
              + size()
              + ", source size is "
              + other.size()
              + ") and can't be merged");
    }
    Range range = other.next(0, Long.MAX_VALUE);
    while (range != null) {
      mark(range.offset(), range.length());
      range = other.next(range.offset() + range.length(), Long.MAX_VALUE);
    }
  }

  /** The bits, to be loaded into or stored; of nobody else meanwhile. */
  public synchronized Bits bits() {
    return bits;
  }

  /** Follows the node's size. */
  synchronized void resize(long bytes) {
    if (!inconsistent && bytes != size) {
      size = bytes;
      bits.resize(units(bytes));
      changed = true;
    }
  }
}
