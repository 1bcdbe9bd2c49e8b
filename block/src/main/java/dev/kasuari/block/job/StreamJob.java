package dev.kasuari.block.job;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Permission;
import dev.kasuari.block.Root;
import dev.kasuari.block.filter.CopyOnReadNode;
import org.jspecify.annotations.Nullable;

/**
 * Copies into an image what it reads from images behind it, so that it does not need them any more:
 * all of them, or those down to a base. Who uses the image goes on.
 */
public final class StreamJob extends Job {
  private final BlockGraph graph;
  private final BlockNode node;
  private final BlockNode image;
  private final @Nullable BlockNode base;
  private final @Nullable String backingName;
  private final CopyBuffer buffer = new CopyBuffer();
  private @Nullable CopyOnReadNode filter;
  private @Nullable Root root;
  private boolean opened;

  /**
   * A job to be started.
   *
   * @param node the image, or a filter over it
   * @param base what it is to be backed by afterwards; null for nothing
   * @param backingName how the image is to call that; null for its file name
   */
  public StreamJob(
      JobOptions options,
      BlockGraph graph,
      BlockNode node,
      @Nullable BlockNode base,
      @Nullable String backingName) {
    super("stream", options);
    this.graph = graph;
    this.node = node;
    image = node.image();
    this.base = base;
    this.backingName = backingName;
  }

  @Override
  void begin() {
    if (!(image instanceof ImageNode)) {
      throw BlockException.notSupported(
          "Image format of '" + image.name() + "' has no backing file");
    }
    BlockNode behind = image.behind();
    boolean found = base == null;
    while (behind != null && !found) {
      found = base != null && behind.image().equals(base.image());
      behind = behind.behind();
    }
    if (!found) {
      throw BlockException.invalid(
          "Node '" + base + "' is not a backing image of '" + node.name() + "'");
    }
    if (!image.writable()) {
      graph.reopen(image, image.access().withWritable(true));
      opened = true;
    }
    try {
      var copying = new CopyOnReadNode(graph.freeName(), image, base);
      graph.insert(image, copying, "file", edge -> true);
      filter = copying;
      root =
          new Root(
              graph,
              "stream job '" + id() + "'",
              copying,
              Permission.of(Permission.CONSISTENT_READ),
              Permission.all());
    } catch (RuntimeException | Error e) {
      clean();
      throw e;
    }
  }

  private Root root() {
    return java.util.Objects.requireNonNull(root);
  }

  @Override
  void run() {
    long size = image.size();
    progressLength(size);
    for (long at = 0; at < size; ) {
      pausePoint();
      long here = at;
      Extent run = root().with(() -> CopyBuffer.run(image, here, size, base));
      if (run.present() && run.depth() > 0) {
        limit(run.length());
        attempt(false, () -> root().read(here, buffer.first(run.length())));
      }
      at += run.length();
      done(run.length());
    }
  }

  @Override
  void prepare() {
    endFilter();
    image.flush();
    BlockNode behind = base == null ? null : base.image();
    String name = backingName != null ? backingName : behind == null ? null : behind.filename();
    ((ImageNode) image).changeBacking(name, behind == null ? null : behind.driver());
    graph.setBacking(image, base);
  }

  private void endFilter() {
    if (root != null) {
      BlockNode copying = filter;
      if (copying != null) {
        graph.replace(copying, image, edge -> !edge.equals(root().edge()));
      }
      root().close();
      root = null;
      filter = null;
    } else if (filter != null) {
      graph.remove(filter);
      filter = null;
    }
  }

  @Override
  void clean() {
    endFilter();
    if (opened) {
      opened = false;
      graph.reopen(image, image.access().withWritable(false));
    }
    buffer.close();
  }
}
