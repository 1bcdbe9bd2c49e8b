package dev.kasuari.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A counter in the kernel that wakes who waits for it: how processes and devices ring. Linux. */
public final class EventFd implements AutoCloseable {
  private static final int CLOEXEC = 0x80000;
  private static final int NONBLOCK = 0x800;

  private final int fd;
  private boolean closed;

  private EventFd(int fd) {
    this.fd = fd;
  }

  /** A counter at 0. */
  public static EventFd create() {
    HostOs.requireLinux("an eventfd");
    return new EventFd(Libc.eventfd(0, CLOEXEC | NONBLOCK));
  }

  /** The descriptor, to be handed to the kernel or another process. */
  public int fd() {
    return fd;
  }

  /** Adds 1. */
  public void signal() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(ValueLayout.JAVA_LONG);
      one.set(ValueLayout.JAVA_LONG, 0, 1);
      Libc.write(fd, one);
    } catch (HostException e) {
      if (!e.errno().wouldBlock()) { // full: whoever waits is woken anyway
        throw e;
      }
    }
  }

  /** Takes the count and leaves 0; does not wait. */
  public long drain() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
      Libc.read(fd, count);
      return count.get(ValueLayout.JAVA_LONG, 0);
    } catch (HostException e) {
      if (e.errno().wouldBlock()) {
        return 0;
      }
      throw e;
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Libc.drop(fd);
    }
  }
}
