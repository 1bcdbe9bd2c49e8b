package dev.kasuari.block.job;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.job.JobOptions.OnError;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A long operation on disks in use. It has a thread of its own, which works between points at which
 * it can be paused or cancelled; all other methods are for any thread and return soon.
 */
public abstract class Job {
  private static final double SLICE = 0.1;
  private static final double NANOS = 1e9;

  /** Thrown through a job's work where it was cancelled. */
  static final class Cancelled extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Cancelled() {
      super("cancelled", null, false, false);
    }
  }

  private final JobOptions options;
  private final String type;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private Jobs jobs = new Jobs();
  private @Nullable JobGroup group;
  private JobStatus status = JobStatus.CREATED;
  private int pauses;
  private boolean errorPause;
  private boolean cancelled;
  private boolean completing;
  private boolean ready;
  private boolean finalized;

  /** How often somebody has told it something. */
  private long told;

  private long speed;
  private long offset;
  private long length;
  private long allowed;
  private long since;
  private @Nullable BlockException error;

  Job(String type, JobOptions options) {
    this.type = type;
    this.options = options;
    speed = options.speed();
  }

  // What a kind of job is made of. All of it runs on the job's thread.

  /**
   * Puts it where it works, on the thread of who starts it.
   *
   * @throws BlockException if that cannot be; nothing has changed then
   */
  void begin() {}

  /** Its work. Reports progress and goes by {@link #pausePoint} every now and then. */
  abstract void run();

  /** Makes the result true as far as that can fail; all of a group do before any commits. */
  void prepare() {}

  /** Makes the result true. */
  void commit() {}

  /** Takes back what it did. */
  void abort() {}

  /** Gives back what it has, in any case. */
  void clean() {}

  // What everybody may ask and tell.

  /** Its name. */
  public final String id() {
    return options.id();
  }

  /** What kind of job. */
  public final String type() {
    return type;
  }

  final JobOptions options() {
    return options;
  }

  /** Where it is in its life. */
  public final JobStatus status() {
    return locked(() -> status);
  }

  /**
   * How far it is.
   *
   * @param offset bytes done
   * @param length bytes to do; both may grow
   */
  public record Progress(long offset, long length) {}

  /** How far it is. */
  public final Progress progress() {
    return locked(() -> new Progress(offset, length));
  }

  /** Why it failed, or null. */
  public final @Nullable BlockException error() {
    return locked(() -> error);
  }

  /** True if it stands because a request failed. */
  public final boolean stoppedByError() {
    return locked(() -> errorPause);
  }

  /** Bytes in a second at the most; 0 for no limit. */
  public final void speed(long bytes) {
    if (bytes < 0) {
      throw BlockException.invalid("Invalid parameter 'speed'");
    }
    change(() -> {
      speed = bytes;
      allowed = 0;
      since = System.nanoTime();
    });
  }

  /** Has it stand at the next opportunity, until {@link #resume} is called as often. */
  public final void pause() {
    change(() -> {
      refuseEnded("pause");
      pauses++;
    });
  }

  /** Ends a pause, its own after an error too. */
  public final void resume() {
    change(() -> {
      if (pauses == 0 && !errorPause) {
        throw refused("Can't resume a job that was not paused");
      }
      errorPause = false;
      pauses = Math.max(0, pauses - 1);
    });
  }

  /** Ends it without its result. A ready mirror ends with a copy that is true of now. */
  public final void cancel() {
    boolean soft =
        locked(() -> {
          refuseEnded("cancel");
          return ready && cancelsSoftly();
        });
    if (soft) {
      cancelSoftly();
      change(() -> completing = true);
    } else {
      cancelNow();
    }
  }

  /** Ends it without its result, whatever it is. */
  public final void cancelNow() {
    change(() -> cancelled = true);
    JobGroup with = group;
    if (with != null) {
      with.changed();
    }
  }

  /** Ends a ready job with its result. */
  public final void complete() {
    change(() -> {
      if (!ready || completing) {
        throw refused("The active block job '" + id() + "' cannot be completed");
      }
      completing = true;
    });
  }

  /** Makes the result of a pending job true. */
  public final void finish() {
    change(() -> {
      if (status != JobStatus.PENDING) {
        throw refused(
            "Job '" + id() + "' in state '" + word() + "' cannot accept command verb 'finalize'");
      }
      finalized = true;
    });
    JobGroup with = group;
    if (with != null) {
      with.finalizeAll();
    }
  }

  final void finalizeIfPending() {
    change(() -> finalized |= status == JobStatus.PENDING);
  }

  /** Forgets a concluded job. */
  public final void dismiss() {
    change(() -> {
      if (status != JobStatus.CONCLUDED) {
        throw refused(
            "Job '" + id() + "' in state '" + word() + "' cannot accept command verb 'dismiss'");
      }
    });
    become(JobStatus.NULL);
    jobs.forget(this);
  }

  /**
   * Waits until it is one of these, or has ended.
   *
   * @return where it is; something else if time was up
   */
  public final JobStatus await(long time, TimeUnit unit, JobStatus... wanted)
      throws InterruptedException {
    long left = unit.toNanos(time);
    lock.lock();
    try {
      while (!status.ended() && !java.util.List.of(wanted).contains(status) && left > 0) {
        left = changed.awaitNanos(left);
      }
      return status;
    } finally {
      lock.unlock();
    }
  }

  // What the work of a job is made of.

  /** True for a job that ends with a result of its own where it is cancelled after it was ready. */
  boolean cancelsSoftly() {
    return false;
  }

  void cancelSoftly() {}

  final void progressLength(long bytes) {
    change(() -> length = bytes);
  }

  final void done(long bytes) {
    locked(() -> offset += bytes);
  }

  /** So much is still to be done. */
  final void left(long bytes) {
    locked(() -> length = offset + bytes);
  }

  /** Stands here as long as it is paused. */
  final void pausePoint() {
    lock.lock();
    try {
      while (!cancelled && (pauses > 0 || errorPause)) {
        become(ready ? JobStatus.STANDBY : JobStatus.PAUSED);
        changed.awaitUninterruptibly();
      }
      if (cancelled) {
        throw new Cancelled();
      }
      become(ready ? JobStatus.READY : JobStatus.RUNNING);
    } finally {
      lock.unlock();
    }
  }

  /** Waits as long as the speed asks for before {@code bytes} more are copied. */
  final void limit(long bytes) {
    lock.lock();
    try {
      while (speed > 0 && !cancelled) {
        double seconds = (System.nanoTime() - since) / NANOS;
        double most = speed * (seconds + SLICE);
        if (allowed <= most || allowed == 0) {
          break;
        }
        sleepLocked((long) ((allowed - most) / speed * NANOS));
      }
      allowed += bytes;
    } finally {
      lock.unlock();
    }
    pausePoint();
  }

  private void sleepLocked(long nanos) {
    try {
      long before = told;
      long left = Math.max(1, nanos);
      while (left > 0 && told == before) {
        left = changed.awaitNanos(left);
      }
      if (pauses > 0 || errorPause) {
        pausePoint();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      cancelled = true;
    }
  }

  /** Waits a while, or until somebody tells it something. */
  final void rest(long millis) {
    lock.lock();
    try {
      if (!completing && !cancelled && pauses == 0) {
        sleepLocked(TimeUnit.MILLISECONDS.toNanos(millis));
      }
    } finally {
      lock.unlock();
    }
    pausePoint();
  }

  final void becomeReady() {
    change(() -> ready = true);
    pausePoint();
  }

  final boolean isReady() {
    return locked(() -> ready);
  }

  final boolean completing() {
    return locked(() -> completing);
  }

  final boolean wasCancelled() {
    return locked(() -> cancelled);
  }

  /** A step that may fail, and be tried again. */
  interface Step {
    void run();
  }

  /**
   * Does a step and meets its failure as the options say.
   *
   * @param read whether it reads the source
   * @return false if it failed and that is ignored
   */
  final boolean attempt(boolean read, Step step) {
    while (true) {
      try {
        step.run();
        return true;
      } catch (BlockException e) {
        OnError policy = read ? options.onSourceError() : options.onTargetError();
        boolean full = e.kind() == Kind.NO_SPACE;
        boolean stops = policy == OnError.STOP || (policy == OnError.ENOSPC && full);
        jobs.requestFailed(this, read, e, stops);
        if (policy == OnError.IGNORE) {
          return false;
        }
        if (!stops) {
          throw e;
        }
        change(() -> errorPause = true);
        pausePoint();
      }
    }
  }

  // Its life.

  final void begin(Jobs all, @Nullable JobGroup with) {
    jobs = all;
    group = with;
    since = System.nanoTime();
    begin();
  }

  /** Takes back that it has begun. */
  final void giveUp() {
    clean();
    jobs.forget(this);
  }

  /** Lets it work that has begun. */
  final void launch() {
    Thread.ofPlatform().name("job " + id()).daemon(true).start(this::live);
  }

  private void live() {
    boolean good = false;
    try {
      become(JobStatus.RUNNING);
      pausePoint();
      run();
      good = conclude();
    } catch (Cancelled e) {
      fail(null);
    } catch (RuntimeException e) {
      fail(e instanceof BlockException b ? b : bug(e));
    } finally {
      end(good);
    }
  }

  private static BlockException bug(RuntimeException e) {
    var failure = new BlockException(Kind.IO_ERROR, "internal error: " + e);
    failure.addSuppressed(e);
    return failure;
  }

  private boolean conclude() {
    JobGroup with = group;
    if (with != null) {
      become(JobStatus.WAITING);
      with.awaitWork(this);
    }
    if (!options.autoFinalize()) {
      become(JobStatus.PENDING);
      awaitFinalized();
    }
    if (wasCancelled()) {
      throw new Cancelled();
    }
    prepare();
    if (with != null) {
      with.awaitPrepared(this);
    }
    commit();
    return true;
  }

  private void awaitFinalized() {
    lock.lock();
    try {
      while (!finalized && !cancelled) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private void fail(@Nullable BlockException why) {
    change(() -> {
      error = why;
      cancelled |= why == null;
    });
    JobGroup with = group;
    if (with != null) {
      with.failed(this);
    }
    become(JobStatus.ABORTING);
    try {
      abort();
    } catch (BlockException e) {
      change(() -> error = error == null ? e : error);
    }
  }

  private void end(boolean good) {
    try {
      clean();
    } catch (BlockException e) {
      change(() -> error = error == null ? e : error);
    } finally {
      JobGroup with = group;
      if (with != null && good) {
        with.changed();
      }
      become(JobStatus.CONCLUDED);
      if (options.autoDismiss()) {
        dismiss();
      }
    }
  }

  private void become(JobStatus now) {
    lock.lock();
    try {
      if (status == now) {
        return;
      }
      status = now;
      changed.signalAll();
      jobs.statusChanged(this, now); // under the lock: everybody hears of it in order
    } finally {
      lock.unlock();
    }
  }

  private String word() {
    return status.name().toLowerCase(java.util.Locale.ROOT);
  }

  private void refuseEnded(String verb) {
    if (status.ended() || status == JobStatus.ABORTING) {
      throw refused(
          "Job '" + id() + "' in state '" + word() + "' cannot accept command verb '" + verb + "'");
    }
  }

  private static BlockException refused(String why) {
    return BlockException.invalid(why);
  }

  private void change(Runnable what) {
    lock.lock();
    try {
      what.run();
      told++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private <T extends @Nullable Object> T locked(java.util.function.Supplier<T> what) {
    lock.lock();
    try {
      return what.get();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String toString() {
    return type + " '" + id() + "'";
  }
}
