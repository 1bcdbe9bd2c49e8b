package dev.kasuari.tcg;

import java.util.function.LongSupplier;

/**
 * How long a halted vCPU looks for its interrupt before its thread sleeps: waking a thread takes
 * longer than most answers of another vCPU. As long as the last waits were short; after a long one
 * not at all, so that an idle guest leaves its processor alone. The scheme is that of Linux's KVM
 * (Documentation/virt/kvm/halt-polling.rst), but who looks gives way to whoever wants the
 * processor, and so does nobody harm on a host that is busy.
 *
 * <p>While a vCPU looks it counts as executing: whatever it is asked for, it is kicked.
 */
final class HaltPoll {
  /** Nanoseconds: the first window, and what no window exceeds. */
  static final long FIRST = 10_000;

  static final long MOST = 80_000;

  /** Looks in between of which others are let run. */
  private static final int LOOKS = 32;

  private final LongSupplier clock;
  private final boolean useful;
  private long window;
  private boolean waiting;
  private long since;

  HaltPoll() {
    this(System::nanoTime, Runtime.getRuntime().availableProcessors() > 1);
  }

  /**
   * For tests.
   *
   * @param clock nanoseconds
   * @param useful whether somebody else can run meanwhile
   */
  HaltPoll(LongSupplier clock, boolean useful) {
    this.clock = clock;
    this.useful = useful;
  }

  /** Nanoseconds that the next wait is spent looking. */
  long window() {
    return window;
  }

  /** Waits a while for a kick; false if there was none, and the thread is to sleep. */
  @SuppressWarnings(
      "ThreadPriorityCheck") // nothing depends on it, but it is what a neighbour wants
  boolean await(ExecutionContext context) {
    if (!waiting) {
      waiting = true;
      since = clock.getAsLong();
    }
    while (clock.getAsLong() - since < window) {
      for (int i = 0; i < LOOKS; i++) {
        if (context.exitRequested()) {
          return true;
        }
        Thread.onSpinWait();
      }
      Thread.yield();
    }
    return false;
  }

  /** The vCPU goes on: learns from how long it has waited. */
  void ended() {
    if (!waiting) {
      return;
    }
    waiting = false;
    long waited = clock.getAsLong() - since;
    if (!useful || waited > MOST) {
      window = 0;
    } else if (waited > window) {
      window = Math.min(MOST, Math.max(FIRST, 2 * window));
    }
  }

  void reset() {
    waiting = false;
    window = 0;
  }
}
