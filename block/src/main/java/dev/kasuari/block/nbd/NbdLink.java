package dev.kasuari.block.nbd;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.TimeLimit;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The way to a server: a connection, and another one when it is lost. */
final class NbdLink implements AutoCloseable {
  /** Between two attempts, milliseconds. */
  private static final int PAUSE = 100;

  private static final int HANDSHAKE_SECONDS = 30;

  private final NbdAddress address;
  private final ClientHandshake.Wish wish;
  private final long delay;
  private final long timeout;
  private @Nullable NbdConnection connection;
  private @Nullable ExportInfo first;
  private boolean status;

  /** When requests stop waiting for the connection that was lost, by {@link System#nanoTime}. */
  private long deadline;

  private boolean waiting;
  private boolean closed;

  /**
   * The way to an export.
   *
   * @param delay seconds for which requests wait for a lost connection
   * @param timeout seconds for which opening tries again
   */
  NbdLink(NbdAddress address, ClientHandshake.Wish wish, long delay, long timeout) {
    this.address = address;
    this.wish = wish;
    this.delay = delay;
    this.timeout = timeout;
  }

  private NbdConnection connect() throws IOException {
    Wire wire = new Wire(new PlainTransport(address.connect()));
    try (var limit = new TimeLimit(wire::close, HANDSHAKE_SECONDS)) {
      try {
        NbdConnection made = new NbdConnection(wire, new ClientHandshake(wire, wish).run());
        made.start(address.toString());
        return made;
      } catch (IOException e) {
        throw limit.explained(e);
      }
    } catch (IOException | RuntimeException | Error e) {
      wire.close();
      throw e;
    }
  }

  /** Connects for the first time. */
  synchronized ExportInfo open() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Math.min(timeout, 1L << 31));
    while (true) {
      try {
        NbdConnection made = connect();
        connection = made;
        first = made.info();
        status = made.canStatus();
        return made.info();
      } catch (IOException e) {
        if (e instanceof NbdException || System.nanoTime() - end >= 0) {
          throw failed(e);
        }
        pause();
      }
    }
  }

  private BlockException failed(IOException e) {
    if (e instanceof NbdException || e instanceof javax.net.ssl.SSLException) {
      return new BlockException(BlockException.Kind.INVALID, String.valueOf(e.getMessage()));
    }
    String why = e.getMessage() == null ? e.toString() : e.getMessage();
    if (e instanceof java.io.EOFException) {
      return new BlockException(BlockException.Kind.IO_ERROR, why);
    }
    return new BlockException(
        BlockException.Kind.IO_ERROR, "Failed to connect to '" + address + "': " + why);
  }

  ExportInfo info() {
    ExportInfo known = first;
    if (known == null) {
      throw new IllegalStateException("not open");
    }
    return known;
  }

  /** Something that is done over a connection, and again if that is lost. */
  interface Request<T> {
    T run(NbdConnection connection) throws IOException;
  }

  <T> T perform(Request<T> request) {
    while (true) {
      NbdConnection now = connected();
      try {
        return request.run(now);
      } catch (NbdConnection.RequestException e) {
        throw e.failure();
      } catch (IOException e) {
        lost(now, e);
      }
    }
  }

  /** Notes that a connection is gone; gives up if requests shall not wait for another. */
  private synchronized void lost(NbdConnection gone, IOException why) {
    if (gone.equals(connection)) {
      forget(gone);
    }
    if (delay == 0 || closed) {
      throw new BlockException(
          BlockException.Kind.IO_ERROR,
          "connection to '" + address + "' lost: " + why.getMessage());
    }
  }

  private void forget(NbdConnection gone) {
    gone.close();
    connection = null;
    waiting = true;
    deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(Math.min(delay, 1L << 31));
  }

  private synchronized NbdConnection connected() {
    while (true) {
      NbdConnection now = connection;
      if (now != null && !now.isBroken()) {
        return now;
      }
      if (closed) {
        throw new BlockException(BlockException.Kind.IO_ERROR, "closed");
      }
      if (now != null) {
        forget(now);
      }
      try {
        NbdConnection made = connect();
        requireSame(made);
        connection = made;
        waiting = false;
        return made;
      } catch (IOException e) {
        if (!waiting || delay == 0 || System.nanoTime() - deadline >= 0) {
          throw failed(e);
        }
      }
      pause();
    }
  }

  private void requireSame(NbdConnection made) throws NbdException {
    ExportInfo before = info();
    ExportInfo now = made.info();
    boolean less = (before.flags() & ~now.flags() & ~Nbd.FLAG_READ_ONLY) != 0;
    boolean locked = now.can(Nbd.FLAG_READ_ONLY) && !before.can(Nbd.FLAG_READ_ONLY);
    if (made.canStatus() != status
        || now.size() != before.size()
        || less
        || locked
        || now.minimum() != before.minimum()) {
      made.close();
      throw new NbdException("the server came back with another export");
    }
  }

  /** Lets others in meanwhile, and ends early when all ends. */
  private synchronized void pause() {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PAUSE);
    try {
      while (!closed && end - System.nanoTime() > 0) {
        TimeUnit.NANOSECONDS.timedWait(this, end - System.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BlockException(BlockException.Kind.IO_ERROR, "interrupted");
    }
  }

  synchronized boolean canStatus() {
    return status;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (connection != null) {
      connection.close();
    }
    notifyAll();
  }
}
