package dev.kasuari.block.ssh;

import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A conversation in SFTP: any thread makes requests, and the thread of what is beneath brings the
 * replies, in any order. A request that is not answered in time ends it all, as does an answer that
 * makes no sense; then whatever waits fails, and so does what comes.
 */
final class SftpSession implements AutoCloseable {
  /** Carries bytes to a server. */
  interface Carrier extends AutoCloseable {
    /** Sends all of it; one caller at a time. Blocks until it can. */
    void send(byte[] bytes, int length) throws IOException;

    /** Ends; who sends fails. */
    @Override
    void close();
  }

  private static final int WATCH_MILLIS = 1000;

  /** A request whose reply is awaited; {@code deadline} by {@link System#nanoTime}. */
  record Pending(CompletableFuture<SftpReply> reply, long deadline) {}

  private final Carrier carrier;
  private final int seconds;
  private final Map<Integer, Pending> pending = new ConcurrentHashMap<>();
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<String, String> extensions = new HashMap<>();
  private final CompletableFuture<SftpReply> version = new CompletableFuture<>();
  private final Replies replies = new Replies(this);
  private final Object sending = new Object();
  private final Thread watch;
  private volatile @Nullable IOException lost;

  /**
   * Over a carrier, which it closes in the end.
   *
   * @param seconds that a request may take
   */
  SftpSession(Carrier carrier, int seconds) {
    this.carrier = carrier;
    this.seconds = seconds;
    watch = Thread.ofVirtual().start(this::watch);
  }

  /** Takes what the server sends. */
  OutputStream replies() {
    return replies;
  }

  /** Agrees on a version and hears what the server can beside. */
  void open() throws IOException {
    byte[] init = {0, 0, 0, 5, Sftp.INIT, 0, 0, 0, Sftp.VERSION};
    var first = new Pending(version, deadline(seconds));
    pending.put(-1, first);
    transmit(init, init.length);
    SftpReply reply = await(first).version();
    if (reply.number() < Sftp.VERSION) {
      throw new IOException("the server has an older SFTP than version " + Sftp.VERSION);
    }
    while (reply.has(1)) {
      String name = new String(reply.string(), StandardCharsets.UTF_8);
      extensions.put(name, new String(reply.string(), StandardCharsets.UTF_8));
    }
  }

  /** True if the server has an extension in its version 1. */
  boolean has(String extension) {
    return "1".equals(extensions.get(extension));
  }

  /** True if nothing can be asked any more. */
  boolean isLost() {
    return lost != null;
  }

  private static long deadline(int seconds) {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }

  /** Sends a request. */
  Pending send(SftpRequest request) throws IOException {
    return send(request, seconds);
  }

  private Pending send(SftpRequest request, int within) throws IOException {
    int id = ids.getAndIncrement() & Integer.MAX_VALUE;
    byte[] bytes = request.framed(id);
    var made = new Pending(new CompletableFuture<>(), deadline(within));
    pending.put(id, made);
    transmit(bytes, request.length());
    return made;
  }

  private void transmit(byte[] bytes, int length) throws IOException {
    try {
      synchronized (sending) {
        refuseLost();
        carrier.send(bytes, length);
      }
    } catch (IOException e) {
      lose(e);
      refuseLost();
    }
  }

  private void refuseLost() throws IOException {
    IOException why = lost;
    if (why != null) {
      throw why;
    }
  }

  /** Waits for a reply; that this ends is the watch's affair. */
  SftpReply await(Pending request) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return request.reply().get();
        } catch (InterruptedException e) {
          interrupted = true; // a write is under way until it is answered
        } catch (ExecutionException e) {
          throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Sends a request and waits for its reply. */
  SftpReply call(SftpRequest request) throws IOException {
    return await(send(request));
  }

  /** The same, with another limit than requests have. */
  SftpReply call(SftpRequest request, int within) throws IOException {
    return await(send(request, within));
  }

  /** A whole packet, without its length. */
  void received(ByteBuffer packet) throws IOException {
    int type = packet.get() & 0xff;
    int id = -1;
    if (type != Sftp.VERSIONED) {
      if (packet.remaining() < Integer.BYTES) {
        throw new IOException("protocol error: a short packet");
      }
      id = packet.getInt();
    }
    Pending request = pending.remove(id);
    if (request == null) {
      throw new IOException("protocol error: an answer to nothing");
    }
    request.reply().complete(new SftpReply(type, packet));
  }

  /** Ends the conversation. */
  void lose(IOException why) {
    synchronized (this) {
      if (lost != null) {
        return;
      }
      lost = why;
    }
    watch.interrupt();
    carrier.close();
    // Who registers a request afterwards finds it lost when sending.
    new ArrayList<>(pending.values()).forEach(p -> p.reply().completeExceptionally(why));
    pending.clear();
  }

  private void watch() {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(WATCH_MILLIS);
        long now = System.nanoTime();
        if (pending.values().stream().anyMatch(p -> now - p.deadline() > 0)) {
          lose(new SocketTimeoutException("the server does not answer"));
        }
      }
    } catch (InterruptedException e) {
      // it has ended
    }
  }

  @Override
  public void close() {
    lose(new IOException("closed"));
  }
}
