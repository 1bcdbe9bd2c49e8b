package dev.kasuari.block.nbd;

import dev.kasuari.block.object.TlsCredentials;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One client of a server. */
final class ServerConnection implements AutoCloseable {
  /** Requests that are done at once; further ones wait in the socket. */
  private static final int MAX_REQUESTS = 16;

  /** Kibibytes of data of requests that are under way at once. */
  private static final int MAX_KIBIBYTES = 64 << 10;

  private static final int HANDSHAKE_SECONDS = 10;

  private static final int PATIENCE_SECONDS = 5;

  private final Wire wire;
  private final Map<String, NbdExport> exports;
  private final @Nullable TlsCredentials tls;
  private final Consumer<String> log;
  private final Consumer<ServerConnection> left;
  private final Semaphore requests = new Semaphore(MAX_REQUESTS);
  private final Semaphore kibibytes = new Semaphore(MAX_KIBIBYTES);
  private volatile boolean shaken;
  private volatile boolean used;
  private volatile boolean leaving;
  private final CountDownLatch ended = new CountDownLatch(1);

  ServerConnection(
      SocketChannel socket,
      Map<String, NbdExport> exports,
      @Nullable TlsCredentials tls,
      Consumer<String> log,
      Consumer<ServerConnection> left) {
    wire = new Wire(new PlainTransport(socket));
    this.exports = exports;
    this.tls = tls;
    this.log = log;
    this.left = left;
  }

  void start() {
    Thread.ofPlatform().daemon(true).name("nbd client").start(this::run);
    Thread.ofVirtual().start(this::watch);
  }

  /** True if the client got as far as using an export. */
  boolean wasUsed() {
    return used;
  }

  /** Hangs up on who does not end the handshake in time. */
  private void watch() {
    try {
      TimeUnit.SECONDS.sleep(HANDSHAKE_SECONDS);
    } catch (InterruptedException e) {
      return;
    }
    if (!shaken) {
      wire.close();
    }
  }

  private void run() {
    try {
      ServerHandshake.Result result = new ServerHandshake(wire, exports, tls).run();
      shaken = true;
      if (result != null) {
        used = true;
        serve(result);
      }
    } catch (IOException e) {
      if (!(e instanceof EOFException) && !(e instanceof ClosedChannelException)) {
        log.accept("a client failed: " + e.getMessage());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      shaken = true;
      wire.close();
      left.accept(this);
      ended.countDown();
    }
  }

  private void serve(ServerHandshake.Result result) throws IOException, InterruptedException {
    var server = new RequestServer(wire, result);
    ExecutorService threads =
        Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon(true).name("nbd request ", 0).factory());
    try {
      while (!wire.atEnd()) {
        RequestServer.Request request = server.readHeader();
        if (request.type() == Nbd.CMD_DISC) {
          return;
        }
        accept(server, request, threads);
      }
    } finally {
      requests.acquireUninterruptibly(MAX_REQUESTS); // what is under way ends
      requests.release(MAX_REQUESTS);
      threads.shutdown();
    }
  }

  private void accept(RequestServer server, RequestServer.Request request, ExecutorService threads)
      throws IOException, InterruptedException {
    int refused = server.refused(request);
    if (refused != 0) {
      wire.skip(request.payload());
      server.fail(request, refused, "");
      return;
    }
    boolean data = request.type() == Nbd.CMD_READ || request.type() == Nbd.CMD_WRITE;
    int weight = data ? (int) (request.length() >> 10) + 1 : 0;
    kibibytes.acquire(weight);
    requests.acquire();
    if (leaving) { // the disk may be closed soon
      requests.release();
      kibibytes.release(weight);
      throw new ClosedChannelException();
    }
    Arena arena = Arena.ofShared();
    boolean handed = false;
    try {
      MemorySegment buffer =
          data ? arena.allocate(Math.max(request.length(), 1), 4096) : MemorySegment.NULL;
      MemorySegment bytes = data ? buffer.asSlice(0, request.length()) : buffer;
      if (request.type() == Nbd.CMD_WRITE) {
        wire.read(bytes);
      }
      threads.execute(() -> perform(server, request, bytes, arena, weight));
      handed = true;
    } finally {
      if (!handed) {
        release(arena, weight);
      }
    }
  }

  private void perform(
      RequestServer server,
      RequestServer.Request request,
      MemorySegment bytes,
      Arena arena,
      int weight) {
    try {
      server.perform(request, bytes);
    } catch (IOException e) {
      wire.close(); // nobody hears the answer
    } finally {
      release(arena, weight);
    }
  }

  private void release(Arena arena, int weight) {
    arena.close();
    requests.release();
    kibibytes.release(weight);
  }

  /**
   * Hangs up when what is under way has ended and is answered, or after a while. Afterwards the
   * disk is not used any more, unless it takes still longer.
   */
  @Override
  public void close() {
    leaving = true;
    boolean all = false;
    try {
      all = requests.tryAcquire(MAX_REQUESTS, PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    wire.close();
    if (all) {
      requests.release(MAX_REQUESTS);
    }
    try {
      if (!ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        log.accept("a request does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
