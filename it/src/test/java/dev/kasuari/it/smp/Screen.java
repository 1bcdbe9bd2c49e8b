package dev.kasuari.it.smp;

import dev.kasuari.machine.backend.CharBackend;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Keeps what a guest prints. */
final class Screen implements CharBackend {
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  synchronized String text() {
    return printed.toString(StandardCharsets.ISO_8859_1);
  }

  @Override
  public String id() {
    return "screen";
  }

  @Override
  public void connect(Receiver receiver, Consumer<Runnable> post) {}

  @Override
  public synchronized int write(byte[] bytes, int offset, int length, Runnable writable) {
    printed.write(bytes, offset, length);
    return length;
  }

  @Override
  public void acceptInput() {}

  @Override
  public void close() {}
}
