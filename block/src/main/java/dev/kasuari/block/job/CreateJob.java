package dev.kasuari.block.job;

import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Permission;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.Root;

/** Makes an empty image in a node of bytes. */
public final class CreateJob<O> extends Job {
  private final BlockGraph graph;
  private final ImageCreator<O> creator;
  private final BlockNode file;
  private final long size;
  private final O image;

  /**
   * A job to be started.
   *
   * @param file what the image is made of; nobody else uses it
   * @param size of the disk, bytes
   * @param image how it is to be
   */
  public CreateJob(
      JobOptions options,
      BlockGraph graph,
      ImageCreator<O> creator,
      BlockNode file,
      long size,
      O image) {
    super("create", options);
    this.graph = graph;
    this.creator = creator;
    this.file = file;
    this.size = size;
    this.image = image;
  }

  @Override
  void run() {
    progressLength(1);
    try (Root root =
        new Root(
            graph,
            toString(),
            file,
            Permission.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE),
            Permission.none())) {
      root.truncate(0, Preallocation.OFF);
      creator.create(root.node(), size, image);
      root.flush();
    }
    done(1);
  }
}
