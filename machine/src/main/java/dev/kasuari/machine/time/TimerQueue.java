package dev.kasuari.machine.time;

import dev.kasuari.machine.MachineContext;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** The timers of one machine, in the order of their deadlines and, among equals, of arming. */
public final class TimerQueue {
  private final Clock clock;
  private final MachineContext machine;
  private final Runnable wake;
  private final PriorityQueue<Timer> armed = new PriorityQueue<>(TimerQueue::compare);
  private long sequence;

  /**
   * An empty queue.
   *
   * @param wake called, with no lock held that it could wait for, when the first deadline comes
   *     nearer
   */
  public TimerQueue(Clock clock, MachineContext machine, Runnable wake) {
    this.clock = clock;
    this.machine = machine;
    this.wake = wake;
    clock.drives(this);
  }

  /** The clock that deadlines are measured by. */
  public Clock clock() {
    return clock;
  }

  /** A new timer, disarmed. */
  public Timer create(String name, Runnable action) {
    return new Timer(this, name, action);
  }

  /** The first deadline, or {@link Timer#NEVER}. */
  public synchronized long nextDeadline() {
    Timer first = armed.peek();
    return first == null ? Timer.NEVER : first.deadlineInQueue();
  }

  /** Host nanoseconds until the first deadline; see {@link Clock#hostNanosUntil}. */
  public long hostNanosUntilNext() {
    long next = nextDeadline();
    return next == Timer.NEVER ? Long.MAX_VALUE : clock.hostNanosUntil(next);
  }

  /** Runs, in order and each under the machine's lock, what is due now. */
  public void runDue() {
    boolean more = true;
    while (more) {
      machine.lock().lock();
      try {
        more = runOne();
      } finally {
        machine.lock().unlock();
      }
    }
  }

  private boolean runOne() {
    Timer timer = pollDue();
    if (timer == null) {
      return false;
    }
    try {
      timer.run();
    } catch (Throwable e) {
      machine.deviceFailed("timer " + timer, e);
    }
    return true;
  }

  private synchronized @Nullable Timer pollDue() {
    Timer first = armed.peek();
    if (first == null || first.deadlineInQueue() > clock.now()) {
      return null;
    }
    armed.remove();
    first.place(Timer.NEVER, 0);
    return first;
  }

  void schedule(Timer timer, long deadline) {
    boolean sooner;
    synchronized (this) {
      if (timer.deadlineInQueue() == deadline) {
        return;
      }
      if (timer.deadlineInQueue() != Timer.NEVER) {
        armed.remove(timer);
      }
      timer.place(deadline, sequence++);
      if (deadline != Timer.NEVER) {
        armed.add(timer);
      }
      sooner = armed.peek() == timer;
    }
    if (sooner) {
      wake.run();
    }
  }

  synchronized long deadlineOf(Timer timer) {
    return timer.deadlineInQueue();
  }

  private static int compare(Timer a, Timer b) {
    int order = Long.compare(a.deadlineInQueue(), b.deadlineInQueue());
    return order != 0 ? order : Long.compare(a.orderInQueue(), b.orderInQueue());
  }
}
