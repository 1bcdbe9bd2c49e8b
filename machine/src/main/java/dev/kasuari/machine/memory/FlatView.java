package dev.kasuari.machine.memory;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An {@link AddressSpace} at one moment: sorted ranges that cover all 64 bits of address without
 * gap or overlap. Never changes.
 */
public final class FlatView {
  private final FlatRange[] ranges;
  private final long[] firsts;
  private final long generation;

  private FlatView(List<FlatRange> ranges, long generation) {
    this.ranges = ranges.toArray(FlatRange[]::new);
    this.firsts = ranges.stream().mapToLong(FlatRange::first).toArray();
    this.generation = generation;
  }

  /** What the non-secure world sees. */
  static FlatView of(MemoryRegion root, long generation) {
    return of(root, generation, false);
  }

  /**
   * What a world sees.
   *
   * @param secure the secure one, from which nothing is hidden
   */
  static FlatView of(MemoryRegion root, long generation, boolean secure) {
    return new FlatView(new Flattening(secure).flatten(root), generation);
  }

  /** Counts the changes of the address space; views of one space with equal numbers are equal. */
  public long generation() {
    return generation;
  }

  /** The range that answers at {@code address}. Hot on TLB misses and MMIO; allocates nothing. */
  public FlatRange find(long address) {
    int low = 0;
    int high = firsts.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (Long.compareUnsigned(firsts[middle], address) <= 0) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return ranges[low];
  }

  /** All ranges in ascending order, with the unassigned ones. */
  public List<FlatRange> ranges() {
    return List.of(ranges);
  }

  boolean sameAs(FlatView other) {
    if (ranges.length != other.ranges.length) {
      return false;
    }
    for (int i = 0; i < ranges.length; i++) {
      if (!ranges[i].sameAnswer(other.ranges[i])) {
        return false;
      }
    }
    return true;
  }

  /**
   * Renders a tree: regions in descending order of rank, each filling only what is still free.
   * Windows are tracked in the region's own offsets, so that an alias that begins inside its target
   * needs no negative addresses.
   */
  private static final class Flattening {
    /** Taken ranges, ascending, without overlap. */
    private final ArrayList<FlatRange> taken = new ArrayList<>();

    private final boolean secure;

    Flattening(boolean secure) {
      this.secure = secure;
    }

    List<FlatRange> flatten(MemoryRegion root) {
      render(root, 0, root.last(), 0, false);
      return filled();
    }

    /**
     * Renders offsets {@code first} to {@code last} of {@code region}, which lie at {@code address}
     * and do not wrap there.
     */
    private void render(
        MemoryRegion region, long first, long last, long address, boolean readOnly) {
      if (!region.enabled() || (region.secureOnly() && !secure)) {
        return;
      }
      if (region instanceof MemoryRegion.Container container) {
        for (MemoryRegion child : container.ranked()) {
          renderChild(child, first, last, address, readOnly);
        }
      } else if (region instanceof MemoryRegion.Alias alias) {
        renderAlias(alias, first, last, address, readOnly);
      } else {
        take(kindOf(region, readOnly), region, first, last, address);
      }
    }

    /** No switch over patterns, for which the JVM would make a class at every start. */
    private static FlatRange.Kind kindOf(MemoryRegion region, boolean readOnly) {
      if (region instanceof MemoryRegion.Ram ram) {
        return ram.writable() && !readOnly ? FlatRange.Kind.RAM : FlatRange.Kind.ROM;
      }
      return region instanceof MemoryRegion.RomDevice device
          ? kindOf(device, readOnly)
          : FlatRange.Kind.MMIO;
    }

    private static FlatRange.Kind kindOf(MemoryRegion.RomDevice device, boolean readOnly) {
      if (!device.readable()) {
        return FlatRange.Kind.MMIO;
      }
      return readOnly ? FlatRange.Kind.ROM : FlatRange.Kind.ROM_DEVICE;
    }

    private void renderChild(
        MemoryRegion child, long first, long last, long address, boolean readOnly) {
      long childFirst = child.offset();
      long childLast = childFirst + child.last();
      if (Long.compareUnsigned(childLast, childFirst) < 0) {
        childLast = -1; // it reaches beyond the top of the addresses, where nothing is
      }
      long from = max(first, childFirst);
      long to = min(last, childLast);
      if (Long.compareUnsigned(from, to) <= 0) {
        render(child, from - childFirst, to - childFirst, address + (from - first), readOnly);
      }
    }

    private void renderAlias(
        MemoryRegion.Alias alias, long first, long last, long address, boolean readOnly) {
      MemoryRegion target = alias.target();
      long from = alias.targetOffset() + first;
      long to = alias.targetOffset() + last;
      boolean starts = Long.compareUnsigned(from, first) >= 0;
      if (!starts || Long.compareUnsigned(from, target.last()) > 0) {
        return;
      }
      if (Long.compareUnsigned(to, from) < 0) {
        to = -1;
      }
      to = min(to, target.last());
      render(target, from, to, address, readOnly || alias.readOnly());
    }

    private void take(
        FlatRange.Kind kind, MemoryRegion region, long first, long last, long address) {
      long end = address + (last - first);
      long cursor = address;
      int at = 0;
      boolean open = true;
      while (open && at < taken.size()) {
        FlatRange other = taken.get(at);
        if (Long.compareUnsigned(other.last(), cursor) < 0) {
          at++;
          continue;
        }
        if (Long.compareUnsigned(other.first(), end) > 0) {
          break;
        }
        if (Long.compareUnsigned(cursor, other.first()) < 0) {
          taken.add(
              at++,
              new FlatRange(kind, cursor, other.first() - 1, region, first + (cursor - address)));
        }
        open = Long.compareUnsigned(other.last(), end) < 0;
        cursor = other.last() + 1;
        at++;
      }
      if (open) {
        taken.add(at, new FlatRange(kind, cursor, end, region, first + (cursor - address)));
      }
    }

    /** Joins neighbours that continue each other and fills the gaps. */
    private List<FlatRange> filled() {
      var all = new ArrayList<FlatRange>();
      long next = 0;
      boolean open = true;
      for (FlatRange range : taken) {
        if (next != range.first()) {
          append(all, unassigned(next, range.first() - 1));
        }
        append(all, range);
        next = range.last() + 1;
        open = range.last() != -1;
      }
      if (open) {
        append(all, unassigned(next, -1));
      }
      return all;
    }

    private static void append(List<FlatRange> all, FlatRange range) {
      FlatRange before = all.isEmpty() ? null : all.getLast();
      if (before != null && before.continuedBy(range)) {
        MemoryRegion region = before.region();
        long offset = region == null ? 0 : before.regionOffset(before.first());
        all.removeLast();
        all.add(new FlatRange(before.kind(), before.first(), range.last(), region, offset));
      } else {
        all.add(range);
      }
    }

    private static FlatRange unassigned(long first, long last) {
      return new FlatRange(FlatRange.Kind.UNASSIGNED, first, last, noRegion(), 0);
    }

    private static @Nullable MemoryRegion noRegion() {
      return null;
    }

    private static long max(long a, long b) {
      return Long.compareUnsigned(a, b) >= 0 ? a : b;
    }

    private static long min(long a, long b) {
      return Long.compareUnsigned(a, b) <= 0 ? a : b;
    }
  }
}
