package dev.kasuari.boards;

import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.target.riscv.sbi.SbiConsole;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A console that a device and the firmware both read: each byte goes to whoever asks for it first.
 * For devices that take input only when a program asks them for it.
 */
final class SharedConsole implements CharBackend, SbiConsole {
  private static final int WAITING = 64;

  private final CharBackend line;
  private final Deque<Byte> waiting = new ArrayDeque<>();
  private @Nullable Receiver device;
  private Consumer<Runnable> post = action -> {};

  /** Between {@code line} and those who read it. */
  SharedConsole(CharBackend line) {
    this.line = line;
  }

  @Override
  public String id() {
    return line.id();
  }

  @Override
  public void connect(Receiver receiver, Consumer<Runnable> newPost) {
    device = receiver;
    post = newPost;
    line.connect(new Input(), newPost);
  }

  private final class Input implements Receiver {
    @Override
    public int canReceive() {
      synchronized (waiting) {
        return WAITING - waiting.size();
      }
    }

    @Override
    public void receive(byte[] bytes) {
      synchronized (waiting) {
        for (byte b : bytes) {
          waiting.add(b);
        }
      }
      offer();
    }

    @Override
    public void event(Event event) {
      Objects.requireNonNull(device).event(event);
    }
  }

  /** Under the machine's lock. */
  private void offer() {
    Receiver to = Objects.requireNonNull(device);
    while (to.canReceive() > 0) {
      Byte next = take();
      if (next == null) {
        return;
      }
      to.receive(new byte[] {next});
    }
  }

  private @Nullable Byte take() {
    synchronized (waiting) {
      return waiting.poll();
    }
  }

  @Override
  public void acceptInput() {
    post.accept(this::offer);
    line.acceptInput();
  }

  @Override
  public int read() {
    Byte next = take();
    line.acceptInput();
    return next == null ? -1 : Byte.toUnsignedInt(next);
  }

  @Override
  public int write(byte[] bytes, int offset, int length, Runnable writable) {
    return line.write(bytes, offset, length, writable);
  }

  @Override
  public int write(byte[] bytes) {
    return line.write(bytes, 0, bytes.length, () -> {});
  }

  @Override
  public void sendBreak() {
    line.sendBreak();
  }

  @Override
  public @Nullable Window window() {
    return line.window();
  }

  @Override
  public void close() {
    line.close();
  }
}
