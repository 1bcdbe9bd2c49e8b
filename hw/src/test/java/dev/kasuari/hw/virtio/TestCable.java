package dev.kasuari.hw.virtio;

import dev.kasuari.machine.backend.NetBackend;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The other end of a card's cable: keeps what it gets, and frames until the card has room. */
final class TestCable implements NetBackend {
  private final List<byte[]> sent = new ArrayList<>();
  private final Deque<byte[]> waiting = new ArrayDeque<>();
  private @Nullable Receiver receiver;
  private Consumer<Runnable> post = action -> {};

  @Override
  public String id() {
    return "cable";
  }

  @Override
  public void connect(Receiver newReceiver, Consumer<Runnable> newPost) {
    receiver = newReceiver;
    post = newPost;
  }

  @Override
  public synchronized void send(MemorySegment packet) {
    sent.add(packet.toArray(ValueLayout.JAVA_BYTE));
  }

  @Override
  public void acceptPackets() {
    post.accept(this::offer);
  }

  @Override
  public void close() {}

  /** A frame for the card. */
  synchronized void bring(byte[] frame) {
    waiting.add(frame);
    acceptPackets();
  }

  void link(boolean up) {
    post.accept(() -> {
      if (receiver != null) {
        receiver.linkChanged(up);
      }
    });
  }

  private synchronized void offer() {
    while (receiver != null
        && !waiting.isEmpty()
        && receiver.receive(MemorySegment.ofArray(waiting.getFirst()))) {
      waiting.removeFirst();
    }
  }

  synchronized int waiting() {
    return waiting.size();
  }

  /** What the card has sent since the last time. */
  synchronized List<byte[]> sent() {
    List<byte[]> all = List.copyOf(sent);
    sent.clear();
    return all;
  }
}
