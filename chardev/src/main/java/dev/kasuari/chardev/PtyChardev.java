package dev.kasuari.chardev;

import dev.kasuari.host.CancellableInput;
import dev.kasuari.host.HostException;
import dev.kasuari.host.PseudoTerminal;
import dev.kasuari.host.Terminal;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.OptionException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A pseudo-terminal of the host ({@code pty}) that a terminal program opens by its {@link #path}.
 * While nobody has it open output is lost, as on a line without terminal; it may be closed and
 * opened again.
 */
public final class PtyChardev implements CharBackend {
  private static final int WAITING = 4096;

  /** How often to look whether somebody has come: there is no event for that. */
  private static final int LOOK_MILLIS = 50;

  /** How long whoever is there may take to read the last bytes, which would go with us. */
  private static final int LAST_MILLIS = 1_000;

  /** How often to look whether they are read: there is no event for that either. */
  private static final int LAST_LOOK_MILLIS = 5;

  /**
   * How often in a row they have to look read: while a reader takes what the terminal has, more may
   * be on its way there that nobody sees.
   */
  private static final int LAST_LOOKS = 10;

  private final String id;
  private final PseudoTerminal pty;
  private final CancellableInput input;
  private final OutputQueue output;
  private final InputFeed feed = new InputFeed(WAITING);
  private @Nullable Thread reader;
  private boolean attached;
  private boolean closed;

  private PtyChardev(String id, PseudoTerminal pty) {
    this.id = id;
    this.pty = pty;
    input = new CancellableInput(pty.fd());
    output = new OutputQueue("chardev " + id + " output", new Output(), true);
  }

  /**
   * Makes one.
   *
   * @throws OptionException if the host gives none
   */
  public static PtyChardev open(String id) {
    try {
      return new PtyChardev(id, PseudoTerminal.open());
    } catch (HostException | UnsupportedOperationException e) {
      throw new OptionException("no pseudo-terminal: " + e.getMessage(), e);
    }
  }

  @Override
  public String id() {
    return id;
  }

  /** What a terminal program opens: {@code /dev/pts/3}. */
  public String path() {
    return pty.path();
  }

  @Override
  public void connect(Receiver receiver, Consumer<Runnable> post) {
    feed.connect(receiver, post);
    synchronized (this) {
      if (reader == null) {
        reader =
            Thread.ofPlatform().name("chardev " + id + " input").daemon(true).start(this::read);
      }
      if (attached) {
        feed.tell(r -> r.event(Event.OPENED));
      }
    }
  }

  private void read() {
    byte[] buffer = new byte[WAITING];
    try {
      while (awaitAttached()) {
        for (int n = input.read(buffer); n > 0; n = input.read(buffer)) {
          feed.put(Arrays.copyOf(buffer, n));
        }
        changed(false);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** False if this is closed. */
  private synchronized boolean awaitAttached() throws InterruptedException {
    while (!closed && !pty.attached()) {
      wait(LOOK_MILLIS);
    }
    if (!closed) {
      changed(true);
    }
    return !closed;
  }

  private synchronized void changed(boolean nowAttached) {
    if (attached != nowAttached) {
      attached = nowAttached;
      feed.tell(r -> r.event(nowAttached ? Event.OPENED : Event.CLOSED));
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
    Terminal.Size size = pty.size();
    return size.columns() > 0 && size.rows() > 0 ? new Window(size.columns(), size.rows()) : null;
  }

  /**
   * Writes what is left, if somebody reads it, and takes the pseudo-terminal away when it is read;
   * who does not read is waited for three seconds at most.
   */
  @Override
  public void close() {
    feed.close();
    input.cancel();
    output.close();
    awaitLastRead();
    Thread thread;
    synchronized (this) {
      closed = true;
      notifyAll();
      thread = reader;
    }
    try {
      if (thread != null) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    input.close();
    pty.close();
  }

  private void awaitLastRead() {
    long end = System.nanoTime() + LAST_MILLIS * 1_000_000L;
    try {
      for (int read = 0; read < LAST_LOOKS && pty.attached() && System.nanoTime() < end; ) {
        Thread.sleep(LAST_LOOK_MILLIS);
        read = pty.unread() ? 0 : read + 1;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** On the thread of the queue: waits for a reader who is there but does not read. */
  private final class Output extends OutputStream {
    private volatile boolean ended;

    @Override
    public void write(int value) {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      int done = 0;
      while (done < length && !ended) {
        int taken = pty.write(bytes, offset + done, length - done);
        done += taken;
        if (taken == 0) {
          pty.awaitRoom();
        }
      }
    }

    @Override
    public void close() {
      ended = true;
    }
  }
}
