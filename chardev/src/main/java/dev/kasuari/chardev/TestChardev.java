package dev.kasuari.chardev;

import dev.kasuari.machine.Shutdown;

/**
 * Ends the machine when a guest writes a decimal number and {@code q} ({@code testdev}), as
 * programs that test hardware and have no other way out do. The process exits with twice the number
 * and one, of which a host keeps eight bits. No digits are 0; other bytes begin anew.
 */
public final class TestChardev extends OutputChardev {
  private final Commands commands;
  private int number;

  /** Asks for the end by {@link Commands#end}. */
  public TestChardev(String id, Commands commands) {
    super(id);
    this.commands = commands;
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
}
