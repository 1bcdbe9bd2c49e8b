package dev.kasuari.block.job;

import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.bitmap.Bitmaps;
import dev.kasuari.block.bitmap.DirtyBitmap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Several changes of disks in use that all happen, at one moment, or none of them: snapshots,
 * backups, bitmaps. Actions are collected, and {@link #run} does them.
 */
public final class Transaction {
  /** A change; what it returns takes it back. */
  private record Action(BlockNode node, Supplier<Runnable> doing) {}

  private final BlockGraph graph;
  private final Jobs jobs;
  private final @Nullable JobGroup group;
  private final List<Action> actions = new ArrayList<>();
  private final List<Job> begun = new ArrayList<>();

  /**
   * An empty one.
   *
   * @param grouped whether jobs that it starts all have their results, or none
   */
  public Transaction(BlockGraph graph, Jobs jobs, boolean grouped) {
    this.graph = graph;
    this.jobs = jobs;
    group = grouped ? new JobGroup() : null;
  }

  private Transaction add(BlockNode node, Supplier<Runnable> doing) {
    actions.add(new Action(node, doing));
    return this;
  }

  /** Users of {@code node} use {@code overlay}, whose backing file it becomes. */
  public Transaction snapshot(BlockNode node, BlockNode overlay) {
    return add(
        node,
        () -> {
          graph.snapshot(node, overlay);
          return () -> graph.undoSnapshot(node, overlay);
        });
  }

  /** Starts a backup of what the disk is at this moment. */
  public Transaction backup(BackupJob job, BlockNode source) {
    return add(
        source,
        () -> {
          jobs.begin(job, group);
          begun.add(job);
          return () -> {
            begun.remove(job);
            job.giveUp();
          };
        });
  }

  /** Adds a bitmap that is clean. */
  public Transaction addBitmap(BlockNode node, String name, int granularity, boolean keep) {
    return add(
        node,
        () -> {
          node.bitmaps().add(name, granularity, keep, node.size());
          return () -> node.bitmaps().remove(name);
        });
  }

  /** Makes a bitmap clean. */
  public Transaction clearBitmap(BlockNode node, String name) {
    return add(
        node,
        () -> {
          DirtyBitmap bitmap = node.bitmaps().named(name);
          bitmap.refuseUse();
          DirtyBitmap before = copy(bitmap);
          bitmap.clear();
          return () -> bitmap.merge(before);
        });
  }

  /** Has a bitmap note what is written, or not. */
  public Transaction enableBitmap(BlockNode node, String name, boolean enabled) {
    return add(
        node,
        () -> {
          DirtyBitmap bitmap = node.bitmaps().named(name);
          boolean before = bitmap.enabled();
          bitmap.enable(enabled);
          return () -> bitmap.enable(before);
        });
  }

  /** Makes dirty what is dirty in another bitmap. */
  public Transaction mergeBitmap(BlockNode node, String name, DirtyBitmap other) {
    return add(
        node,
        () -> {
          DirtyBitmap bitmap = node.bitmaps().named(name);
          DirtyBitmap before = copy(bitmap);
          bitmap.merge(other);
          return () -> {
            bitmap.clear();
            bitmap.merge(before);
          };
        });
  }

  private static DirtyBitmap copy(DirtyBitmap bitmap) {
    var copy = new Bitmaps().add("copy", bitmap.granularity(), false, bitmap.size());
    copy.merge(bitmap);
    return copy;
  }

  /**
   * Does it all, while nothing is under way in any of the disks.
   *
   * @throws dev.kasuari.block.BlockException if one of them cannot be; then none has been
   */
  public void run() {
    drained(new ArrayDeque<>(actions));
    begun.forEach(Job::launch);
  }

  private void drained(Deque<Action> left) {
    Action next = left.poll();
    if (next == null) {
      doAll();
      return;
    }
    graph.drained(
        next.node,
        () -> {
          drained(left);
          return true;
        });
  }

  private void doAll() {
    Deque<Runnable> undo = new ArrayDeque<>();
    try {
      for (Action action : actions) {
        undo.push(action.doing.get());
      }
    } catch (RuntimeException | Error e) {
      undo.forEach(Runnable::run);
      throw e;
    }
  }
}
