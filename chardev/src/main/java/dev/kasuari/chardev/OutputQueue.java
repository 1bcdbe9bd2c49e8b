package dev.kasuari.chardev;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Bytes on their way to a stream of the host that may block: a thread of its own writes them, so
 * that whoever holds the machine's lock never waits. After an error the rest is dropped, as a
 * serial line without listener drops it.
 */
final class OutputQueue implements AutoCloseable {
  private static final int CAPACITY = 64 * 1024;

  /** How long the last bytes may take, for a reader may have stopped reading. */
  private static final long CLOSE_MILLIS = 2_000;

  private final OutputStream stream;
  private final boolean ownsStream;
  private final String name;
  private final List<Runnable> listeners = new ArrayList<>();
  private byte[] waiting = new byte[256];
  private int count;
  private boolean writing;
  private boolean failed;
  private boolean closed;
  private @Nullable Thread thread;

  /**
   * A queue before {@code stream}.
   *
   * @param name of the thread
   * @param ownsStream whether {@link #close} closes the stream
   */
  OutputQueue(String name, OutputStream stream, boolean ownsStream) {
    this.name = name;
    this.stream = stream;
    this.ownsStream = ownsStream;
  }

  /** Takes as many bytes as there is room for; {@code writable} runs once if that is not all. */
  synchronized int write(byte[] bytes, int offset, int length, Runnable writable) {
    if (failed || closed) {
      return length;
    }
    int taken = Math.min(length, CAPACITY - count);
    append(bytes, offset, taken);
    if (taken < length) {
      listeners.add(writable);
    }
    return taken;
  }

  /** Takes all bytes. */
  synchronized void write(byte[] bytes) {
    if (!failed && !closed) {
      append(bytes, 0, bytes.length);
    }
  }

  private void append(byte[] bytes, int offset, int length) {
    if (count + length > waiting.length) {
      waiting = java.util.Arrays.copyOf(waiting, Math.max(2 * waiting.length, count + length));
    }
    System.arraycopy(bytes, offset, waiting, count, length);
    count += length;
    if (thread == null) {
      thread = Thread.ofPlatform().name(name).daemon(true).start(this::run);
    }
    notifyAll();
  }

  private void run() {
    try {
      while (true) {
        byte[] next = take();
        if (next.length == 0) {
          return;
        }
        stream.write(next);
        stream.flush();
        written();
      }
    } catch (IOException e) {
      fail();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail();
    }
  }

  private synchronized byte[] take() throws InterruptedException {
    while (count == 0 && !closed) {
      wait();
    }
    byte[] next = java.util.Arrays.copyOf(waiting, count);
    count = 0;
    writing = next.length > 0;
    return next;
  }

  private void written() {
    List<Runnable> ready;
    synchronized (this) {
      writing = false;
      ready = List.copyOf(listeners);
      listeners.clear();
      notifyAll();
    }
    ready.forEach(Runnable::run);
  }

  private void fail() {
    synchronized (this) {
      failed = true;
      count = 0;
    }
    written();
  }

  /** Waits until what was taken has been written, but not for ever. */
  synchronized void flush() throws InterruptedException {
    long end = System.nanoTime() + CLOSE_MILLIS * 1_000_000;
    while ((count > 0 || writing) && !failed) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return;
      }
      wait(left);
    }
  }

  @Override
  public void close() {
    Thread writer;
    synchronized (this) {
      if (closed) {
        return;
      }
      try {
        flush();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      closed = true;
      listeners.clear();
      notifyAll();
      writer = thread;
    }
    end(writer);
  }

  private void end(@Nullable Thread writer) {
    try {
      if (writer != null) {
        writer.join(100); // one that is blocked is left behind; it is a daemon
      }
      if (ownsStream) {
        stream.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      return; // bytes were flushed before; there is nobody left to tell
    }
  }
}
