package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.CheckResult.Repair;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Looks at all metadata: counts how often each cluster is named, and compares that with what is
 * counted. Counts that are where none can be are made anew ({@link RefcountRebuild}).
 */
final class Check {
  private static final int MOST_PARTS = 1 << 24;
  private static final int WINDOW_BITS = 15;
  private static final long NOTHING = -1;

  /** A count that could not be read. */
  private static final long UNKNOWN = -1;

  /** Bits of an L1 entry that are neither of the offset nor its flag ("L1 table entry"). */
  private static final long L1_RESERVED = ~(Geometry.OFFSET_MASK | Geometry.COPIED);

  /** Bits of an entry of a cluster that is not compressed ("Standard Cluster Descriptor"). */
  private static final long L2_RESERVED =
      ~(Geometry.OFFSET_MASK | Geometry.COPIED | Geometry.COMPRESSED | Geometry.ZERO);

  private final Qcow2Node image;
  private final Geometry g;
  private final Repair repair;
  private final Consumer<String> report;
  private ReferenceCounts references;
  private final Set<Long> seenTables = new HashSet<>();

  /** References to the table and blocks of counts: clusters. */
  private final List<Long> ofCounts = new ArrayList<>();

  /** Counts that were looked at last, as the image has them, and the first one's cluster. */
  private final long[] window;

  private long windowStart = NOTHING;

  /** True if these counts could not be read. */
  private boolean unreadable;

  private long checkErrors;

  private boolean rebuild;
  private long wrongCounts;

  private long corruptions;
  private long corruptionsFixed;
  private long leaks;
  private long leaksFixed;
  private long allocated;
  private long compressed;
  private long fragmented;

  /** Where the next cluster would be if those of a table were in a row; 0 for its first. */
  private long nextInRow;

  /** Bits of an L2 entry that make it one to be looked at closely. */
  private final long special;

  Check(Qcow2Node image, Repair repair, Consumer<String> report) {
    this.image = image;
    this.repair = repair;
    this.report = report;
    g = image.g;
    boolean unusual = g.extended() || g.external();
    long within = g.clusterMask() & Geometry.OFFSET_MASK;
    special = unusual ? -1 : Geometry.COMPRESSED | L2_RESERVED | within;
    window = new long[1 << Math.min(WINDOW_BITS, g.refcountBlockBits())];
    long clusters = g.clusters(image.file.size());
    if (clusters >>> 16 > MOST_PARTS) {
      throw new BlockException(
          BlockException.Kind.TOO_LARGE, "the image has too many clusters to be checked");
    }
    references = new ReferenceCounts(clusters);
  }

  CheckResult run() {
    reference(0, g.clusterSize());
    countTree(image.map.l1(), image.header.l1Offset, true);
    countSnapshots();
    countRefcounts();
    countExtensions();
    if (rebuild && repair == Repair.ALL) {
      rebuild();
    } else {
      compare();
    }
    checkFlags();
    checkSnapshotEntries();
    return new CheckResult(
        corruptions,
        leaks,
        corruptionsFixed,
        leaksFixed,
        end(),
        g.clusters(image.size()),
        allocated,
        fragmented,
        compressed,
        checkErrors);
  }

  private long end() {
    for (long i = references.clusters() - 1; i >= 0; i--) {
      long counted = counted(i);
      if (counted != UNKNOWN && (references.get(i) > 0 || counted > 0)) {
        return (i + 1) << g.clusterBits();
      }
    }
    return checkErrors > 0 ? g.clusterSize() : 0;
  }

  /** How often a cluster is used as the image has it. */
  private long counted(long cluster) {
    int at = (int) cluster & (window.length - 1);
    if (cluster - at != windowStart) {
      windowStart = cluster - at;
      readWindow();
    }
    return unreadable ? UNKNOWN : window[at];
  }

  private void readWindow() {
    unreadable = false;
    try {
      image.refcounts.counted(windowStart, window);
    } catch (BlockException e) {
      if (e.kind() != BlockException.Kind.IO_ERROR) {
        throw e;
      }
      unreadable = true;
    }
  }

  /** Notes that these bytes of the file are in use. */
  private boolean reference(long offset, long bytes) {
    return reference(offset, bytes, cluster -> {});
  }

  /** The same; {@code added} hears the clusters that could be counted once more. */
  private boolean reference(long offset, long bytes, LongConsumer added) {
    long first = offset >>> g.clusterBits();
    long last = (offset + bytes - 1) >>> g.clusterBits();
    if (offset < 0 || last >= references.clusters()) {
      wrong(
          "ERROR: counting reference for region exceeding the end of the file by one cluster or"
              + " more: offset 0x%x size 0x%x".formatted(offset, bytes));
      return false;
    }
    for (long i = first; i <= last; i++) {
      if (references.get(i) == g.maxRefcount()) {
        wrong("ERROR: overflow cluster offset=0x%x".formatted(i << g.clusterBits()));
      } else {
        references.add(i, 1);
        added.accept(i);
      }
    }
    return true;
  }

  private void countTree(long[] l1, long offset, boolean active) {
    if (l1.length > 0 && !reference(offset, l1.length * 8L)) {
      return;
    }
    for (long entry : l1) {
      if (entry == 0) {
        continue;
      }
      long table = entry & Geometry.OFFSET_MASK;
      if ((entry & L1_RESERVED) != 0) {
        wrong("ERROR found L1 entry with reserved bits set: %x".formatted(entry));
      }
      if ((table & g.clusterMask()) != 0) {
        wrong(
            "ERROR l2_offset=%x: Table is not cluster aligned; L1 entry corrupted"
                .formatted(table));
      }
      if (reference(table, g.clusterSize())) {
        seenTables.add(table);
        nextInRow = 0;
        boolean mends = repair == Repair.ALL && (table & g.clusterMask()) == 0;
        readable(
            "l2",
            () ->
                Tables.forEachRaw(
                    image.file,
                    g,
                    table,
                    plain -> countPlain(plain, active),
                    (at, bits, bitmap) -> countEntry(mends ? at : 0, bits, bitmap, active)));
      }
    }
  }

  /** Counts what an entry names as long as there is nothing special about it. */
  private boolean countPlain(long entry, boolean active) {
    if ((entry & special) != 0) {
      return false;
    }
    long host = entry & Geometry.OFFSET_MASK;
    if (host != 0) {
      if (!references.addPlainly(host >>> g.clusterBits(), g.maxRefcount())) {
        return false;
      }
      if (active) {
        countActive(host);
      }
    }
    return true;
  }

  private void wrong(String what) {
    report.accept(what);
    corruptions++;
  }

  /** An entry of an L2 table; {@code at} is where it may be mended, or 0. */
  private void countEntry(long at, long entry, long bitmap, boolean active) {
    Cluster cluster = Cluster.decode(g, entry, bitmap);
    if (cluster.compressed()) {
      countCompressed(cluster, (entry & Geometry.COPIED) != 0, bitmap, active);
      return;
    }
    if ((entry & L2_RESERVED) != 0) {
      wrong("ERROR found l2 entry with reserved bits set: %x".formatted(entry));
    }
    boolean data = cluster.allocated() != 0;
    if (cluster.host() == 0) {
      if (data) {
        wrong("ERROR: Unallocated cluster has non-zero subcluster allocation map");
      }
      return;
    }
    if ((cluster.allocated() & cluster.zero()) != 0) {
      wrong(
          "ERROR offset=%x: Allocated cluster has corrupted subcluster allocation bitmap"
              .formatted(cluster.host()));
    }
    if ((cluster.host() & g.clusterMask()) != 0) {
      if (!data && at != 0) {
        mend(at);
        report.accept("Repairing" + notAligned("Preallocated", cluster));
        corruptionsFixed++;
        return;
      }
      wrong("ERROR" + notAligned(data ? "Data" : "Preallocated", cluster));
    }
    countCluster(cluster, active);
  }

  private static String notAligned(String what, Cluster c) {
    return " offset=%x: %s cluster is not properly aligned; L2 entry corrupted."
        .formatted(c.host(), what);
  }

  /** Makes an entry that has no bytes one that is nowhere. */
  private void mend(long at) {
    image.map.cache().forgetUnpinned(at & -g.clusterSize(), g.clusterSize());
    long entry = g.extended() ? 0 : Geometry.ZERO;
    FileBytes.write(image.file, at, ByteBuffer.allocate(8).putLong(0, entry));
  }

  private void countCompressed(Cluster c, boolean copied, long bitmap, boolean active) {
    if (copied) {
      wrong(
          "ERROR: coffset=0x%x: copied flag must never be set for compressed clusters"
              .formatted(c.host()));
    }
    if (bitmap != 0) {
      wrong("ERROR compressed cluster with non-zero subcluster allocation bitmap");
      return;
    }
    reference(c.host(), c.compressedSize());
    if (active) {
      allocated++;
      compressed++;
      fragmented++;
    }
  }

  private void countCluster(Cluster c, boolean active) {
    if (active) {
      countActive(c.host());
    }
    if (!c.external()) {
      reference(c.host(), g.clusterSize());
    }
  }

  private void countActive(long host) {
    allocated++;
    fragmented += nextInRow != 0 && host != nextInRow ? 1 : 0;
    nextInRow = host + g.clusterSize();
  }

  private void countSnapshots() {
    long bytes = image.internalSnapshots().tableBytes();
    if (bytes > 0) {
      reference(image.header.snapshotsOffset, bytes);
    }
    for (Snapshots.Entry entry : image.internalSnapshots().entries()) {
      try {
        long[][] l1 = new long[1][];
        readable("l1", () -> l1[0] = image.internalSnapshots().table(entry));
        countTree(l1[0], entry.l1Offset(), false);
      } catch (BlockException e) {
        refuseUnread(e);
        report.accept("ERROR snapshot " + entry.id() + ": " + e.getMessage());
        corruptions++;
      }
    }
  }

  /** Says which tables could not be read; what they name is not known to be unused. */
  private void readable(String level, Runnable work) {
    try {
      work.run();
    } catch (BlockException e) {
      if (e.kind() == BlockException.Kind.IO_ERROR) {
        report.accept("ERROR: I/O error in check_refcounts_" + level);
      }
      throw e;
    }
  }

  /** Nothing may be taken for wrong, or a leak, because it could not be read now. */
  private static void refuseUnread(BlockException e) {
    if (e.kind() == BlockException.Kind.IO_ERROR) {
      throw e;
    }
  }

  private void countRefcounts() {
    long bytes = (long) image.header.refcountTableClusters << g.clusterBits();
    rebuild |= !referenceCounts(image.header.refcountTableOffset, bytes);
    long[] table = image.refcounts.table();
    for (int i = 0; i < table.length; i++) {
      if (table[i] == 0) {
        continue;
      }
      String wrong = null;
      if ((table[i] & g.clusterMask()) != 0) {
        wrong = "is not cluster aligned; refcount table entry corrupted";
      } else if (table[i] < 0 || table[i] >>> g.clusterBits() >= references.clusters()) {
        wrong = "is outside image";
      } else {
        boolean others = references.get(table[i] >>> g.clusterBits()) > 0;
        referenceCounts(table[i], g.clusterSize());
        long named = references.get(table[i] >>> g.clusterBits());
        wrong = named == 1 ? null : "refcount=" + named;
        if (others && named == 1) { // counts of one bit: told as an overflow, and never written
          wrongCounts++;
          rebuild = true;
        }
      }
      if (wrong != null) {
        report.accept("ERROR refcount block " + i + " " + wrong);
        corruptions++;
        wrongCounts++;
        rebuild = true;
      }
    }
  }

  private boolean referenceCounts(long offset, long bytes) {
    if (bytes == 0) {
      return true;
    }
    if (!reference(offset, bytes, ofCounts::add)) {
      wrongCounts++;
      return false;
    }
    return true;
  }

  private void rebuild() {
    report.accept("Rebuilding refcount structure");
    ofCounts.forEach(cluster -> references.add(cluster, -1));
    references = new RefcountRebuild(image).run(references);
    windowStart = NOTHING;
    corruptions -= wrongCounts;
    corruptionsFixed += wrongCounts;
  }

  /** What header extensions name: bitmaps and keys. */
  private void countExtensions() {
    Header.Extension keys = image.header.extension(Header.EXTENSION_ENCRYPTION);
    if (keys != null && keys.data().length >= 16) {
      ByteBuffer in = ByteBuffer.wrap(keys.data());
      reference(in.getLong(0), in.getLong(8));
    }
    try {
      countBitmaps(BitmapDirectory.place(image.header));
    } catch (BlockException e) {
      refuseUnread(e);
      report.accept("ERROR bitmaps: " + e.getMessage());
      corruptions++;
    }
  }

  private void countBitmaps(BitmapDirectory.Place place) {
    if (place.size() == 0 || !reference(place.offset(), place.size())) {
      return;
    }
    for (BitmapDirectory.Entry entry : BitmapDirectory.read(image.file, g, place)) {
      countBitmap(entry.table(), entry.entries());
    }
  }

  private void countBitmap(long table, int entries) {
    if (!reference(table, entries * 8L)) {
      return;
    }
    for (long entry : Tables.longs(image.file, table, entries)) {
      long data = entry & Geometry.OFFSET_MASK;
      if (data != 0) {
        reference(data, g.clusterSize());
      }
    }
  }

  private void compare() {
    boolean any = false;
    boolean mends = repair != Repair.NONE && !rebuild;
    for (long i = alike(0); i < references.clusters(); i = alike(i + 1)) {
      long counted = counted(i);
      long named = references.get(i);
      if (counted == named) {
        continue;
      }
      if (counted == UNKNOWN) {
        report.accept("Can't get refcount for cluster " + i + ": Input/output error");
        checkErrors++;
        continue;
      }
      boolean leak = counted > named;
      if (!leak && repair == Repair.ALL && !image.refcounts.hasBlock(i)) {
        rebuild();
        return;
      }
      boolean fix = mends && (repair == Repair.ALL || leak);
      report.accept(
          "%s cluster %d refcount=%d reference=%d"
              .formatted(fix ? "Repairing" : leak ? "Leaked" : "ERROR", i, counted, named));
      boolean fixed = fix && image.refcounts.repair(i, named);
      windowStart = fixed ? NOTHING : windowStart;
      any |= fixed;
      leaks += leak && !fixed ? 1 : 0;
      leaksFixed += leak && fixed ? 1 : 0;
      corruptions += leak || fixed ? 0 : 1;
      corruptionsFixed += !leak && fixed ? 1 : 0;
    }
    if (any) {
      image.commit.settle();
    }
  }

  /** The next cluster from here on that may not be counted as it is named, or the end. */
  private long alike(long from) {
    long at = from;
    while (at < references.clusters()) {
      if (counted(at) == UNKNOWN) { // else it is in the window from here on
        return at;
      }
      long end = Math.min(references.clusters(), windowStart + window.length);
      at = references.alike(at, end, window, (int) (at - windowStart));
      if (at < end) {
        return at;
      }
    }
    return at;
  }

  /** The flags of what may be written in place, in the active tables. */
  private void checkFlags() {
    long[] l1 = image.map.l1();
    long wrong = 0;
    for (int i = 0; i < l1.length; i++) {
      long table = l1[i] & Geometry.OFFSET_MASK;
      if (table == 0) {
        continue;
      }
      long count = counted(table >>> g.clusterBits());
      if (count != UNKNOWN && (count == 1) != ((l1[i] & Geometry.COPIED) != 0)) {
        report.accept(
            "%s OFLAG_COPIED L2 cluster: l1_index=%d l1_entry=%x refcount=%d"
                .formatted(repair == Repair.ALL ? "Repairing" : "ERROR", i, l1[i], count));
        wrong++;
      }
      wrong += seenTables.contains(table) ? wrongFlags(table) : 0;
    }
    if (wrong > 0 && repair == Repair.ALL) {
      image.internalSnapshots().flagActive();
      image.commit.settle();
      corruptionsFixed += wrong;
    } else {
      corruptions += wrong;
    }
  }

  /** Version 3 asks for extra data with the sizes again; mended when all else is in order. */
  private void checkSnapshotEntries() {
    List<Integer> incomplete = image.internalSnapshots().incomplete();
    boolean mends = repair == Repair.ALL && corruptions == 0;
    for (int index : incomplete) {
      report.accept(
          "%s snapshot table entry %d is incomplete"
              .formatted(mends ? "Repairing" : "ERROR", index));
    }
    if (mends && !incomplete.isEmpty()) {
      image.internalSnapshots().complete();
      corruptionsFixed += incomplete.size();
    } else {
      corruptions += incomplete.size();
    }
  }

  /** True if an entry is nothing special, and has the flag that it is to have. */
  private boolean flagged(long entry) {
    if ((entry & special) != 0) {
      return false;
    }
    long host = entry & Geometry.OFFSET_MASK;
    boolean own = host != 0 && counted(host >>> g.clusterBits()) == 1;
    return host == 0 || own == ((entry & Geometry.COPIED) != 0);
  }

  private long wrongFlags(long table) {
    long[] wrong = new long[1];
    Tables.forEach(
        image.file,
        g,
        table,
        this::flagged,
        (index, c) -> {
          if (c.compressed() || c.external() || c.host() == 0) {
            return;
          }
          long count = counted(c.host() >>> g.clusterBits());
          if (count != UNKNOWN && (count == 1) != c.copied()) {
            report.accept(
                "%s OFLAG_COPIED data cluster: l2_entry=%x refcount=%d"
                    .formatted(repair == Repair.ALL ? "Repairing" : "ERROR", c.entry(g), count));
            wrong[0]++;
          }
        });
    return wrong[0];
  }
}
