package dev.kasuari.chardev;

import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.backend.CharBackend;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Listens in the input of another stream for commands to the emulator, which begin with Ctrl-A as
 * they do in QEMU ({@code mux=on}, {@code -nographic}).
 *
 * <p>Commands are obeyed on the thread that reads, so that they work whatever the guest and its
 * machine do. Input that the guest has not taken waits here; when a person has typed more than
 * fits, the terminal's bell answers and the rest is lost.
 */
public final class MuxChardev implements CharBackend {
  private static final byte ESCAPE = 0x01;
  private static final byte[] BELL = {0x07};

  private final CharBackend inner;
  private final Commands commands;
  private final InputFeed feed;
  private final boolean interactive;
  private boolean escaped;

  /**
   * Puts itself in front of {@code inner}, which is closed with it.
   *
   * @param interactive whether a person types; input of a pipe is never lost
   */
  public MuxChardev(CharBackend inner, boolean interactive, Commands commands) {
    this.inner = inner;
    this.interactive = interactive;
    this.commands = commands;
    feed = new InputFeed(interactive ? 64 * 1024 : 4096);
    inner.connect(new Input(), Runnable::run);
  }

  @Override
  public String id() {
    return inner.id();
  }

  @Override
  public void connect(Receiver receiver, Consumer<Runnable> post) {
    feed.connect(receiver, post);
    feed.tell(r -> r.event(Event.OPENED));
  }

  @Override
  public int write(byte[] bytes, int offset, int length, Runnable writable) {
    return inner.write(bytes, offset, length, writable);
  }

  @Override
  public void acceptInput() {
    feed.wake();
  }

  @Override
  public void sendBreak() {
    inner.sendBreak();
  }

  @Override
  public @Nullable Window window() {
    return inner.window();
  }

  @Override
  public void close() {
    feed.close();
    inner.close();
  }

  /** Writes a line of our own between the guest's. */
  public void say(String text) {
    byte[] bytes = ("\r\n" + text + "\r\n").getBytes(StandardCharsets.UTF_8);
    inner.write(bytes, 0, bytes.length, () -> {});
  }

  private final class Input implements Receiver {
    @Override
    public int canReceive() {
      return Integer.MAX_VALUE;
    }

    @Override
    public void receive(byte[] bytes) {
      var plain = new ByteArrayOutputStream(bytes.length);
      for (byte b : bytes) {
        if (escaped) {
          escaped = false;
          command(b, plain);
        } else if (b == ESCAPE) {
          escaped = true;
        } else {
          plain.write(b);
        }
      }
      pass(plain);
    }

    @Override
    public void event(Event event) {
      if (event != Event.OPENED) {
        feed.tell(r -> r.event(event));
      }
    }
  }

  private void pass(ByteArrayOutputStream plain) {
    byte[] bytes = plain.toByteArray();
    plain.reset();
    if (!interactive) {
      putAll(bytes);
    } else if (bytes.length > feed.room()) {
      inner.write(BELL, 0, 1, () -> {});
    } else {
      feed.offer(bytes);
    }
  }

  /** Keeps the thread that reads until there is room: nothing of a pipe is lost. */
  private void putAll(byte[] bytes) {
    try {
      feed.put(bytes);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void command(byte key, ByteArrayOutputStream plain) {
    switch (key) {
      case ESCAPE -> plain.write(ESCAPE);
      case 'x' -> {
        say("kasuari: ended by Ctrl-A x");
        commands.end(new Shutdown(Shutdown.Cause.HOST, 0, "ended by Ctrl-A x"));
      }
      case 'b' -> {
        pass(plain);
        feed.tell(r -> r.event(Event.BREAK));
      }
      case 'c' -> say("kasuari: " + commands.monitor());
      case 'h', '?' -> say(HELP);
      case 's' -> say("kasuari: saving -snapshot disks comes later");
      case 't' -> say("kasuari: time stamps come later");
      default -> {}
    }
  }

  private static final String HELP =
      """
      Keys of kasuari, after Ctrl-A:\r
        h       show this\r
        x       end the emulator\r
        b       send a break to the guest (Linux: magic SysRq)\r
        c       monitor (comes later)\r
        Ctrl-A  send Ctrl-A itself to the guest\
      """;
}
