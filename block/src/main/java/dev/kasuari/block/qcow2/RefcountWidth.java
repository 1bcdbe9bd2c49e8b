package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;

/**
 * Gives reference counts another width: all blocks and the table are written anew, into clusters
 * that the old ones count; then the header names them, in one sector; then the old ones are freed.
 */
final class RefcountWidth {
  private final Qcow2Node image;
  private final Geometry g;

  RefcountWidth(Qcow2Node image) {
    this.image = image;
    g = image.g;
  }

  /**
   * Changes it; the image is not written any more by this node afterwards.
   *
   * @param order the width is 2 to the power of this many bits
   */
  void change(int order, LongConsumer progress) {
    image.commit.alone(() -> {
      image.commit.settle();
      image.commit.settle();
      image.locked(() -> {
        changeAlone(order, progress);
        return true;
      });
    });
  }

  private void changeAlone(int order, LongConsumer progress) {
    Geometry next = new Geometry(g.clusterBits(), g.extended(), order, g.external());
    long counted = counted(next);
    long perBlock = 1L << next.refcountBlockBits();
    long blocks = 1;
    Refcounts.Run place = null;
    while (true) {
      long table = g.clusters(blocks * 8);
      place = image.refcounts.allocate(blocks + table);
      long end = Math.max(counted, (place.offset() >>> g.clusterBits()) + place.clusters());
      // What the old table needs for itself comes after that, perhaps.
      end = Math.max(end, counted(next));
      long needed = (end + perBlock - 1) / perBlock;
      if (needed <= blocks) {
        break;
      }
      image.refcounts.release(place.offset(), place.clusters() << g.clusterBits());
      blocks = needed;
    }
    image.commit.settle();
    long tableClusters = place.clusters() - blocks;
    writeBlocks(next, place.offset(), blocks, progress);
    writeTable(place.offset(), blocks, tableClusters);
    image.file.flush();
    long oldTable = image.header.refcountTableOffset;
    long oldBytes = (long) image.header.refcountTableClusters << g.clusterBits();
    long[] oldBlocks = image.refcounts.table().clone();
    image.header.refcountOrder = order;
    image.header.refcountTableOffset = place.offset() + (blocks << g.clusterBits());
    image.header.refcountTableClusters = (int) tableClusters;
    image.header.writeFixed(image.file);
    image.file.flush();
    free(oldTable, oldBytes, oldBlocks);
  }

  /** The clusters up to the last one in use; none of them is used more often than can be said. */
  private long counted(Geometry next) {
    long[] table = image.refcounts.table();
    long end = 0;
    long perBlock = 1L << g.refcountBlockBits();
    for (int i = 0; i < table.length; i++) {
      for (long c = i * perBlock; table[i] != 0 && c < (i + 1) * perBlock; c++) {
        long count = image.refcounts.get(c);
        if (count > next.maxRefcount() || count < 0) {
          throw BlockException.invalid(
              "Cannot decrease refcount entry width to %d bits: Cluster at offset %#x has a refcount of %d"
                  .formatted(1 << next.refcountOrder(), c << g.clusterBits(), count));
        }
        end = count > 0 ? c + 1 : end;
      }
    }
    return end;
  }

  private void writeBlocks(Geometry next, long offset, long blocks, LongConsumer progress) {
    long perBlock = 1L << next.refcountBlockBits();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(g.clusterSize());
      for (long block = 0; block < blocks; block++) {
        bytes.fill((byte) 0);
        for (long i = 0; i < perBlock; i++) {
          long count = image.refcounts.get(block * perBlock + i);
          if (count != 0) {
            Refcounts.count(bytes, i, next.refcountOrder(), count);
          }
        }
        image.file.write(offset + (block << g.clusterBits()), bytes);
        progress.accept(1000 * block / blocks);
      }
    }
  }

  private void writeTable(long offset, long blocks, long clusters) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(clusters << g.clusterBits());
      for (long block = 0; block < blocks; block++) {
        bytes.set(TableCache.LONG, block * 8, offset + (block << g.clusterBits()));
      }
      image.file.write(offset + (blocks << g.clusterBits()), bytes);
    }
  }

  private void free(long table, long bytes, long[] blocks) {
    try (Metadata fresh =
        new Metadata(image.file, image.header, image.data, Caches.STANDARD, () -> true)) {
      fresh.locked(() -> {
        fresh.refcounts.release(table, bytes);
        for (long block : blocks) {
          if (block != 0) {
            fresh.refcounts.release(block, g.clusterSize());
          }
        }
        return true;
      });
      fresh.commit.settle();
    }
  }
}
