package dev.kasuari.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Waits until a descriptor is ready, on a thread that another thread can send home ({@link
 * #cancel}). The descriptor itself is left open. POSIX.
 */
final class CancellablePoll implements AutoCloseable {
  static final short POLLIN = 1;
  static final short POLLOUT = 4;
  static final short POLLHUP = 16;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;

  private final Arena arena = Arena.ofShared();
  // struct pollfd { int fd; short events; short revents; } twice: the descriptor and the wake-up.
  private final MemorySegment polled = arena.allocate(16, 8);
  private final MemorySegment pipe = arena.allocate(8, 4);

  /** Held while a call to the host uses the memory, which is not given back under it. */
  private final Object memoryInUse = new Object();

  private volatile boolean cancelled;
  private boolean closed;

  /** Of {@code fd}, for {@code events} such as {@link #POLLIN}. */
  CancellablePoll(int fd, short events) {
    Libc.pipe(pipe);
    polled.set(INT, 0, fd);
    polled.set(SHORT, 4, events);
    polled.set(INT, 8, pipe.get(INT, 0));
    polled.set(SHORT, 12, POLLIN);
  }

  /**
   * Waits. One thread only.
   *
   * @return which of the events is there, or that the other end has gone; 0 after {@link #cancel}
   */
  short await() {
    synchronized (memoryInUse) {
      short events = 0;
      while (!cancelled && events == 0) {
        events = poll();
      }
      return cancelled ? 0 : events;
    }
  }

  private short poll() {
    try {
      Libc.poll(polled, 2, -1);
      return polled.get(SHORT, 6);
    } catch (HostException e) {
      if (e.errno().number() == Errno.EINTR) {
        return 0;
      }
      throw e;
    }
  }

  /** Asks, without waiting, for {@code events} of {@code fd}; 0 if a signal came between. */
  static short now(int fd, short events) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment polled = arena.allocate(8, 4);
      polled.set(INT, 0, fd);
      polled.set(SHORT, 4, events);
      Libc.poll(polled, 1, 0);
      return polled.get(SHORT, 6);
    } catch (HostException e) {
      return 0;
    }
  }

  /** Lets the present and every later {@link #await} end. Any thread. */
  synchronized void cancel() {
    if (!cancelled && !closed) {
      cancelled = true;
      Libc.write(pipe.get(INT, 4), pipe.asSlice(0, 1));
    }
  }

  /** Sends home who waits, and gives the wake-up back. */
  @Override
  public synchronized void close() {
    if (!closed) {
      cancel();
      closed = true;
      synchronized (memoryInUse) {
        Libc.drop(pipe.get(INT, 0));
        Libc.drop(pipe.get(INT, 4));
        arena.close();
      }
    }
  }
}
