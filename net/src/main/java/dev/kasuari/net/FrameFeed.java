package dev.kasuari.net;

import dev.kasuari.machine.backend.NetBackend.Receiver;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Frames on their way to a card, which takes them as it has buffers. Those that come while too many
 * wait are lost, as a switch loses them. Any thread.
 */
final class FrameFeed {
  private final int mostFrames;
  private final long mostBytes;
  private final Deque<MemorySegment> waiting = new ArrayDeque<>();
  private long bytes;
  private boolean pumping;

  /** There is a reason to ask the card once more. */
  private boolean again;

  private boolean closed;
  private @Nullable Receiver receiver;
  private Consumer<Runnable> post = action -> {};

  /** An empty feed, in which no more than that may wait. */
  FrameFeed(int mostFrames, long mostBytes) {
    this.mostFrames = mostFrames;
    this.mostBytes = mostBytes;
  }

  /** Connects a card; what waited for another is lost. */
  synchronized void connect(Receiver newReceiver, Consumer<Runnable> newPost) {
    receiver = newReceiver;
    post = newPost;
    pumping = false;
    clear();
  }

  /** Adds a frame, whose memory is the feed's from now on; false if it is lost. */
  boolean offer(MemorySegment frame) {
    synchronized (this) {
      boolean full = waiting.size() >= mostFrames || bytes + frame.byteSize() > mostBytes;
      if (closed || full) {
        return false;
      }
      waiting.add(frame);
      bytes += frame.byteSize();
    }
    wake();
    return true;
  }

  /** The card may have room. */
  void wake() {
    Consumer<Runnable> by;
    synchronized (this) {
      again = true;
      if (pumping || waiting.isEmpty() || receiver == null) {
        return;
      }
      pumping = true;
      by = post;
    }
    by.accept(this::pump);
  }

  private void pump() {
    while (true) {
      Receiver to;
      MemorySegment frame;
      synchronized (this) {
        if (waiting.isEmpty() || !again || receiver == null) {
          pumping = false;
          return;
        }
        again = false;
        to = receiver;
        frame = waiting.getFirst();
      }
      if (to.receive(frame)) {
        taken(frame);
      }
    }
  }

  private synchronized void taken(MemorySegment frame) {
    again = true;
    // The card's code may have come back here and cleared the feed.
    if (frame.equals(waiting.peekFirst())) {
      waiting.removeFirst();
      bytes -= frame.byteSize();
    }
  }

  synchronized void close() {
    closed = true;
    receiver = null;
    clear();
  }

  private void clear() {
    waiting.clear();
    bytes = 0;
  }
}
