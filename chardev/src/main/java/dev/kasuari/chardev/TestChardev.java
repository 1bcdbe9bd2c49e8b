package dev.kasuari.chardev;

import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.backend.CharBackend;
import java.util.function.Consumer;

/**
 * Ends the machine when a guest writes a decimal number and {@code q} ({@code testdev}), as
 * programs that test hardware and have no other way out do. The process exits with twice the number
 * and one, of which a host keeps eight bits. No digits are 0; other bytes begin anew.
 */
public final class TestChardev implements CharBackend {
  private final String id;
  private final Commands commands;
  private int number;

  /** Asks for the end by {@link Commands#end}. */
  public TestChardev(String id, Commands commands) {
    this.id = id;
    this.commands = commands;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public void connect(Receiver receiver, Consumer<Runnable> post) {
    post.accept(() -> receiver.event(Event.OPENED));
  }

  @Override
  public synchronized int write(byte[] bytes, int offset, int length, Runnable writable) {
    for (int i = offset; i < offset + length; i++) {
      if (bytes[i] >= '0' && bytes[i] <= '9') {
        number = number * 10 + bytes[i] - '0';
      } else {
        if (bytes[i] == 'q') {
          end(number << 1 | 1);
        }
        number = 0;
      }
    }
    return length;
  }

  private void end(int code) {
    commands.end(
        new Shutdown(Shutdown.Cause.GUEST, code, "the guest ended with code " + (code & 0xff)));
  }

  @Override
  public void acceptInput() {}

  @Override
  public void close() {}
}
