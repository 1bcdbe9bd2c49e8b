package dev.kasuari.block.vvfat;

import dev.kasuari.block.BlockException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A file system with the files of a folder, each in clusters in a row. */
final class FatVolume {
  private static final int FIRST_CLUSTER = 2;

  /**
   * Clusters in a row, with a directory or a file.
   *
   * @param path the file, or null
   * @param size of the file, bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Run(long first, long count, byte @Nullable [] directory, @Nullable Path path, long size) {}

  private final Geometry geometry;
  private final String label;
  private final TreeMap<Long, Run> runs = new TreeMap<>();
  private byte[] root = new byte[0];
  private long next = FIRST_CLUSTER;

  private FatVolume(Geometry geometry, String label) {
    this.geometry = geometry;
    this.label = label;
  }

  /**
   * Puts a folder on a disk.
   *
   * @throws BlockException if it has no room there
   */
  static FatVolume of(Folder folder, long type, boolean floppy, String label) {
    var volume = new FatVolume(Geometry.of(type, floppy, entries(folder, true)), label);
    volume.place(folder);
    return volume;
  }

  private static int entries(Folder folder, boolean isRoot) {
    int own = isRoot ? 1 : 2; // the label, or . and ..
    return own + folder.items().stream().mapToInt(DirectoryEntries::count).sum();
  }

  Geometry geometry() {
    return geometry;
  }

  /** A folder whose directory is to be made when all in it has its place. */
  private record Open(Folder folder, long cluster, long parent) {}

  private void place(Folder folder) {
    boolean wide = geometry.bits() == 32;
    long first = wide ? take(bytes(folder, true)) : 0;
    var open = new ArrayList<>(List.of(new Open(folder, first, 0)));
    for (int i = 0; i < open.size(); i++) {
      Open one = open.get(i);
      boolean isRoot = i == 0;
      var out = new DirectoryEntries(entries(one.folder, isRoot));
      if (isRoot) {
        out.label(label);
      } else {
        out.dots(".", one.cluster);
        out.dots("..", one.parent);
      }
      for (Folder.Item item : one.folder.items()) {
        out.item(item, placed(item, isRoot ? 0 : one.cluster, open));
      }
      if (one.cluster == 0) {
        root = out.bytes();
      } else {
        add(one.cluster, out.bytes(), null, out.bytes().length);
      }
    }
  }

  private static long bytes(Folder folder, boolean isRoot) {
    return (long) entries(folder, isRoot) * DirectoryEntries.SIZE;
  }

  /** Gives a file or folder its clusters; the first one, or 0. */
  private long placed(Folder.Item item, long parent, List<Open> open) {
    Folder inside = item.inside();
    if (inside != null) {
      long cluster = take(bytes(inside, false));
      open.add(new Open(inside, cluster, parent));
      return cluster;
    }
    if (item.size() == 0) {
      return 0;
    }
    long cluster = take(item.size());
    add(cluster, null, item.path(), item.size());
    return cluster;
  }

  private long count(long bytes) {
    return (bytes + geometry.clusterBytes() - 1) / geometry.clusterBytes();
  }

  private long take(long bytes) {
    long cluster = next;
    next += count(bytes);
    if (next - FIRST_CLUSTER > geometry.clusters()) {
      throw new BlockException(
          BlockException.Kind.INVALID,
          "Directory does not fit in FAT%d (capacity %.2f MB)"
              .formatted(geometry.bits(), geometry.sectors() / 2000.0));
    }
    return cluster;
  }

  private void add(long cluster, byte @Nullable [] directory, @Nullable Path path, long size) {
    runs.put(cluster, new Run(cluster, count(size), directory, path, size));
  }

  /** The run that a cluster is in, or null if it is free. */
  @Nullable Run run(long cluster) {
    Entry<Long, Run> entry = runs.floorEntry(cluster);
    boolean there = entry != null && cluster < entry.getKey() + entry.getValue().count();
    return there ? entry.getValue() : null;
  }

  /** Where the next run behind a free cluster begins, or the end of all. */
  long nextRun(long cluster) {
    Map.Entry<Long, Run> entry = runs.ceilingEntry(cluster);
    return entry == null ? geometry.clusters() + (long) FIRST_CLUSTER : entry.getKey();
  }

  /** A sector that is not in a cluster. */
  byte[] sector(long sector) {
    Geometry g = geometry;
    if (sector < g.first()) {
      return sector == 0 ? g.masterBootRecord() : new byte[Geometry.SECTOR];
    }
    if (sector < g.fats()) {
      long free = g.clusters() - (next - FIRST_CLUSTER);
      return g.reservedSector((int) (sector - g.first()), label, free);
    }
    if (sector < g.root()) {
      return fatSector((sector - g.fats()) % g.fat());
    }
    byte[] out = new byte[Geometry.SECTOR];
    int from = Math.toIntExact((sector - g.root()) * Geometry.SECTOR);
    if (from < root.length) {
      System.arraycopy(root, from, out, 0, Math.min(out.length, root.length - from));
    }
    return out;
  }

  private byte[] fatSector(long number) {
    byte[] out = new byte[Geometry.SECTOR];
    int digits = geometry.bits() / 4; // in hexadecimal, the lowest first
    for (int i = 0; i < 2 * out.length; i++) {
      long digit = number * 2 * out.length + i;
      long value = (entry(digit / digits) >>> (digit % digits * 4)) & 0xf;
      out[i / 2] |= (byte) (value << (i % 2 * 4));
    }
    return out;
  }

  private long entry(long cluster) {
    if (cluster < FIRST_CLUSTER) {
      return cluster == 0 ? geometry.entryZero() : geometry.last();
    }
    Run run = run(cluster);
    if (run == null) {
      return 0;
    }
    return cluster == run.first() + run.count() - 1 ? geometry.last() : cluster + 1;
  }
}
