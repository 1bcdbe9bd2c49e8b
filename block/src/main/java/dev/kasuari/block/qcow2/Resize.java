package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.RangeLocks;

/** Changes the size of a disk. Nobody reads or writes it meanwhile. */
final class Resize {
  private final Qcow2Node image;
  private final Allocation allocation;
  private final Geometry g;

  Resize(Qcow2Node image, Allocation allocation) {
    this.image = image;
    this.allocation = allocation;
    g = image.g;
  }

  /** To {@code size}; what is new reads as zero whatever the backing file has there. */
  void to(long size, Preallocation preallocation) {
    if ((size & 511) != 0) {
      throw BlockException.invalid("The new size must be a multiple of 512");
    }
    if (preallocation != Preallocation.OFF && size < image.size()) {
      throw BlockException.invalid("Preallocation can't be used for shrinking an image");
    }
    refuseOldSnapshots();
    long before = image.size();
    if (size < before) {
      shrink(size, before);
    } else if (size > before) {
      grow(before, size);
      preallocate(before, size, preallocation);
    }
  }

  private void refuseOldSnapshots() {
    boolean unsized = image.header.version == 2 && image.header.snapshotCount > 0;
    if (unsized) {
      throw BlockException.notSupported("Can't resize a v2 image which has snapshots");
    }
  }

  private void shrink(long size, long before) {
    long from = (size + g.clusterMask()) & ~g.clusterMask();
    // The rest of the last cluster would be seen again if the disk grew.
    long rest = Math.min(from, before);
    if (rest > size) {
      allocation.zero(size, rest - size, true);
    }
    long end = (before + g.clusterMask()) & ~g.clusterMask();
    if (from < end) {
      allocation.forget(from, end);
    }
    forgetState(before);
    image.commit.flush();
    exclusively(() -> setSize(size));
  }

  private void grow(long before, long size) {
    forgetState(before);
    image.commit.flush();
    exclusively(() -> withEntries(g.l1Entries(size), () -> setSize(size)));
    BlockNode behind = image.backing();
    long seen = behind == null ? 0 : Math.min(size, behind.size());
    long rest = Math.min(size, (before + g.clusterMask()) & ~g.clusterMask());
    long zeroEnd = Math.max(seen, rest);
    if (zeroEnd > before) {
      allocation.zero(before, zeroEnd - before, true);
    }
    image.commit.flush();
  }

  /** Makes room in the table for what ends at {@code end}, behind the disk. */
  void makeRoom(long end) {
    long needed = g.l1Entries(end);
    long now = image.locked(() -> image.map.l1().length);
    if (needed > now) {
      long half = Math.min(now + now / 2, HeaderCheck.MAX_L1_BYTES / 8);
      image.commit.flush();
      exclusively(() -> withEntries(Math.max(needed, half), () -> setSize(image.size())));
    }
  }

  /**
   * Lengthens the L1 table if it is shorter.
   *
   * @param header writes the header, which names the longer table then
   */
  private void withEntries(long entries, Runnable header) {
    long oldTable = image.header.l1Offset;
    long oldBytes = image.header.l1Size * 8L;
    if (entries > image.map.l1().length) {
      image.commit.settle(); // entries that the new table copies are there ...
      image.locked(() -> {
        image.map.growL1(entries);
        return true;
      });
      image.commit.settle(); // ... and it is counted before the header names it
    }
    header.run();
    if (image.header.l1Offset != oldTable && oldBytes > 0) {
      image.locked(() -> {
        image.commit.free(oldTable, oldBytes);
        return true;
      });
    }
  }

  /**
   * Takes away what is behind the end of the disk, a machine's state: on a larger disk it would be
   * data, and is elsewhere on any other.
   */
  private void forgetState(long size) {
    int end = image.locked(() -> image.map.l1().length);
    for (int i = (int) g.l1Entries(size); i < end; i++) {
      int index = i;
      if (image.locked(() -> image.map.table(index)) != 0) {
        allocation.forget(i * g.l2Span(), (i + 1) * g.l2Span());
      }
    }
  }

  private void setSize(long size) {
    if (image.data.external()) {
      image.data.node().truncate(size, Preallocation.OFF);
    }
    image.locked(() -> {
      image.header.size = size;
      image.header.writeFixed(image.file);
      image.file.flush();
      return true;
    });
  }

  private void exclusively(Runnable work) {
    RangeLocks.Range all = image.ranges.hold(0, Long.MAX_VALUE, true);
    try {
      image.commit.alone(work);
    } finally {
      image.ranges.release(all);
    }
  }

  private void preallocate(long from, long to, Preallocation preallocation) {
    if (preallocation != Preallocation.OFF) {
      Preallocate.range(image.metadata, from, to, preallocation);
    }
  }
}
