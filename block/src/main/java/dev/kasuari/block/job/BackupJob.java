package dev.kasuari.block.job;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import dev.kasuari.block.Permission;
import dev.kasuari.block.Root;
import dev.kasuari.block.bitmap.Bitmaps;
import dev.kasuari.block.bitmap.DirtyBitmap;
import dev.kasuari.block.filter.CopyBeforeWriteNode;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Copies a disk in use as it was when the job began: what is about to be overwritten is copied
 * before.
 */
public final class BackupJob extends Job {
  /** What is copied. */
  public enum Sync {
    /** All of the disk. */
    FULL,
    /** What the image itself has. */
    TOP,
    /** Only what is overwritten, until the job is cancelled. */
    NONE,
    /** What a bitmap says. */
    BITMAP
  }

  /** What becomes of the bitmap. */
  public enum BitmapMode {
    /** If the backup is complete, only what was written since it began is dirty. */
    ON_SUCCESS,
    /** All that was dirty stays so. */
    NEVER,
    /** What was copied is dirty no more, even if the backup failed. */
    ALWAYS
  }

  /**
   * How it copies.
   *
   * @param sync what
   * @param bitmap of the source, for {@link Sync#BITMAP}
   * @param mode what becomes of it
   * @param compress whether clusters are written compressed
   * @param onCbwError what a copy that fails breaks
   */
  public record Saving(
      Sync sync,
      @Nullable DirtyBitmap bitmap,
      BitmapMode mode,
      boolean compress,
      CopyBeforeWriteNode.OnError onCbwError) {
    /** Without a bitmap. */
    public static Saving of(Sync sync) {
      return new Saving(
          sync, null, BitmapMode.ON_SUCCESS, false, CopyBeforeWriteNode.OnError.BREAK_GUEST_WRITE);
    }

    /** An incremental one: what the bitmap says, which is clean afterwards. */
    public static Saving incremental(DirtyBitmap bitmap) {
      return new Saving(
          Sync.BITMAP,
          bitmap,
          BitmapMode.ON_SUCCESS,
          false,
          CopyBeforeWriteNode.OnError.BREAK_GUEST_WRITE);
    }
  }

  private static final int MAX_CLUSTER = 1 << 20;

  private final BlockGraph graph;
  private final BlockNode source;
  private final BlockNode target;
  private final Saving how;
  private @Nullable CopyBeforeWriteNode filter;
  private @Nullable Root to;

  /** What was dirty when it began. */
  private @Nullable DirtyBitmap before;

  private boolean saved;

  /**
   * A job to be started.
   *
   * @param source the node in use
   * @param target a node that nobody else writes, of the same size
   */
  public BackupJob(
      JobOptions options, BlockGraph graph, BlockNode source, BlockNode target, Saving how) {
    super("backup", options);
    this.graph = graph;
    this.source = source;
    this.target = target;
    this.how = how;
  }

  @Override
  void begin() {
    if (source.equals(target)) {
      throw BlockException.invalid("Source and target cannot be the same");
    }
    if (target.size() != source.size()) {
      throw BlockException.invalid("Source and target image have different sizes");
    }
    DirtyBitmap bitmap = how.bitmap;
    if (how.sync == Sync.BITMAP) {
      Objects.requireNonNull(bitmap).refuseUse();
    }
    try {
      to =
          new Root(
              graph,
              toString(),
              target,
              Permission.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE),
              Permission.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED));
      var copying =
          new CopyBeforeWriteNode(
              graph.freeName(), source, target, how.compress, how.onCbwError, MAX_CLUSTER);
      graph.drained(
          source,
          () -> {
            insert(copying, bitmap);
            return true;
          });
    } catch (RuntimeException | Error e) {
      clean();
      throw e;
    }
  }

  /** From here on the copy is of this moment. */
  private void insert(CopyBeforeWriteNode copying, @Nullable DirtyBitmap bitmap) {
    graph.insert(source, copying, "file", edge -> true);
    filter = copying;
    if (how.sync != Sync.BITMAP || bitmap == null) {
      copying.todo().mark(0, source.size());
      return;
    }
    copying.todo().merge(bitmap);
    before = new Bitmaps().add("before", bitmap.granularity(), false, bitmap.size());
    before.merge(bitmap);
    bitmap.clear();
    bitmap.busy(true);
  }

  private CopyBeforeWriteNode filter() {
    return Objects.requireNonNull(filter);
  }

  @Override
  boolean cancelsSoftly() {
    return false;
  }

  @Override
  void run() {
    if (how.sync == Sync.TOP) {
      skipWhatIsBehind();
    }
    DirtyBitmap todo = filter().todo();
    progressLength(todo.count());
    if (how.sync == Sync.NONE) {
      while (true) {
        refuseBroken();
        rest(50);
      }
    }
    DirtyBitmap.Range next = todo.next(0, CopyBuffer.CHUNK);
    while (next != null) {
      DirtyBitmap.Range range = next;
      limit(range.length());
      refuseBroken();
      if (!attempt(true, () -> filter().copy(range.offset(), range.length()))) {
        todo.clean(range.offset(), range.length());
      }
      left(todo.count());
      done(range.length());
      next = todo.next(range.offset() + range.length(), CopyBuffer.CHUNK);
    }
    refuseBroken();
    attempt(false, target::flush);
  }

  private void refuseBroken() {
    BlockException failure = filter().failure();
    if (failure != null) {
      throw failure;
    }
  }

  private void skipWhatIsBehind() {
    long size = source.size();
    for (long at = 0; at < size; ) {
      pausePoint();
      Extent run = Extent.at(source, at, size - at, source.behind());
      if (!(run.present() && run.depth() == 0)) {
        filter().todo().clean(at, run.length());
      }
      at += run.length();
    }
  }

  @Override
  void commit() {
    saved = true;
  }

  private void endBitmap() {
    DirtyBitmap bitmap = how.bitmap;
    DirtyBitmap old = before;
    if (bitmap == null || old == null) {
      return;
    }
    before = null;
    bitmap.busy(false);
    switch (how.mode) {
      case ON_SUCCESS -> {
        if (!saved) {
          bitmap.merge(old);
        }
      }
      case NEVER -> bitmap.merge(old);
      case ALWAYS -> {
        if (!saved) {
          bitmap.merge(filter().todo());
        }
      }
    }
  }

  @Override
  void clean() {
    endBitmap();
    try {
      if (filter != null) {
        graph.remove(filter);
        filter = null;
      }
    } finally {
      if (to != null) {
        to.close();
        to = null;
      }
    }
  }
}
