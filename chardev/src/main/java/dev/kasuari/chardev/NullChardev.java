package dev.kasuari.chardev;

import dev.kasuari.machine.backend.CharBackend;
import java.util.function.Consumer;

/** Swallows output and has no input ({@code null}). */
public record NullChardev(String id) implements CharBackend {
  @Override
  public void connect(Receiver receiver, Consumer<Runnable> post) {
    post.accept(() -> receiver.event(Event.OPENED));
  }

  @Override
  public int write(byte[] bytes, int offset, int length, Runnable writable) {
    return length;
  }

  @Override
  public void acceptInput() {}

  @Override
  public void close() {}
}
