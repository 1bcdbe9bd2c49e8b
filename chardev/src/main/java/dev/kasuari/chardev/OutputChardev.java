package dev.kasuari.chardev;

import dev.kasuari.machine.backend.CharBackend;
import java.util.function.Consumer;

/** A stream that takes output and has no input. */
abstract class OutputChardev implements CharBackend {
  private final String id;

  OutputChardev(String id) {
    this.id = id;
  }

  @Override
  public final String id() {
    return id;
  }

  @Override
  public final void connect(Receiver receiver, Consumer<Runnable> post) {
    post.accept(() -> receiver.event(Event.OPENED));
  }

  @Override
  public final void acceptInput() {}

  @Override
  public void close() {}
}
