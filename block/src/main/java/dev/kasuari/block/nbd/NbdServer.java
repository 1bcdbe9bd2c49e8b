package dev.kasuari.block.nbd;

import dev.kasuari.block.object.TlsCredentials;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Shows disks to clients. Each connection has a thread that reads, and some that do requests. */
public final class NbdServer implements AutoCloseable {
  private final ServerSocketChannel socket;
  private final @Nullable TlsCredentials tls;
  private final Map<String, NbdExport> exports = new ConcurrentSkipListMap<>();
  private final Set<ServerConnection> connections = ConcurrentHashMap.newKeySet();
  private final Semaphore places;
  private final Consumer<String> log;
  private volatile boolean closed;
  private volatile Runnable onLeft = () -> {};

  /**
   * Listens, and answers clients once it is started.
   *
   * @param tls what clients have to encrypt by, or null for plain bytes
   * @param most clients at a time; others wait; 0 for any number
   * @param log hears what clients did wrong
   * @throws IOException if nobody can listen there
   */
  public NbdServer(NbdAddress address, @Nullable TlsCredentials tls, int most, Consumer<String> log)
      throws IOException {
    this(address.listen(), tls, most, log);
  }

  /** The same on a socket that listens already. */
  public NbdServer(
      ServerSocketChannel socket, @Nullable TlsCredentials tls, int most, Consumer<String> log) {
    this.socket = socket;
    this.tls = tls;
    this.log = log;
    places = new Semaphore(most == 0 ? Integer.MAX_VALUE : most);
  }

  /** The port, or −1 if it is no TCP socket. */
  public int port() throws IOException {
    return socket.getLocalAddress() instanceof java.net.InetSocketAddress inet
        ? inet.getPort()
        : -1;
  }

  /** Shows a disk. */
  public void add(NbdExport export) {
    if (exports.putIfAbsent(export.name(), export) != null) {
      throw new IllegalArgumentException(
          "NBD server already has export named '" + export.name() + "'");
    }
  }

  /** Shows a disk no longer to new clients. */
  public void remove(String name) {
    exports.remove(name);
  }

  /** Clients that are connected. */
  public int clients() {
    return connections.size();
  }

  /** What happens after a client that used an export has left. */
  public void onLeft(Runnable listener) {
    onLeft = listener;
  }

  /** Begins to answer. */
  public void start() {
    Thread.ofPlatform().daemon(true).name("nbd server").start(this::accept);
  }

  private void accept() {
    while (!closed) {
      try {
        places.acquire();
        SocketChannel client = socket.accept();
        var connection = new ServerConnection(client, exports, tls, log, this::left);
        connections.add(connection);
        connection.start();
        if (closed) {
          connection.close();
        }
      } catch (IOException e) {
        if (closed) {
          return;
        }
        places.release();
        log.accept("cannot accept a client: " + e.getMessage());
        pause(); // no descriptors, say: clients that leave give some back
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void left(ServerConnection connection) {
    connections.remove(connection);
    places.release();
    if (connection.wasUsed()) {
      onLeft.run();
    }
  }

  /** Hears nobody any more, finishes what is under way, and hangs up. */
  @Override
  public void close() {
    closed = true;
    try {
      socket.close();
    } catch (IOException e) {
      log.accept("closing: " + e.getMessage());
    }
    for (ServerConnection connection : connections) {
      connection.close();
    }
  }
}
