package dev.kasuari.tcg;

import java.util.Arrays;

/** Where records of a file to be are, by their hashes; see {@link ArchiveFile}. */
final class ArchiveIndex {
  private long[] hashes = new long[1 << 12];
  private long[] offsets = new long[1 << 12];
  private int count;

  int count() {
    return count;
  }

  void clear() {
    count = 0;
  }

  void add(long hash, long offset) {
    if (count == hashes.length) {
      hashes = Arrays.copyOf(hashes, 2 * count);
      offsets = Arrays.copyOf(offsets, 2 * count);
    }
    hashes[count] = hash;
    offsets[count++] = offset;
  }

  /** At most half full. */
  long[] table() {
    long[] table = new long[Integer.highestOneBit(Math.max(1, count)) * 4];
    for (int i = 0; i < count; i++) {
      int slot = (int) hashes[i] & (table.length - 1);
      while (table[slot] != 0) {
        slot = slot + 1 & (table.length - 1);
      }
      table[slot] = (hashes[i] & 0xffff_ffff_0000_0000L) | offsets[i] / 8;
    }
    return table;
  }
}
