package dev.kasuari.chardev;

import dev.kasuari.machine.backend.CharBackend.Receiver;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Bytes on their way from a thread of the host to a receiver in a machine, which takes them as it
 * has room. What does not fit waits here, up to a limit.
 */
final class InputFeed {
  private final int limit;
  private final Deque<byte[]> waiting = new ArrayDeque<>();
  private int size;
  private boolean pumping;

  /** There is a reason to ask the receiver once more. */
  private boolean again;

  private boolean closed;
  private @Nullable Receiver receiver;
  private Consumer<Runnable> post = action -> {};

  /**
   * An empty feed without receiver.
   *
   * @param limit how many bytes may wait
   */
  InputFeed(int limit) {
    this.limit = limit;
  }

  /** Connects a receiver; what waited goes there. */
  void connect(Receiver newReceiver, Consumer<Runnable> newPost) {
    synchronized (this) {
      receiver = newReceiver;
      post = newPost;
      pumping = false;
    }
    schedule();
  }

  /** How many bytes there is room for. */
  synchronized int room() {
    return closed ? 0 : limit - size;
  }

  /** Adds bytes, even if there is no {@link #room()} for them. */
  void offer(byte[] bytes) {
    synchronized (this) {
      if (closed || bytes.length == 0) {
        return;
      }
      waiting.add(bytes);
      size += bytes.length;
    }
    schedule();
  }

  /** Adds bytes when there is room, and drops them if the feed is closed meanwhile. */
  void put(byte[] bytes) throws InterruptedException {
    synchronized (this) {
      while (!closed && size >= limit) {
        wait();
      }
    }
    offer(bytes);
  }

  /** The receiver has room again. */
  void wake() {
    schedule();
  }

  /** Runs a call of the receiver, after the receiver was asked to take what was offered before. */
  void tell(Consumer<Receiver> call) {
    Receiver to;
    Consumer<Runnable> by;
    synchronized (this) {
      to = receiver;
      by = post;
    }
    if (to != null) {
      by.accept(() -> call.accept(to));
    }
  }

  /** Drops what waits; nobody waits any longer. */
  synchronized void close() {
    closed = true;
    waiting.clear();
    size = 0;
    receiver = null;
    notifyAll();
  }

  /**
   * Sees to it that one pump runs. Whoever posts may run it at once, so no lock is held; two at a
   * time would change the order of bytes.
   */
  private void schedule() {
    Consumer<Runnable> by;
    synchronized (this) {
      again = true;
      if (pumping || size == 0 || receiver == null) {
        return;
      }
      pumping = true;
      by = post;
    }
    by.accept(this::pump);
  }

  private void pump() {
    while (true) {
      Receiver to = next();
      if (to == null) {
        return;
      }
      int room = to.canReceive();
      if (room > 0) {
        byte[] part = take(room);
        if (part.length > 0) {
          to.receive(part);
        }
        synchronized (this) {
          again = true;
        }
      }
    }
  }

  /** The receiver if it is worth asking, else null and the pump has ended. */
  private synchronized @Nullable Receiver next() {
    if (size == 0 || !again) {
      pumping = false;
      return null;
    }
    again = false;
    return receiver;
  }

  private synchronized byte[] take(int room) {
    byte[] first = waiting.poll();
    if (first == null) {
      return new byte[0];
    }
    byte[] part = first;
    if (first.length > room) {
      part = Arrays.copyOf(first, room);
      waiting.addFirst(Arrays.copyOfRange(first, room, first.length));
    }
    size -= part.length;
    notifyAll();
    return part;
  }
}
