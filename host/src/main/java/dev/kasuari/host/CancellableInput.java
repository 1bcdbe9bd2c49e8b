package dev.kasuari.host;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads a descriptor of the process, such as standard input, on a thread of its own that another
 * thread can send home ({@link #cancel}). The descriptor itself is left open.
 *
 * <p>Where there is no POSIX only standard input can be read, and a reader that waits is not woken.
 */
public final class CancellableInput implements AutoCloseable {
  private static final short POLLIN = 1;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;

  private final int fd;
  private final boolean posix = HostOs.posix();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(4096, 8);
  // struct pollfd { int fd; short events; short revents; } twice: the descriptor and the wake-up.
  private final MemorySegment polled = arena.allocate(16, 8);
  private final MemorySegment pipe = arena.allocate(8, 4);

  /** Held while a call to the host uses the memory, which is not given back under it. */
  private final Object memoryInUse = new Object();

  private volatile boolean cancelled;
  private boolean closed;

  /** A reader of {@code fd}; 0 is standard input. */
  public CancellableInput(int fd) {
    this.fd = fd;
    if (posix) {
      Libc.pipe(pipe);
      polled.set(INT, 0, fd);
      polled.set(SHORT, 4, POLLIN);
      polled.set(INT, 8, pipe.get(INT, 0));
      polled.set(SHORT, 12, POLLIN);
    }
  }

  /**
   * Waits for bytes and reads what is there. One thread only.
   *
   * @return how many, or -1 at the end of the input, after {@link #cancel}, and after an error,
   *     which for a terminal is that it has gone
   */
  public int read(byte[] to) {
    if (!posix) {
      return readStandardInput(to);
    }
    while (!cancelled) {
      try {
        int count = waitAndRead(to);
        if (count != 0) {
          return count;
        }
      } catch (HostException e) {
        if (e.errno().number() != Errno.EINTR && !e.errno().wouldBlock()) {
          return -1;
        }
      }
    }
    return -1;
  }

  /** Bytes read, 0 if there was nothing after all, −1 at the end. */
  private int waitAndRead(byte[] to) {
    synchronized (memoryInUse) {
      if (!cancelled) {
        Libc.poll(polled, 2, -1);
      }
      if (cancelled) {
        return -1;
      }
      if (polled.get(SHORT, 6) == 0) {
        return 0;
      }
      MemorySegment room = buffer.asSlice(0, Math.min(buffer.byteSize(), to.length));
      int count = (int) Libc.read(fd, room);
      MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, to, 0, count);
      return count == 0 ? -1 : count;
    }
  }

  private int readStandardInput(byte[] to) {
    try {
      return cancelled ? -1 : new FileInputStream(FileDescriptor.in).read(to);
    } catch (IOException e) {
      return -1;
    }
  }

  /** Lets the present and every later {@link #read} end. Any thread. */
  public synchronized void cancel() {
    if (!cancelled && posix && !closed) {
      cancelled = true;
      Libc.write(pipe.get(INT, 4), buffer.asSlice(0, 1));
    }
    cancelled = true;
  }

  /** Gives the wake-up back, when the reading thread has ended. */
  @Override
  public synchronized void close() {
    if (!closed) {
      cancel();
      closed = true;
      synchronized (memoryInUse) {
        if (posix) {
          Libc.close(pipe.get(INT, 0));
          Libc.close(pipe.get(INT, 4));
        }
        arena.close();
      }
    }
  }
}
