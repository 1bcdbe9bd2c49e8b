package dev.kasuari.block.qed;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.function.Consumer;

/** Looks at all tables: each cluster of the file is used once, and tables name no others. */
final class Check {
  private static final int CHUNK = 1 << 16;

  private final BlockNode file;
  private final Header header;
  private final boolean mends;
  private final Consumer<String> report;
  private final BitSet used = new BitSet();
  private final int clusters;
  private long corruptions;
  private long fixed;
  private long allocated;
  private long fragmented;

  Check(BlockNode file, Header header, boolean mends, Consumer<String> report) {
    this.file = file;
    this.header = header;
    this.mends = mends;
    this.report = report;
    long all = (file.size() + header.clusterSize - 1L) / header.clusterSize;
    if (all > Integer.MAX_VALUE - 8) {
      throw BlockException.notSupported("qed: a file of " + all + " clusters");
    }
    clusters = (int) all;
  }

  /** True if a cluster of the file may be there. */
  static boolean sane(Header header, long offset, long fileSize) {
    return offset % header.clusterSize == 0
        && offset >= (long) header.headerClusters * header.clusterSize
        && offset < fileSize;
  }

  CheckResult run() {
    use(0, header.headerClusters);
    use(header.l1Offset, header.tableClusters);
    long most = (header.size + header.clusterSize - 1) / header.clusterSize;
    long tables = (most + header.entries() - 1) / header.entries();
    forEach(header.l1Offset, tables, this::table);
    int leaks = clusters - used.cardinality();
    return new CheckResult(
        corruptions, Math.max(0, leaks), fixed, 0, 0, most, allocated, fragmented, 0);
  }

  private interface Entry {
    /** Returns false if the entry is to be cleared. */
    boolean sane(long offset);
  }

  private void forEach(long table, long entries, Entry entry) {
    for (long done = 0; done < entries; done += CHUNK / 8) {
      long at = table + done * 8;
      int bytes = (int) Math.min(CHUNK, (entries - done) * 8);
      ByteBuffer part = FileBytes.read(file, at, bytes, ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < bytes; i += 8) {
        long value = part.getLong(i);
        if (value != 0 && !entry.sane(value)) {
          wrong(at + i, value);
        }
      }
    }
  }

  private void wrong(long at, long value) {
    report.accept("ERROR entry at %d names %#x".formatted(at, value));
    if (mends) {
      FileBytes.write(file, at, new byte[8]);
      fixed++;
    } else {
      corruptions++;
    }
  }

  private boolean table(long offset) {
    if (!sane(header, offset, file.size() - header.tableBytes() + 1)
        || !use(offset, header.tableClusters)) {
      return false;
    }
    long[] last = new long[1];
    forEach(
        offset,
        header.entries(),
        value -> {
          if (value == 1) {
            return true;
          }
          if (!sane(header, value, file.size()) || !use(value, 1)) {
            return false;
          }
          allocated++;
          fragmented += last[0] != 0 && last[0] + header.clusterSize != value ? 1 : 0;
          last[0] = value;
          return true;
        });
    return true;
  }

  private boolean use(long offset, int count) {
    int first = (int) (offset / header.clusterSize);
    int next = used.nextSetBit(first);
    if (next >= 0 && next < first + count) {
      return false;
    }
    used.set(first, first + count);
    return true;
  }
}
