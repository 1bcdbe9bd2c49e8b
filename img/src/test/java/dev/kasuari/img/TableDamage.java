package dev.kasuari.img;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Random;

/**
 * One wrong number in the header, an L1 or L2 table, or the table of snapshots of a qcow2 image
 * ("Header", "Cluster mapping", "Snapshots").
 */
final class TableDamage implements AutoCloseable {
  private static final int CLUSTER_BITS = 20; // where in the header it is, as is what follows
  private static final int DISK_SIZE = 24;
  private static final int L1_SIZE = 36;
  private static final int L1_OFFSET = 40;
  private static final int COUNTS_OFFSET = 48;
  private static final int COUNTS_CLUSTERS = 56;
  private static final int SNAPSHOTS = 60;
  private static final int SNAPSHOTS_OFFSET = 64;
  private static final int INCOMPATIBLE = 72;
  private static final int AUTOCLEAR = 88;
  private static final int COUNT_ORDER = 96;
  private static final int HEADER_LENGTH = 100;

  private static final long COPIED = 1L << 63;
  private static final long COMPRESSED = 1L << 62;
  private static final long OFFSET = (1L << 56) - 512;

  private final RandomAccessFile file;
  private final Random random;
  private final int version;
  private final int clusterBits;

  private TableDamage(Path image, Random random) throws IOException {
    file = new RandomAccessFile(image.toFile(), "rw");
    this.random = random;
    version = get32(4);
    clusterBits = get32(CLUSTER_BITS);
  }

  /** Does it, and says what it was. */
  static String to(Path image, Random random) throws IOException {
    try (var damage = new TableDamage(image, random)) {
      return switch (random.nextInt(8)) {
        case 0, 1 -> damage.entry("L1", damage.get64(L1_OFFSET), damage.get32(L1_SIZE), 8);
        case 2, 3, 4 -> damage.clusters();
        case 5 -> damage.snapshot();
        default -> damage.header();
      };
    }
  }

  private int get32(long at) throws IOException {
    file.seek(at);
    return file.readInt();
  }

  private long get64(long at) throws IOException {
    file.seek(at);
    return file.readLong();
  }

  private String set32(String what, long at, int value) throws IOException {
    file.seek(at);
    file.writeInt(value);
    return "%s: %#x".formatted(what, value);
  }

  private String set64(String what, long at, long value) throws IOException {
    file.seek(at);
    file.writeLong(value);
    return "%s: %#x".formatted(what, value);
  }

  /** An entry of one of the L2 tables. */
  private String clusters() throws IOException {
    long l1 = get64(L1_OFFSET) + 8L * random.nextInt(get32(L1_SIZE));
    boolean extended = version == 3 && (get64(INCOMPATIBLE) >>> 4 & 1) != 0;
    int width = extended ? 16 : 8;
    long table = get64(l1) & OFFSET;
    if (table == 0) {
      return "nothing";
    }
    int within = Math.min(1 << 20 >> clusterBits, (1 << clusterBits) / width);
    if (extended && random.nextInt(3) == 0) {
      int bit = random.nextInt(64);
      long at = table + 16L * random.nextInt(within) + 8;
      return set64("a subcluster's bit " + bit, at, get64(at) ^ 1L << bit);
    }
    return entry("L2", table, within, width);
  }

  private String entry(String table, long offset, int entries, int width) throws IOException {
    int index = random.nextInt(entries);
    long at = offset + (long) index * width;
    long old = get64(at);
    String what = "%s entry %d of %d, which was %#x".formatted(table, index, entries, old);
    return switch (random.nextInt(10)) {
      case 0 -> set64(what + ", not aligned", at, old + 512L * (1 + random.nextInt(7)));
      case 1 -> set64(what + ", behind the end", at, COPIED | cluster(file.length() + (1 << 26)));
      case 2 -> set64(what + ", at the end", at, COPIED | cluster(file.length()));
      case 3 -> set64(what + ", empty", at, 0);
      case 4 ->
          set64(what + ", another's", at, get64(offset + (long) random.nextInt(entries) * width));
      case 5 -> set64(what + ", of the L1 table", at, COPIED | get64(L1_OFFSET));
      case 6 -> set64(what + ", COPIED flag", at, old ^ COPIED);
      case 7 -> set64(what + ", reserved bit", at, old | 1L << (1 + random.nextInt(8)));
      case 8 -> set64(what + ", zero or reserved flag", at, old ^ 1);
      default -> set64(what + ", compressed", at, (old | COMPRESSED) & ~COPIED);
    };
  }

  private long cluster(long offset) {
    return offset >>> clusterBits << clusterBits;
  }

  private String snapshot() throws IOException {
    int count = get32(SNAPSHOTS);
    if (count == 0) {
      return header();
    }
    long at = get64(SNAPSHOTS_OFFSET);
    long l1 = get64(at);
    return switch (random.nextInt(9)) {
      case 0 -> set64("a snapshot's L1 table, not aligned", at, l1 + 8);
      case 1 -> set64("a snapshot's L1 table, behind the end", at, cluster(1L << 40));
      case 2 -> set32("a snapshot's L1 table, its length", at + 8, 1 << random.nextInt(31));
      case 3 -> set32("sizes of a snapshot's id and name", at + 12, random.nextInt());
      case 4 -> set32("size of a snapshot's extra data", at + 36, 1 << random.nextInt(32));
      case 5 -> set32("size of a snapshot's extra data", at + 36, 8 * random.nextInt(4));
      case 6 -> set64("a snapshot's L1 table, of the disk", at, get64(L1_OFFSET));
      case 7 -> entry("a snapshot's L1", l1, get32(at + 8), 8);
      default -> set64("a snapshot's size of the disk", at + 48, 1L << random.nextInt(64));
    };
  }

  private String header() throws IOException {
    int bit = random.nextInt(64);
    return switch (random.nextInt(version == 3 ? 17 : 11)) {
      case 0 -> set32("bits of a cluster", CLUSTER_BITS, random.nextInt(25));
      case 1 -> set64("size of the disk", DISK_SIZE, 1L << bit);
      case 2 -> set32("L1 entries", L1_SIZE, random.nextInt(2 * get32(L1_SIZE)));
      case 3 -> set64("place of the L1 table", L1_OFFSET, 1L << bit);
      case 4 -> set64("place of the count table", COUNTS_OFFSET, 1L << bit);
      case 5 -> set32("clusters of the count table", COUNTS_CLUSTERS, random.nextInt(4));
      case 6 -> set32("clusters of the count table", COUNTS_CLUSTERS, 1 << random.nextInt(32));
      case 7 -> set32("snapshots", SNAPSHOTS, random.nextInt(4));
      case 8 -> set32("snapshots", SNAPSHOTS, 1 << random.nextInt(32));
      case 9 -> set64("place of the snapshots", SNAPSHOTS_OFFSET, 1L << bit);
      case 10 -> set64("place of the snapshots", SNAPSHOTS_OFFSET, get64(L1_OFFSET));
      case 11, 12 ->
          set64("incompatible bit " + bit, INCOMPATIBLE, get64(INCOMPATIBLE) ^ 1L << bit % 7);
      case 13 -> set64("autoclear bit " + bit, AUTOCLEAR, get64(AUTOCLEAR) ^ 1L << bit % 4);
      case 14 -> set32("order of counts", COUNT_ORDER, random.nextInt(9));
      default -> set32("length of the header", HEADER_LENGTH, 8 * random.nextInt(24));
    };
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
