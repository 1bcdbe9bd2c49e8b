package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import dev.kasuari.block.RangeLocks;
import dev.kasuari.block.qcow2.ClusterMap.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes where guest clusters are: gives them room, copies what is shared, takes room away. */
final class Allocation {
  private static final int MOST_CLUSTERS = 1024;

  private final Qcow2Node image;
  private final Geometry g;

  Allocation(Qcow2Node image) {
    this.image = image;
    g = image.g;
  }

  /**
   * Guest clusters of one L2 table that get host clusters in a row.
   *
   * @param first the first guest cluster
   * @param olds what they were
   * @param place where they go; null if the one cluster has a place of its own
   */
  private record Plan(long first, List<Cluster> olds, Refcounts.@Nullable Run place) {}

  /** Writes the beginning of {@code from}, and returns how much that was. */
  long write(long offset, MemorySegment from) {
    long within = offset & g.clusterMask();
    long tableEnd = (offset & -g.l2Span()) + g.l2Span();
    long most = Math.min(tableEnd - offset, ((long) MOST_CLUSTERS << g.clusterBits()) - within);
    long wanted = Math.min(from.byteSize(), most);
    long start = offset - within;
    RangeLocks.Range range = image.ranges.hold(start, start + roundUp(within + wanted), true);
    try {
      Plan plan = image.locked(() -> plan(offset, wanted));
      long room = ((long) plan.olds.size() << g.clusterBits()) - within;
      MemorySegment data = from.asSlice(0, Math.min(wanted, room));
      boolean written = false;
      try {
        writeInto(plan, offset, data);
        written = true;
      } finally {
        finish(plan, offset, data.byteSize(), written);
      }
      return data.byteSize();
    } finally {
      image.ranges.release(range);
    }
  }

  private long roundUp(long bytes) {
    return (bytes + g.clusterMask()) & ~g.clusterMask();
  }

  private Refcounts.Run room(long first, int count) {
    if (image.data.external()) {
      return new Refcounts.Run(first << g.clusterBits() | Geometry.EXTERNAL, count, false);
    }
    Refcounts.Run place = image.refcounts.allocateSome(count);
    image.refuseOverlap(place.offset(), place.clusters() << g.clusterBits());
    return place;
  }

  private Plan plan(long offset, long length) {
    long first = offset >>> g.clusterBits();
    long last = (offset + length - 1) >>> g.clusterBits();
    image.map.own(first);
    Cluster old = image.map.get(first);
    if (old.exclusive()) {
      image.refuseOverlap(old.host(), g.clusterSize());
      return new Plan(first, List.of(old), null);
    }
    List<Cluster> olds = new ArrayList<>((int) (last - first) + 1);
    olds.add(old);
    for (long cluster = first + 1; cluster <= last; cluster++) {
      Cluster next = image.map.get(cluster);
      if (next.exclusive()) {
        break;
      }
      olds.add(next);
    }
    Refcounts.Run place = room(first, olds.size());
    return new Plan(first, olds.subList(0, (int) place.clusters()), place);
  }

  /** Writes data, and around it what the rest of its clusters is to contain. */
  private void writeInto(Plan plan, long offset, MemorySegment data) {
    boolean moved = plan.place != null;
    long host = plan.place == null ? plan.olds.getFirst().host() : plan.place.offset();
    boolean fresh = plan.place != null && plan.place.fresh() && !image.data.encrypted();
    long base = plan.first << g.clusterBits();
    long end = offset + data.byteSize();
    long from = keepFrom(plan.olds.getFirst(), moved, offset);
    copy(plan.olds.getFirst(), from, offset, host + (from - base), fresh);
    image.data.write(host + (offset - base), offset, data);
    Cluster last = plan.olds.getLast();
    long to = keepTo(last, moved, end);
    copy(last, end, to, host + (end - base), fresh);
  }

  /** True if a cluster that gets another place takes all that it contains there. */
  private boolean takesAll(Cluster old, boolean moved) {
    return moved && (!g.extended() || old.allocated() != 0);
  }

  /** Where that begins which must be copied before data at {@code offset}. */
  private long keepFrom(Cluster old, boolean moved, long offset) {
    long within = offset & g.clusterMask();
    if (takesAll(old, moved)) {
      return offset - within;
    }
    int sub = (int) (within / g.subclusterSize());
    boolean there = !moved && ClusterMap.kind(old, sub) == Kind.DATA;
    return there ? offset : offset - within % g.subclusterSize();
  }

  /** Where that ends which must be copied behind data that ends at {@code end}. */
  private long keepTo(Cluster old, boolean moved, long end) {
    if ((end & g.clusterMask()) == 0) {
      return end;
    }
    if (takesAll(old, moved)) {
      return roundUp(end);
    }
    int sub = (int) ((end & g.clusterMask()) / g.subclusterSize());
    boolean there = !moved && ClusterMap.kind(old, sub) == Kind.DATA;
    long size = g.subclusterSize();
    return there ? end : (end + size - 1) / size * size;
  }

  /** Copies guest bytes to where they will be. */
  private void copy(Cluster old, long from, long clusterEnd, long host, boolean fresh) {
    // A data file ends where the disk does.
    long to = image.data.external() ? Math.min(clusterEnd, image.size()) : clusterEnd;
    if (from >= to) {
      return;
    }
    if (readsZero(old, from)) {
      if (!fresh) {
        image.data.zero(host, from, to - from);
      }
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = Buffers.small(arena, to - from);
      image.readHeld(from, bytes);
      image.data.write(host, from, bytes);
    }
  }

  /** True if a whole cluster is known to be zero. */
  private boolean readsZero(Cluster old, long offset) {
    if (old.compressed() || old.allocated() != 0) {
      return false;
    }
    BlockNode behind = image.backing();
    boolean behindBacking = behind == null || (offset & ~g.clusterMask()) >= behind.size();
    return old.zero() == g.allSubclusters() || behindBacking;
  }

  private void finish(Plan plan, long offset, long length, boolean written) {
    image.locked(() -> {
      if (written) {
        link(plan, offset, length);
      } else if (plan.place != null && !image.data.external()) {
        long bytes = (long) plan.olds.size() << g.clusterBits();
        image.refcounts.add(plan.place.offset(), bytes, -1);
      }
      return true;
    });
  }

  private void link(Plan plan, long offset, long length) {
    for (int i = 0; i < plan.olds.size(); i++) {
      long cluster = plan.first + i;
      long start = cluster << g.clusterBits();
      long from = Math.max(offset, start);
      long to = Math.min(offset + length, start + g.clusterSize());
      Cluster old = plan.olds.get(i);
      int touched = g.touched(from - start, to - from);
      if (plan.place == null) {
        image.map.set(cluster, old.withData(touched));
        continue;
      }
      Cluster moved =
          takesAll(old, true)
              ? Cluster.ABSENT.withData(g.allSubclusters())
              : new Cluster(0, false, false, 0, 0, old.zero()).withData(touched);
      image.map.set(
          cluster, moved.withHost(plan.place.offset() + ((long) i << g.clusterBits()), true));
      free(old, Discards.Reason.OTHER);
    }
  }

  /** What a cluster had is not its any more. */
  private void free(Cluster old, Discards.Reason reason) {
    if (old.compressed()) {
      image.commit.free(old.host(), old.compressedSize(), reason);
    } else if (old.host() != 0 && !old.external()) {
      image.commit.free(old.host(), g.clusterSize(), reason);
    }
  }

  /** Nobody needs what a cluster has that stays the image's. */
  private void empty(Cluster old, Cluster changed) {
    boolean stays = old.exclusive() && changed.host() == old.host();
    boolean emptied = old.allocated() != 0 && changed.allocated() == 0;
    if (stays && emptied && keeps() && image.refcounts.discards.request()) {
      image.data.node().discard(old.host() & ~Geometry.EXTERNAL, g.clusterSize());
    }
  }

  private boolean keeps() {
    return image.refcounts.discards.kept() && !image.data.raw();
  }

  /** Changes clusters one by one: returns what an entry is to be, which may be the same. */
  private interface Change {
    Cluster of(Cluster old, long within, long length);
  }

  private void change(long offset, long length, boolean unmaps, Change change) {
    for (long done = 0; done < length; ) {
      long at = offset + done;
      long tableEnd = (at & -g.l2Span()) + g.l2Span();
      long left = Math.min(length - done, tableEnd - at);
      long most = ((long) MOST_CLUSTERS << g.clusterBits()) - (at & g.clusterMask());
      long part = Math.min(left, most);
      RangeLocks.Range range = image.ranges.hold(at & ~g.clusterMask(), roundUp(at + part), true);
      try {
        image.locked(() -> {
          changeHeld(at, part, unmaps, change);
          return true;
        });
      } finally {
        image.ranges.release(range);
      }
      done += part;
      if (done < length) {
        image.commit.relieve();
      }
    }
  }

  private void changeHeld(long offset, long length, boolean unmaps, Change change) {
    for (long done = 0; done < length; ) {
      long at = offset + done;
      long within = at & g.clusterMask();
      long part = Math.min(length - done, g.clusterSize() - within);
      long cluster = at >>> g.clusterBits();
      Cluster old = image.map.get(cluster);
      Cluster changed = change.of(old, within, part);
      if (!changed.equals(old)) {
        image.map.own(cluster);
        image.map.set(cluster, changed);
        if (old.host() != 0 && (changed.host() != old.host() || old.compressed())) {
          free(old, Discards.Reason.REQUEST);
        } else if (unmaps) {
          empty(old, changed);
        }
      }
      done += part;
    }
  }

  /** Makes bytes zero: those of whole subclusters by their entries, others by writing. */
  void zero(long offset, long length, boolean mayUnmap) {
    long unit = g.subclusterSize();
    long end = offset + length;
    // A disk may end within a cluster; what is behind its end does not matter.
    long wholeEnd = end == image.size() ? roundUp(end) : end / unit * unit;
    long wholeStart = (offset + unit - 1) / unit * unit;
    if (wholeStart >= Math.min(wholeEnd, end)) { // of a cluster that has more, a part is no whole
      writeZeroes(offset, end);
      return;
    }
    writeZeroes(offset, wholeStart);
    boolean flags = image.header.version == 3;
    if (flags || image.backing() == null) {
      zeroEntries(wholeStart, wholeEnd, mayUnmap);
    } else {
      writeZeroes(wholeStart, Math.min(wholeEnd, end));
    }
    if (wholeEnd < end) {
      writeZeroes(wholeEnd, end);
    }
  }

  /** The same if entries of tables can say it, and returns whether they can. */
  boolean zeroQuickly(long offset, long length, boolean mayUnmap) {
    long end = offset + length == image.size() ? roundUp(offset + length) : offset + length;
    boolean whole = ((offset | end) & (g.subclusterSize() - 1)) == 0;
    boolean flags = image.header.version == 3 || image.backing() == null;
    if (!whole || !flags || image.data.raw() || partlyCompressed(offset) || partlyCompressed(end)) {
      return false;
    }
    zeroEntries(offset, end, mayUnmap);
    return true;
  }

  /** A range of whole subclusters. Of a compressed cluster a part cannot be told from the rest. */
  private void zeroEntries(long from, long to, boolean mayUnmap) {
    if (image.data.raw()) {
      image.data.node().writeZeroes(from, Math.min(to, image.size()) - from, mayUnmap);
    }
    long start = from;
    long end = to;
    if (partlyCompressed(start)) {
      long next = Math.min(end, roundUp(start));
      writeZeroes(start, next);
      start = next;
    }
    if (start < end && partlyCompressed(end)) {
      long before = end & ~g.clusterMask();
      writeZeroes(before, end);
      end = before;
    }
    if (start < end) {
      change(start, end - start, mayUnmap, (c, w, n) -> zeroed(c, g.covered(w, n), mayUnmap));
    }
  }

  /** For version 2: a cluster that is zero becomes one of data, or nothing without a backing. */
  void expandZeroes() {
    long size = image.size();
    for (long at = 0; at < size; ) {
      long here = at;
      ClusterMap.Run run = image.locked(() -> image.map.run(here, size - here));
      long end = Math.min(size, at + run.length());
      if (run.kind() == Kind.ZERO) {
        if (image.backing() == null) {
          forget(at, roundUp(end));
        } else {
          for (long from = at; from < end; ) {
            var zeroes = dev.kasuari.block.Zeroes.some(end - from);
            image.write(from, zeroes);
            from += zeroes.byteSize();
          }
        }
      }
      at = end;
    }
  }

  private boolean partlyCompressed(long at) {
    return (at & g.clusterMask()) != 0
        && image.locked(() -> image.map.get(at >>> g.clusterBits()).compressed());
  }

  private Cluster zeroed(Cluster old, int subclusters, boolean mayUnmap) {
    if (image.header.version == 2) { // no flag, and no backing file: what is nowhere is zero
      return Cluster.ABSENT;
    }
    if (old.compressed()) {
      return Cluster.ABSENT.withZero(subclusters);
    }
    Cluster zero = old.withZero(subclusters);
    boolean nothingLeft = zero.allocated() == 0;
    boolean stays = image.data.raw();
    if (zero.host() != 0 && nothingLeft && ((mayUnmap && !keeps()) || !old.copied()) && !stays) {
      return zero.withHost(0, false);
    }
    return zero;
  }

  /** Writes zeroes as data, but not where there are zeroes already. */
  private void writeZeroes(long from, long to) {
    for (long at = from; at < to; ) {
      long here = at;
      ClusterMap.Run run = image.locked(() -> image.map.run(here, to - here));
      boolean zero =
          run.kind() == Kind.ZERO || (run.kind() == Kind.ABSENT && image.backing() == null);
      long length = run.length();
      if (!zero) {
        var part = dev.kasuari.block.Zeroes.some(Math.min(length, to - at));
        length = part.byteSize();
        image.writeAt(at, part);
      }
      at += length;
    }
  }

  /** Takes the room of whole clusters away; they read as zero where the format can say so. */
  void discard(long offset, long length) {
    long end = offset + length;
    long from = roundUp(offset);
    long to = end == image.size() ? roundUp(end) : end & ~g.clusterMask();
    if (from < to && image.data.raw()) {
      zeroEntries(from, to, false);
    } else if (from < to) {
      change(from, to - from, true, (old, within, part) -> discarded(old));
    }
  }

  /** A cluster that nobody needs any more. */
  Cluster discarded(Cluster old) {
    boolean nothing = old.equals(Cluster.ABSENT);
    if (nothing && image.backing() == null) {
      return old;
    }
    if (keeps() && old.exclusive()) {
      return old.withZero(g.allSubclusters());
    }
    return image.header.version == 3 ? Cluster.ABSENT.withZero(g.allSubclusters()) : Cluster.ABSENT;
  }

  /** Takes the room of whole clusters away as if they had never been written. */
  void forget(long from, long to) {
    change(from, to - from, false, (old, within, part) -> Cluster.ABSENT);
  }

  void writeCompressed(long offset, MemorySegment from) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment whole = from;
      if (from.byteSize() < g.clusterSize()) { // the last cluster of the disk
        whole = Buffers.small(arena, g.clusterSize());
        whole.copyFrom(from);
      }
      MemorySegment packed = Buffers.small(arena, g.clusterSize() - 1L);
      int bytes = image.compression.compress(whole, packed);
      if (bytes < 0) {
        image.writeAt(offset, from);
      } else {
        place(offset, packed.asSlice(0, bytes));
      }
    }
  }

  private void place(long offset, MemorySegment packed) {
    RangeLocks.Range range = image.ranges.hold(offset, offset + g.clusterSize(), true);
    try {
      int bytes = (int) packed.byteSize();
      long cluster = offset >>> g.clusterBits();
      Refcounts.Run place =
          image.locked(() -> {
            image.map.own(cluster);
            return image.refcounts.allocateBytes(bytes);
          });
      image.file.write(place.offset(), packed);
      int sectors = (int) (((place.offset() + bytes - 1) >>> 9) - (place.offset() >>> 9));
      image.locked(() -> {
        Cluster old = image.map.get(cluster);
        image.map.set(
            cluster, new Cluster(place.offset(), false, true, sectors, g.allSubclusters(), 0));
        free(old, Discards.Reason.OTHER);
        return true;
      });
    } finally {
      image.ranges.release(range);
    }
  }
}
