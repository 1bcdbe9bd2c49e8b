package dev.kasuari.chardev;

import dev.kasuari.host.CancellableInput;
import dev.kasuari.host.HostException;
import dev.kasuari.host.Terminal;
import dev.kasuari.machine.backend.CharBackend;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Standard input and output of the process ({@code stdio}). A terminal is made raw until this is
 * closed or the JVM ends, whatever the reason; a pipe or file is read to its end, as fast as the
 * receiver takes it. There can be one of it in a process.
 */
public final class StdioChardev implements CharBackend {
  private static final int WAITING = 4096;

  private final String id;
  private final int inputFd;
  private final CancellableInput input;
  private final OutputQueue output;
  private final @Nullable RawTerminal raw;
  private final InputFeed feed = new InputFeed(WAITING);
  private @Nullable Thread reader;

  private StdioChardev(String id, int inputFd, OutputStream output, @Nullable RawTerminal raw) {
    this.id = id;
    this.inputFd = inputFd;
    input = new CancellableInput(inputFd);
    this.output = new OutputQueue("chardev " + id + " output", output, false);
    this.raw = raw;
  }

  /**
   * Takes standard input and output.
   *
   * @param signals whether Ctrl-C and its like stay signals to this process instead of being input
   *     ({@code signal=on}, QEMU's default without {@code -nographic})
   */
  public static StdioChardev open(String id, boolean signals) {
    return of(id, 0, new FileOutputStream(FileDescriptor.out), signals);
  }

  static StdioChardev of(String id, int inputFd, OutputStream output, boolean signals) {
    RawTerminal raw = Terminal.isTerminal(inputFd) ? new RawTerminal(inputFd, signals) : null;
    return new StdioChardev(id, inputFd, output, raw);
  }

  @Override
  public String id() {
    return id;
  }

  /** True if a person types, and not a pipe or a file. */
  public boolean interactive() {
    return raw != null;
  }

  @Override
  public synchronized void connect(Receiver receiver, Consumer<Runnable> post) {
    Window first = window(); // before anybody is told to look at it
    feed.connect(receiver, post);
    feed.tell(r -> r.event(Event.OPENED));
    if (reader == null) {
      reader =
          Thread.ofPlatform()
              .name("chardev " + id + " input")
              .daemon(true)
              .start(() -> read(first));
    }
  }

  /**
   * Passes input on until its end.
   *
   * @param first the size of the terminal that the receiver knows
   */
  private void read(@Nullable Window first) {
    byte[] buffer = new byte[WAITING];
    Window before = first;
    try {
      for (int n = input.read(buffer); n > 0; n = input.read(buffer)) {
        feed.put(Arrays.copyOf(buffer, n));
        Window now = window(); // there is a signal for it, which the JVM does not show us
        if (!Objects.equals(now, before)) {
          before = now;
          feed.tell(r -> r.event(Event.RESIZED));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public int write(byte[] bytes, int offset, int length, Runnable writable) {
    return output.write(bytes, offset, length, writable);
  }

  @Override
  public void acceptInput() {
    feed.wake();
  }

  @Override
  public @Nullable Window window() {
    if (raw == null) {
      return null;
    }
    try {
      Terminal.Size size = Terminal.size(inputFd);
      return size.columns() > 0 && size.rows() > 0 ? new Window(size.columns(), size.rows()) : null;
    } catch (HostException e) {
      return null; // the terminal has gone
    }
  }

  /** Writes what is left, ends the reader and puts the terminal back. */
  @Override
  public synchronized void close() {
    feed.close();
    input.cancel();
    output.close();
    if (raw != null) {
      raw.close();
    }
    endReader();
  }

  private void endReader() {
    Thread thread = reader;
    if (thread == null) {
      input.close();
    } else if (!thread.equals(Thread.currentThread())) {
      try {
        thread.join(1000);
        if (!thread.isAlive()) {
          input.close();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
