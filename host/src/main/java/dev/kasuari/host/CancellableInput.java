package dev.kasuari.host;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Reads a descriptor of the process, such as standard input, on a thread of its own that another
 * thread can send home ({@link #cancel}). The descriptor itself is left open.
 *
 * <p>Where there is no POSIX only standard input can be read, and a reader that waits is not woken.
 */
public final class CancellableInput implements AutoCloseable {
  private final int fd;
  private @Nullable CancellablePoll poll;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(4096, 8);

  /** Held while a call to the host uses the memory, which is not given back under it. */
  private final Object memoryInUse = new Object();

  private volatile boolean cancelled;
  private boolean closed;

  /** A reader of {@code fd}; 0 is standard input. */
  public CancellableInput(int fd) {
    this.fd = fd;
  }

  /**
   * Waits for bytes and reads what is there. One thread only.
   *
   * @return how many, or -1 at the end of the input, after {@link #cancel}, and after an error,
   *     which for a terminal is that it has gone
   */
  public int read(byte[] to) {
    CancellablePoll ready = ready();
    if (ready == null) {
      return readStandardInput(to);
    }
    while (!cancelled) {
      try {
        return waitAndRead(ready, to);
      } catch (HostException e) {
        if (e.errno().number() != Errno.EINTR && !e.errno().wouldBlock()) {
          return -1;
        }
      }
    }
    return -1;
  }

  /** Made by who reads: the first call of the host takes long, and who opens need not wait. */
  private synchronized @Nullable CancellablePoll ready() {
    if (poll == null && HostOs.posix() && !cancelled) {
      poll = new CancellablePoll(fd, CancellablePoll.POLLIN);
    }
    return poll;
  }

  private int waitAndRead(CancellablePoll ready, byte[] to) {
    synchronized (memoryInUse) {
      if (cancelled || ready.await() == 0) {
        return -1;
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
    cancelled = true;
    if (poll != null) {
      poll.cancel();
    }
  }

  /** Gives the wake-up back, when the reading thread has ended. */
  @Override
  public synchronized void close() {
    if (!closed) {
      cancel();
      closed = true;
      synchronized (memoryInUse) {
        if (poll != null) {
          poll.close();
        }
        arena.close();
      }
    }
  }
}
