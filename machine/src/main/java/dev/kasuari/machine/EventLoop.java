package dev.kasuari.machine;

import dev.kasuari.machine.time.TimerQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The one thread of a machine on which timers run, completions of host I/O enter, and the run state
 * changes.
 */
final class EventLoop {
  /** Something to do. */
  private record Task(Runnable action, boolean locked) {}

  private final MachineContext machine;
  private final ConcurrentLinkedQueue<Task> posts = new ConcurrentLinkedQueue<>();

  /** Changes of the run state; apart, because one of them may have to wait for what is posted. */
  private final ConcurrentLinkedQueue<Task> controls = new ConcurrentLinkedQueue<>();

  private final Thread thread;

  /** Nobody runs it but who calls {@link #drive}. */
  private final boolean driven;

  private volatile boolean closing;
  private @Nullable TimerQueue timers;

  EventLoop(String name, MachineContext machine, boolean driven) {
    this.machine = machine;
    this.driven = driven;
    thread =
        driven
            ? Thread.currentThread()
            : Thread.ofPlatform().name(name + " loop").daemon(true).unstarted(this::run);
  }

  void start(TimerQueue queue) {
    timers = queue;
    if (!driven) {
      thread.start();
    }
  }

  /** Does what there is to do, on the thread that made the machine. */
  void drive() {
    if (!driven || !isCurrentThread()) {
      throw new IllegalStateException("the loop has a thread, and it is another");
    }
    runTasks();
  }

  boolean isCurrentThread() {
    return thread.equals(Thread.currentThread());
  }

  /** Runs {@code action} on the loop under the machine's lock; false if the loop has ended. */
  boolean post(Runnable action) {
    return submit(new Task(action, true));
  }

  /** Runs {@code action} on the loop without the lock; false if the loop has ended. */
  boolean control(Runnable action) {
    return submit(new Task(action, false));
  }

  private boolean submit(Task task) {
    if (closing) {
      return false;
    }
    (task.locked ? posts : controls).add(task);
    wake();
    return true;
  }

  /** As {@link #control}, and waits until it is done. */
  void controlAndWait(Runnable action) {
    if (isCurrentThread()) {
      if (driven) {
        runTasks(); // what was asked for before comes first, as it does with a thread
      }
      action.run();
      return;
    }
    var done = new CompletableFuture<@Nullable Void>();
    boolean accepted =
        control(() -> {
          try {
            action.run();
            done.complete(null);
          } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
          }
        });
    if (accepted) {
      done.join();
    }
  }

  void wake() {
    LockSupport.unpark(thread);
  }

  /** Ends the thread after what it is doing; what is still queued is dropped. */
  void close() {
    closing = true;
    if (driven) {
      return;
    }
    wake();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    TimerQueue queue = timers;
    if (queue == null) {
      throw new IllegalStateException("event loop without timers");
    }
    while (!closing) {
      runTasks();
      queue.runDue();
      if (posts.isEmpty() && controls.isEmpty() && !closing) {
        sleep(queue.hostNanosUntilNext());
      }
    }
  }

  private static void sleep(long nanos) {
    if (nanos == Long.MAX_VALUE) {
      LockSupport.park();
    } else if (nanos > 0) {
      LockSupport.parkNanos(nanos);
    }
  }

  private void runTasks() {
    Task task = next();
    while (task != null && !closing) {
      perform(task);
      task = next();
    }
  }

  private @Nullable Task next() {
    Task control = controls.poll();
    return control != null ? control : posts.poll();
  }

  /**
   * On the loop: runs what was posted until {@code done}, but not longer than {@code nanos}.
   *
   * @return false if time was up
   */
  boolean runUntil(BooleanSupplier done, long nanos) {
    long begin = System.nanoTime();
    while (!done.getAsBoolean()) {
      long left = nanos - (System.nanoTime() - begin);
      if (left <= 0) {
        return false;
      }
      Task task = posts.poll();
      if (task != null) {
        perform(task);
      } else {
        LockSupport.parkNanos(Math.min(left, 10_000_000));
      }
    }
    return true;
  }

  private void perform(Task task) {
    if (task.locked) {
      machine.lock().lock();
    }
    try {
      task.action.run();
    } catch (Throwable e) {
      machine.deviceFailed("posted work", e);
    } finally {
      if (task.locked) {
        machine.lock().unlock();
      }
    }
  }
}
