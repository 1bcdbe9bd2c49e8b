package dev.kasuari.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Signals that end the process. */
public final class EndSignals {
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;

  /** More than {@code struct sigaction} takes on any host; its first word is the handler. */
  private static final int ACTION_BYTES = 256;

  private static final long SIG_IGN = 1;

  private EndSignals() {}

  /**
   * Has SIGINT end the process as SIGTERM does, through the JVM's shutdown hooks, also where it was
   * started with SIGINT ignored: shells start what a script puts into the background so (POSIX,
   * Shell Command Language, 2.11), and the JVM leaves it at that. Who sends the signal by number
   * means this process. Nothing changes where there is no POSIX, or the JVM handles no signals.
   *
   * @throws HostException if the host refuses
   */
  public static void hearInterrupt() {
    if (!HostOs.posix()) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment interrupt = arena.allocate(ACTION_BYTES, 8);
      MemorySegment end = arena.allocate(ACTION_BYTES, 8);
      Libc.sigaction(SIGINT, MemorySegment.NULL, interrupt);
      if (handler(interrupt) != SIG_IGN) {
        return;
      }
      // The JVM's handler is the same for both, and its table of what to do has an entry for each.
      Libc.sigaction(SIGTERM, MemorySegment.NULL, end);
      if (handler(end) > SIG_IGN) {
        Libc.sigaction(SIGINT, end, MemorySegment.NULL);
      }
    }
  }

  private static long handler(MemorySegment action) {
    return action.get(ValueLayout.JAVA_LONG, 0);
  }
}
