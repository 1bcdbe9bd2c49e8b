package dev.kasuari.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Our end of a pseudo-terminal: who opens the other end, which has a name in the file system, finds
 * a terminal in raw mode. It may be opened and closed again as often as one likes.
 *
 * <p>Read {@link #fd} by {@link CancellableInput}, which ends when the other end is closed. All
 * methods may be called on any thread, and none blocks but {@link #awaitRoom}.
 */
public final class PseudoTerminal implements AutoCloseable {
  private final int fd;
  private final String path;
  private final CancellablePoll room;
  private boolean closed;

  private PseudoTerminal(int fd, String path) {
    this.fd = fd;
    this.path = path;
    room = new CancellablePoll(fd, CancellablePoll.POLLOUT);
  }

  /**
   * Makes one.
   *
   * @throws HostException if the host gives none
   * @throws UnsupportedOperationException on a host without POSIX
   */
  public static PseudoTerminal open() {
    HostOs.requirePosix("a pseudo-terminal");
    int fd = Libc.open("/dev/ptmx", flags(true), 0);
    try {
      Libc.grantpt(fd);
      Libc.unlockpt(fd);
      String path = Libc.ptsname(fd);
      int other = Libc.open(path, flags(false), 0);
      try {
        Terminal.makePipe(other);
      } finally {
        Libc.close(other); // from now on it counts as closed, and not as not opened yet
      }
      return new PseudoTerminal(fd, path);
    } catch (RuntimeException | Error e) {
      Libc.close(fd);
      throw e;
    }
  }

  /** O_RDWR, O_NOCTTY and O_CLOEXEC; O_NONBLOCK too for our end. */
  private static int flags(boolean ours) {
    boolean linux = HostOs.current() == HostOs.LINUX;
    int nonblocking = linux ? 0x800 : 0x4;
    return 2 | (linux ? 0x100 | 0x80000 : 0x20000 | 0x1000000) | (ours ? nonblocking : 0);
  }

  /** The descriptor of our end. */
  public int fd() {
    return fd;
  }

  /** What the other end is called: {@code /dev/pts/3}. */
  public String path() {
    return path;
  }

  /** True while somebody has the other end open. */
  public synchronized boolean attached() {
    return !closed
        && (CancellablePoll.now(fd, CancellablePoll.POLLOUT) & CancellablePoll.POLLHUP) == 0;
  }

  /**
   * True while somebody has the other end open who has not read all that was written; what is not
   * read goes with {@link #close}. Also true if that cannot be known because he shares it with
   * nobody ({@code TIOCEXCL}).
   */
  public boolean unread() {
    if (!attached()) {
      return false;
    }
    try {
      int other = Libc.open(path, flags(false), 0); // only that end knows
      try {
        return CancellablePoll.now(other, CancellablePoll.POLLIN) != 0;
      } finally {
        Libc.close(other);
      }
    } catch (HostException e) {
      return true;
    }
  }

  /** Waits until there is room, or nobody who would make some, or this is closed. One thread. */
  public void awaitRoom() {
    room.await();
  }

  /**
   * Writes as much as there is room for.
   *
   * @return how many bytes, perhaps 0; all of them if nobody is there to read them
   */
  public synchronized int write(byte[] bytes, int offset, int length) {
    if (!attached()) {
      return length;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate(length);
      MemorySegment.copy(bytes, offset, copy, ValueLayout.JAVA_BYTE, 0, length);
      return (int) Libc.write(fd, copy);
    } catch (HostException e) {
      boolean later = e.errno().wouldBlock() || e.errno().number() == Errno.EINTR;
      return later ? 0 : length;
    }
  }

  /** The size that whoever has the other end open has given the window. */
  public synchronized Terminal.Size size() {
    return closed ? new Terminal.Size(0, 0) : Terminal.size(fd);
  }

  /** Gives it back; the other end is gone then. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      room.close();
      Libc.close(fd);
    }
  }
}
