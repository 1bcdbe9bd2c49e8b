package dev.kasuari.block.job;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.Extent;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Permission;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.Root;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes into an image what images over it have, down from one that is itself the backing file of
 * another; that one is backed by the base afterwards. For the image that is in use itself there is
 * {@link MirrorJob#activeCommit}.
 */
public final class CommitJob extends Job {
  private final BlockGraph graph;
  private final BlockNode top;
  private final BlockNode base;
  private final @Nullable String backingName;
  private final CopyBuffer buffer = new CopyBuffer();
  private final List<BlockNode> overlays = new ArrayList<>();
  private @Nullable Relaxed relaxed;
  private @Nullable Root source;
  private @Nullable Root target;

  /**
   * A job to be started.
   *
   * @param top the uppermost image of which everything is written to the base
   * @param base an image behind it
   * @param backingName how the images over {@code top} are to call the base; null for its file name
   */
  public CommitJob(
      JobOptions options,
      BlockGraph graph,
      BlockNode top,
      BlockNode base,
      @Nullable String backingName) {
    super("commit", options);
    this.graph = graph;
    this.top = top.image();
    this.base = base.image();
    this.backingName = backingName;
  }

  /** True if {@code base} is behind {@code top}. */
  static boolean behind(BlockNode top, BlockNode base) {
    for (BlockNode node = top.behind(); node != null; node = node.behind()) {
      if (node.image().equals(base.image())) {
        return true;
      }
    }
    return false;
  }

  @Override
  void begin() {
    if (!behind(top, base)) {
      throw BlockException.invalid(
          "'" + base.name() + "' is not in this backing chain of '" + top.name() + "'");
    }
    for (Child edge : top.users()) {
      BlockNode parent = edge.parent();
      if (parent == null || !edge.slot().equals("backing") || !(parent instanceof ImageNode)) {
        throw new BlockException(
            BlockException.Kind.BUSY,
            "Node '" + top.name() + "' is used by " + edge.user() + " itself");
      }
      overlays.add(parent);
    }
    try {
      relaxed = new Relaxed(graph, base);
      target =
          new Root(
              graph,
              this.toString(),
              base,
              Permission.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE),
              Permission.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED));
      source =
          new Root(
              graph,
              this.toString(),
              top,
              Permission.of(Permission.CONSISTENT_READ),
              Permission.all());
    } catch (RuntimeException | Error e) {
      clean();
      throw e;
    }
  }

  @Override
  void run() {
    Root from = Objects.requireNonNull(source);
    Root to = Objects.requireNonNull(target);
    long size = top.size();
    progressLength(size);
    if (to.size() < size) {
      attempt(false, () -> to.truncate(size, Preallocation.OFF));
    }
    for (long at = 0; at < size; ) {
      pausePoint();
      long here = at;
      Extent run = from.with(() -> CopyBuffer.run(top, here, size, base));
      if (run.present()) {
        limit(run.length());
        buffer.copy(this, from::read, base, here, run.length(), run.zero());
      }
      at += run.length();
      done(run.length());
    }
    attempt(false, to::flush);
  }

  @Override
  void prepare() {
    String name = backingName == null ? base.filename() : backingName;
    for (BlockNode overlay : overlays) {
      graph.writing(overlay, () -> ((ImageNode) overlay).changeBacking(name, base.driver()));
    }
    endWriting();
    graph.replace(top, base, edge -> edge.slot().equals("backing"));
  }

  private void endWriting() {
    if (target != null) {
      target.close();
      target = null;
    }
    if (relaxed != null) {
      relaxed.end();
      relaxed = null;
    }
  }

  @Override
  void clean() {
    endWriting();
    if (source != null) {
      source.close();
      source = null;
    }
    buffer.close();
  }
}
