package dev.kasuari.block.nbd;

import dev.kasuari.block.BlockException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection after the handshake. Any number of threads make requests; one reads
 * replies, and is the only one that ends requests, so that no buffer is written into that its owner
 * has given back.
 */
final class NbdConnection implements AutoCloseable {
  /** Requests under way at once. */
  private static final int MAX_REQUESTS = 64;

  private final Wire wire;
  private final ClientHandshake.Result negotiated;
  private final Map<Long, PendingRequest> pending = new ConcurrentHashMap<>();
  private final Semaphore free = new Semaphore(MAX_REQUESTS, true);
  private final AtomicLong cookies = new AtomicLong();
  private @Nullable Thread reader;
  private volatile @Nullable IOException broken;
  private volatile boolean leaving;

  NbdConnection(Wire wire, ClientHandshake.Result negotiated) {
    this.wire = wire;
    this.negotiated = negotiated;
  }

  /** Begins to read replies. */
  void start(String name) {
    reader = Thread.ofPlatform().daemon(true).name("nbd " + name).unstarted(this::readReplies);
    reader.start();
  }

  ExportInfo info() {
    return negotiated.info();
  }

  boolean canStatus() {
    return negotiated.context() >= 0;
  }

  /** True if no request can be made any more. */
  boolean isBroken() {
    return broken != null;
  }

  void read(long offset, MemorySegment to) throws IOException {
    if (reader != null && to.isAccessibleBy(reader)) {
      run(new PendingRequest(Nbd.CMD_READ, offset, to.byteSize(), to), 0, null);
      return;
    }
    try (Arena arena = Arena.ofShared()) { // the memory is its owner's thread's alone
      MemorySegment copy = arena.allocate(to.byteSize());
      run(new PendingRequest(Nbd.CMD_READ, offset, to.byteSize(), copy), 0, null);
      to.copyFrom(copy);
    }
  }

  void write(long offset, MemorySegment from) throws IOException {
    run(new PendingRequest(Nbd.CMD_WRITE, offset, from.byteSize(), null), 0, from);
  }

  /** A request without data. */
  void command(int type, int flags, long offset, long length) throws IOException {
    run(new PendingRequest(type, offset, length, null), flags, null);
  }

  /** A run of bytes that are alike, by its flags. */
  record Run(long length, long flags) {}

  /** What the server says of the bytes from {@code offset} on: one run at least. */
  List<Run> status(long offset, long length) throws IOException {
    var request = new PendingRequest(Nbd.CMD_BLOCK_STATUS, offset, length, null);
    run(request, Nbd.CMD_FLAG_REQ_ONE, null);
    if (request.runs().isEmpty()) {
      throw broken(new NbdException("block status without an extent"));
    }
    return request.runs();
  }

  private void run(PendingRequest request, int flags, @Nullable MemorySegment data)
      throws IOException {
    free.acquireUninterruptibly();
    try {
      long cookie = cookies.incrementAndGet();
      pending.put(cookie, request);
      IOException gone = broken;
      if (gone != null) {
        pending.remove(cookie);
        throw new IOException(gone.getMessage(), gone);
      }
      try {
        send(request, flags, cookie, data);
      } catch (IOException e) {
        wire.close(); // the reader notices, and ends all requests
      }
      request.await();
    } finally {
      free.release();
    }
    IOException lost = request.lost();
    if (lost != null) {
      throw new IOException(lost.getMessage(), lost);
    }
    if (request.error() != 0) {
      BlockException failure = Nbd.failure(request.error(), request.message());
      throw new RequestException(failure);
    }
  }

  /** The server refused a request; the connection is well. */
  static final class RequestException extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient BlockException failure;

    RequestException(BlockException failure) {
      super(failure);
      this.failure = failure;
    }

    BlockException failure() {
      return failure;
    }
  }

  private void send(PendingRequest request, int flags, long cookie, @Nullable MemorySegment data)
      throws IOException {
    boolean extended = negotiated.extended();
    ByteBuffer header = ByteBuffer.allocate(extended ? 32 : 28);
    header.putInt(extended ? Nbd.EXTENDED_REQUEST_MAGIC : Nbd.REQUEST_MAGIC);
    int payload = extended && data != null ? Nbd.CMD_FLAG_PAYLOAD_LEN : 0;
    header.putShort((short) (flags | payload)).putShort((short) request.type());
    header.putLong(cookie).putLong(request.offset());
    if (extended) {
      header.putLong(request.length());
    } else {
      header.putInt((int) request.length());
    }
    header.flip();
    if (data == null) {
      wire.send(header);
    } else {
      wire.send(header, data.asByteBuffer());
    }
  }

  private void readReplies() {
    IOException end;
    try {
      while (!wire.atEnd()) {
        readReply();
      }
      end = new IOException("the server hung up");
    } catch (IOException e) {
      end = e;
    } catch (RuntimeException e) {
      end = new IOException(e);
    }
    broken(end);
    wire.close();
    for (Map.Entry<Long, PendingRequest> entry : pending.entrySet()) {
      entry.getValue().lose(end);
    }
    pending.clear();
  }

  private IOException broken(IOException e) {
    if (broken == null) {
      broken = e;
    }
    return e;
  }

  private void readReply() throws IOException {
    int magic = wire.readInt();
    switch (magic) {
      case Nbd.SIMPLE_REPLY_MAGIC -> {
        int error = wire.readInt();
        long cookie = wire.readLong();
        PendingRequest request = find(cookie);
        boolean wanted = request.type() == Nbd.CMD_READ || request.type() == Nbd.CMD_BLOCK_STATUS;
        if (negotiated.extended() || (negotiated.structured() && wanted)) {
          throw new NbdException("Protocol error: simple reply when structured is expected");
        }
        if (error == 0 && request.to() != null) {
          wire.read(request.to());
        }
        request.fail(error, "");
        finish(cookie, request, true);
      }
      case Nbd.STRUCTURED_REPLY_MAGIC -> {
        requireNegotiated(negotiated.structured() && !negotiated.extended());
        int flags = wire.readShort();
        int type = wire.readShort();
        long cookie = wire.readLong();
        chunk(cookie, flags, type, wire.readInt() & 0xffff_ffffL);
      }
      case Nbd.EXTENDED_REPLY_MAGIC -> {
        requireNegotiated(negotiated.extended());
        int flags = wire.readShort();
        int type = wire.readShort();
        long cookie = wire.readLong();
        wire.readLong(); // the offset, again
        chunk(cookie, flags, type, wire.readLong());
      }
      default -> throw new NbdException("Unexpected reply magic 0x%x".formatted(magic));
    }
  }

  private static void requireNegotiated(boolean negotiated) throws NbdException {
    if (!negotiated) {
      throw new NbdException("Protocol error: a kind of reply that was not negotiated");
    }
  }

  private PendingRequest find(long cookie) throws NbdException {
    PendingRequest request = pending.get(cookie);
    if (request == null) {
      throw new NbdException("Unexpected cookie 0x%x in a reply".formatted(cookie));
    }
    return request;
  }

  private void chunk(long cookie, int flags, int type, long length) throws IOException {
    PendingRequest request = find(cookie);
    request.chunk(wire, type, length, negotiated.context());
    if ((flags & Nbd.REPLY_FLAG_DONE) != 0) {
      finish(cookie, request, false);
    }
  }

  private void finish(long cookie, PendingRequest request, boolean whole) throws NbdException {
    if (!whole) {
      request.requireWhole();
    }
    pending.remove(cookie);
    request.end();
  }

  @Override
  public void close() {
    leaving = true;
    if (broken == null) {
      try {
        send(new PendingRequest(Nbd.CMD_DISC, 0, 0, null), 0, 0, null);
      } catch (IOException e) {
        // it is gone already
      }
    }
    wire.close();
  }

  boolean isLeaving() {
    return leaving;
  }
}
