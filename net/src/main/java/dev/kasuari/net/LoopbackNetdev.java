package dev.kasuari.net;

import dev.kasuari.machine.backend.NetBackend;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/** Leads every frame back to the card that sent it ({@code loopback}), for trying a card. */
public final class LoopbackNetdev implements NetBackend {
  private static final int MOST_FRAMES = 1024;
  private static final long MOST_BYTES = 1 << 20;

  private final String id;
  private final FrameFeed feed = new FrameFeed(MOST_FRAMES, MOST_BYTES);

  /** One that has not met a card yet. */
  public LoopbackNetdev(String id) {
    this.id = id;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public void connect(Receiver receiver, Consumer<Runnable> post) {
    feed.connect(receiver, post);
  }

  /** A frame is lost if too many wait for the card to take them. */
  @Override
  public void send(MemorySegment packet) {
    feed.offer(MemorySegment.ofArray(packet.toArray(ValueLayout.JAVA_BYTE)));
  }

  @Override
  public void acceptPackets() {
    feed.wake();
  }

  @Override
  public void close() {
    feed.close();
  }
}
