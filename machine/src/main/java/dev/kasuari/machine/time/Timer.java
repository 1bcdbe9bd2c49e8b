package dev.kasuari.machine.time;

/**
 * A one-shot timer of virtual time. Its action runs under the machine's lock; if it is cancelled
 * under that lock it will not run afterwards.
 *
 * <p>A timer is no state: a device arms it from its state, again after a restore.
 */
public final class Timer {
  /** {@link #deadline()} of a timer that is not armed. */
  public static final long NEVER = Long.MAX_VALUE;

  private final TimerQueue queue;
  private final String name;
  private final Runnable action;
  // Both are guarded by the queue.
  private long deadline = NEVER;
  private long order;

  Timer(TimerQueue queue, String name, Runnable action) {
    this.queue = queue;
    this.name = name;
    this.action = action;
  }

  /** The name, for dumps. */
  public String name() {
    return name;
  }

  /**
   * Arms the timer, or moves it: it runs once, as soon as the clock is at or past {@code deadline}.
   * {@link #NEVER} cancels.
   *
   * @param deadline nanoseconds of virtual time; one in the past runs at once
   */
  public void at(long deadline) {
    queue.schedule(this, deadline);
  }

  /** Arms the timer {@code nanos} from now; a sum beyond the end of time cancels. */
  public void after(long nanos) {
    long now = queue.clock().now();
    at(nanos >= NEVER - now ? NEVER : now + nanos);
  }

  /** Disarms the timer. */
  public void cancel() {
    queue.schedule(this, NEVER);
  }

  /** The time it will run at, or {@link #NEVER}. */
  public long deadline() {
    return queue.deadlineOf(this);
  }

  /** True if it will run. */
  public boolean armed() {
    return deadline() != NEVER;
  }

  void run() {
    action.run();
  }

  long deadlineInQueue() {
    return deadline;
  }

  long orderInQueue() {
    return order;
  }

  void place(long newDeadline, long newOrder) {
    deadline = newDeadline;
    order = newOrder;
  }

  @Override
  public String toString() {
    return name;
  }
}
