package dev.kasuari.chardev;

import dev.kasuari.machine.backend.CharBackend;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A device's end that keeps what it gets and has as much room as a test says. */
final class Recorder implements CharBackend.Receiver {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  final List<CharBackend.Event> events = Collections.synchronizedList(new ArrayList<>());
  volatile int room = Integer.MAX_VALUE;

  @Override
  public int canReceive() {
    return room;
  }

  @Override
  public synchronized void receive(byte[] more) {
    if (more.length > room) {
      throw new IllegalStateException("more than there is room for");
    }
    if (room != Integer.MAX_VALUE) {
      room -= more.length;
    }
    bytes.writeBytes(more);
  }

  @Override
  public void event(CharBackend.Event event) {
    events.add(event);
  }

  synchronized String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
