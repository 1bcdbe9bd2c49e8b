package dev.kasuari.block.testing;

import java.util.concurrent.CompletableFuture;

/**
 * Runs each task in a thread of its own. The pool that {@link CompletableFuture} takes by itself
 * has one thread on a host with two processors: tasks that are to meet there never do.
 */
public final class OwnThread {
  private OwnThread() {}

  /** Begins a task; the future ends with it. */
  public static CompletableFuture<Void> run(Runnable task) {
    return CompletableFuture.runAsync(task, each -> Thread.ofPlatform().daemon().start(each));
  }
}
