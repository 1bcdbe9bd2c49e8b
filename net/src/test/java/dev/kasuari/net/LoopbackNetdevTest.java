package dev.kasuari.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.backend.NetBackend;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class LoopbackNetdevTest {
  private final LoopbackNetdev netdev = new LoopbackNetdev("n0");
  private final Deque<Runnable> posted = new ArrayDeque<>();
  private final Card card = new Card();

  private static final class Card implements NetBackend.Receiver {
    final List<Byte> received = new ArrayList<>();
    int room;

    @Override
    public boolean canReceive() {
      return room > 0;
    }

    @Override
    public boolean receive(MemorySegment packet) {
      if (room == 0) {
        return false;
      }
      room--;
      received.add(packet.get(ValueLayout.JAVA_BYTE, 0));
      return true;
    }
  }

  private void send(int first, int length) {
    byte[] frame = new byte[length];
    frame[0] = (byte) first;
    netdev.send(MemorySegment.ofArray(frame));
    frame[0] = 99; // the sender's memory is its own again
  }

  private void run() {
    while (!posted.isEmpty()) {
      posted.remove().run();
    }
  }

  @Test
  void framesComeBackInOrderAsThereIsRoom() {
    netdev.connect(card, posted::add);
    send(1, 60);
    send(2, 60);
    send(3, 60);
    run();
    assertThat(card.received).isEmpty();
    card.room = 2;
    netdev.acceptPackets();
    run();
    assertThat(card.received).containsExactly((byte) 1, (byte) 2);
    card.room = 5;
    netdev.acceptPackets();
    run();
    send(4, 60);
    run();
    assertThat(card.received).containsExactly((byte) 1, (byte) 2, (byte) 3, (byte) 4);
  }

  @Test
  void framesThatTooManyWaitBeforeAreLost() {
    netdev.connect(card, posted::add);
    for (int i = 0; i < 5000; i++) {
      send(i, 60);
    }
    for (int i = 0; i < 100; i++) {
      send(i, 60_000);
    }
    card.room = Integer.MAX_VALUE;
    netdev.acceptPackets();
    run();
    assertThat(card.received).hasSize(1024);
    for (int i = 0; i < 100; i++) {
      send(i, 60_000);
    }
    run();
    assertThat(card.received).hasSize(1024 + 17);
  }

  @Test
  void nothingHappensAfterItIsClosed() {
    netdev.connect(card, posted::add);
    card.room = 5;
    send(1, 60);
    netdev.close();
    send(2, 60);
    run();
    assertThat(card.received).isEmpty();
  }
}
