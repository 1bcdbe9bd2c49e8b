package dev.kasuari.block.curl;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A request and its answer, redirections included, which have to be over in time however often a
 * byte comes; what is not {@linkplain #complete() complete} in the end is cut off.
 */
final class Transfer implements AutoCloseable {
  /** What belongs to a transfer. */
  interface Steps<T> {
    /** Does it. */
    T run() throws IOException;
  }

  private static final int AGAIN_MILLIS = 1000;

  private final CompletableFuture<Void> limit = new CompletableFuture<>();
  private @Nullable HttpURLConnection connection;
  private boolean late;
  private boolean ended;

  /**
   * Begins.
   *
   * @param millis that it may take
   */
  Transfer(int millis) {
    var _ = limit.completeOnTimeout(null, millis, TimeUnit.MILLISECONDS).thenRunAsync(this::cutOff);
  }

  /**
   * The connection it uses from now on.
   *
   * @throws SocketTimeoutException if it is too late for another
   */
  synchronized void by(HttpURLConnection next) throws IOException {
    disconnect();
    connection = next;
    if (late) {
      throw new SocketTimeoutException();
    }
  }

  /** Once more after a while: a connection that is only being made does not hear of it. */
  private synchronized void cutOff() {
    if (ended) {
      return;
    }
    late = true;
    if (connection != null) {
      connection.disconnect();
    }
    CompletableFuture.delayedExecutor(AGAIN_MILLIS, TimeUnit.MILLISECONDS).execute(this::cutOff);
  }

  private void disconnect() {
    if (connection != null) {
      connection.disconnect();
      connection = null;
    }
  }

  /**
   * Does what belongs to it.
   *
   * @throws SocketTimeoutException if it took too long, whatever came of that
   */
  <T> T run(Steps<T> steps) throws IOException {
    try {
      return steps.run();
    } catch (IOException e) {
      throw late() ? new SocketTimeoutException() : e;
    } catch (IllegalArgumentException e) {
      throw new IOException(e); // of the JDK, for what a server names and it has no idea of
    }
  }

  private synchronized boolean late() {
    return late;
  }

  /** All of the answer was read: the connection may serve others. */
  synchronized void complete() {
    connection = null;
  }

  @Override
  public synchronized void close() {
    ended = true;
    limit.cancel(false);
    disconnect();
  }
}
