package dev.kasuari.block.job;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Permission;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.RangeLocks;
import dev.kasuari.block.Root;
import dev.kasuari.block.bitmap.Bitmaps;
import dev.kasuari.block.bitmap.DirtyBitmap;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Copies a disk in use, keeps up with what is written to it, and when it is completed has its users
 * use the copy. Cancelled when it is ready it leaves a copy that is true of that moment.
 */
public final class MirrorJob extends Job {
  private static final long LOOK_AGAIN = 20;

  /** What is copied. */
  public enum Sync {
    /** All of the disk. */
    FULL,
    /** What the image itself has. */
    TOP,
    /** Only what is written from now on. */
    NONE,
    /** What a bitmap says. */
    BITMAP
  }

  /**
   * How it copies.
   *
   * @param sync what
   * @param bitmap for {@link Sync#BITMAP}
   * @param granularity bytes that are dirty together; 0 for a cluster of the target
   * @param writeBlocking whether a write of a guest ends in the copy, too
   * @param replaces the node whose users are to use the copy; null for the source
   */
  public record Mirroring(
      Sync sync,
      @Nullable DirtyBitmap bitmap,
      int granularity,
      boolean writeBlocking,
      @Nullable BlockNode replaces) {
    /** All of it in the background. */
    public static Mirroring of(Sync sync) {
      return new Mirroring(sync, null, 0, false, null);
    }
  }

  private final BlockGraph graph;
  private final BlockNode source;
  private final BlockNode target;
  private final Mirroring how;
  private final @Nullable BlockNode base;
  private final CopyBuffer buffer = new CopyBuffer();
  private final RangeLocks ranges = new RangeLocks();
  private @Nullable DirtyBitmap dirty;
  private @Nullable MirrorNode filter;
  private @Nullable Relaxed relaxed;
  private @Nullable Root from;
  private @Nullable Root to;
  private boolean pivots = true;

  /**
   * A job to be started.
   *
   * @param source the node in use
   * @param target a node that nobody else writes; as large or larger, or able to grow
   */
  public MirrorJob(
      JobOptions options, BlockGraph graph, BlockNode source, BlockNode target, Mirroring how) {
    this("mirror", options, graph, source, target, how, null);
  }

  private MirrorJob(
      String type,
      JobOptions options,
      BlockGraph graph,
      BlockNode source,
      BlockNode target,
      Mirroring how,
      @Nullable BlockNode base) {
    super(type, options);
    this.graph = graph;
    this.source = source;
    this.target = target;
    this.how = how;
    this.base = base;
  }

  /**
   * Writes into an image behind one in use what the latter and those between have, keeps up, and
   * when it is completed has the users use the base.
   */
  public static MirrorJob activeCommit(
      JobOptions options, BlockGraph graph, BlockNode top, BlockNode base) {
    return new MirrorJob("commit", options, graph, top, base, Mirroring.of(Sync.TOP), base.image());
  }

  @Override
  void begin() {
    if (source.equals(target)) {
      throw BlockException.invalid("Can't mirror node into itself");
    }
    if (base != null && !CommitJob.behind(source, base)) {
      throw BlockException.invalid(
          "'" + base.name() + "' is not in this backing chain of '" + source.name() + "'");
    }
    try {
      if (base != null) {
        relaxed = new Relaxed(graph, base);
      }
      to =
          new Root(
              graph,
              toString(),
              target,
              Permission.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE),
              Permission.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED));
      from =
          new Root(
              graph,
              toString(),
              source,
              Permission.of(Permission.CONSISTENT_READ),
              Permission.all());
      dirty = source.bitmaps().add("#mirror-" + id(), granularity(), false, source.size());
      // Marked before the filter is there, which would clean in part what it does not know.
      if (how.sync == Sync.FULL) {
        dirty.mark(0, source.size());
      } else if (how.sync == Sync.BITMAP) {
        dirty.merge(Objects.requireNonNull(how.bitmap));
      }
      if (how.writeBlocking) {
        var both = new MirrorNode(graph.freeName(), source, target, dirty, ranges);
        graph.insert(source, both, "file", edge -> !edge.equals(from().edge()));
        filter = both;
      }
    } catch (RuntimeException | Error e) {
      clean();
      throw e;
    }
  }

  private long granularity() {
    if (how.granularity != 0) {
      return how.granularity;
    }
    int cluster = target.image() instanceof ImageNode image ? image.facts().clusterSize() : 0;
    return Bitmaps.defaultGranularity(cluster);
  }

  private Root from() {
    return Objects.requireNonNull(from);
  }

  private DirtyBitmap dirty() {
    return Objects.requireNonNull(dirty);
  }

  @Override
  boolean cancelsSoftly() {
    return true;
  }

  @Override
  void cancelSoftly() {
    pivots = false;
  }

  @Override
  void run() {
    long size = source.size();
    if (target.size() < size) {
      attempt(false, () -> Objects.requireNonNull(to).truncate(size, Preallocation.OFF));
    }
    if (how.sync == Sync.TOP) {
      markWhatIsThere(size);
    }
    progressLength(dirty().count());
    long cursor = 0;
    while (true) {
      pausePoint();
      DirtyBitmap.Range next = dirty().next(cursor, CopyBuffer.CHUNK);
      if (next == null && cursor > 0) {
        cursor = 0;
        continue;
      }
      if (next != null) {
        limit(next.length());
        copy(next);
        cursor = next.offset() + next.length();
      }
      boolean clean = dirty().count() == 0;
      if (clean && !isReady()) {
        attempt(false, () -> Objects.requireNonNull(to).flush());
        becomeReady();
      }
      if (isReady() && completing()) {
        return;
      }
      if (clean) {
        rest(LOOK_AGAIN);
      }
    }
  }

  private void markWhatIsThere(long size) {
    BlockNode until = base != null ? base : source.behind();
    for (long at = 0; at < size; ) {
      long here = at;
      pausePoint();
      Extent run = from().with(() -> Extent.at(source, here, size - here, until));
      if (run.present() && (run.depth() == 0 || base != null)) {
        markAlone(here, run.length());
      }
      at += run.length();
    }
  }

  private void markAlone(long offset, long length) {
    RangeLocks.Range held = hold(offset, offset + length);
    try {
      dirty().mark(offset, length);
    } finally {
      ranges.release(held);
    }
  }

  private RangeLocks.Range hold(long start, long end) {
    long unit = dirty().granularity();
    return ranges.hold(start / unit * unit, (end + unit - 1) / unit * unit, true);
  }

  /** A dirty range is clean before it is read: what is written later makes it dirty again. */
  private void copy(DirtyBitmap.Range range) {
    long unit = dirty().granularity();
    long start = range.offset() / unit * unit;
    long end = Math.min(source.size(), range.offset() + range.length());
    RangeLocks.Range held = hold(start, end);
    try {
      dirty().clean(start, end - start);
      copyNow(start, end);
    } finally {
      ranges.release(held);
    }
    done(end - start);
    left(dirty().count());
  }

  private void copyNow(long start, long end) {
    try {
      for (long at = start; at < end; ) {
        long here = at;
        Extent run = from().with(() -> CopyBuffer.run(source, here, end, null));
        if (!buffer.copy(this, from()::read, target, here, run.length(), run.zero())) {
          dirty().mark(here, run.length());
          rest(LOOK_AGAIN);
        }
        at += run.length();
      }
    } catch (RuntimeException | Error e) {
      dirty().mark(start, end - start);
      throw e;
    }
  }

  @Override
  void prepare() {
    graph.drained(
        source,
        () -> {
          copyRest();
          target.flush();
          endFilter();
          if (pivots) {
            pivot();
          }
          return true;
        });
  }

  /** Nothing is written meanwhile; and who reads through the root would wait for himself. */
  private void copyRest() {
    DirtyBitmap.Range next = dirty().next(0, CopyBuffer.CHUNK);
    while (next != null) {
      long end = next.offset() + next.length();
      for (long at = next.offset(); at < end; ) {
        Extent run = CopyBuffer.run(source, at, end, null);
        buffer.copyNow(source, target, at, run.length(), run.zero());
        at += run.length();
      }
      dirty().clean(next.offset(), next.length());
      next = dirty().next(end, CopyBuffer.CHUNK);
    }
  }

  private void pivot() {
    Root mine = Objects.requireNonNull(to);
    graph.permissions(mine.edge(), Permission.none(), Permission.all());
    BlockNode replaced = how.replaces == null ? source : how.replaces;
    try {
      graph.replace(replaced, target, edge -> !edge.equals(from().edge()));
      relaxed = null; // the base is written by its new users
    } catch (RuntimeException | Error e) {
      pivots = false;
      throw e;
    }
  }

  private void endFilter() {
    if (filter != null) {
      graph.remove(filter);
      filter = null;
    }
  }

  @Override
  void clean() {
    endFilter();
    if (dirty != null) {
      source.bitmaps().remove(dirty.name());
      dirty = null;
    }
    if (to != null) {
      to.close();
      to = null;
    }
    if (relaxed != null) {
      relaxed.end();
      relaxed = null;
    }
    if (from != null) {
      from.close();
      from = null;
    }
    buffer.close();
  }
}
