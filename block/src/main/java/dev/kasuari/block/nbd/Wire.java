package dev.kasuari.block.nbd;

import dev.kasuari.block.object.TlsCredentials;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Numbers, strings and data over a transport. Big-endian, as the protocol has all numbers. */
final class Wire implements AutoCloseable {
  private Transport transport;
  private final ByteBuffer in = ByteBuffer.allocateDirect(1 << 16).flip();
  private final ReentrantLock sending = new ReentrantLock();

  Wire(Transport transport) {
    this.transport = transport;
  }

  /** Goes on with TLS. */
  void startTls(TlsCredentials credentials, @Nullable String hostname) throws IOException {
    ByteBuffer given = ByteBuffer.allocate(in.remaining()).put(in).flip();
    transport = new TlsTransport(credentials.engine(hostname), transport, given);
  }

  /** Refuses bytes that came before they were asked for. */
  void requireNothingRead() throws NbdException {
    if (in.hasRemaining()) {
      throw new NbdException("bytes before the TLS handshake");
    }
  }

  /** Reads until there are so many bytes; at most 4096. */
  private void need(int bytes) throws IOException {
    while (in.remaining() < bytes) {
      in.compact();
      int n;
      try {
        n = transport.read(in);
      } finally {
        in.flip();
      }
      if (n < 0) {
        throw new EOFException("the other end hung up");
      }
    }
  }

  /** True if the other end has hung up, and nothing is left to be read. */
  boolean atEnd() throws IOException {
    if (in.hasRemaining()) {
      return false;
    }
    in.clear();
    int n;
    try {
      n = transport.read(in);
    } finally {
      in.flip();
    }
    return n < 0;
  }

  int readShort() throws IOException {
    need(2);
    return in.getShort() & 0xffff;
  }

  int readInt() throws IOException {
    need(4);
    return in.getInt();
  }

  long readLong() throws IOException {
    need(8);
    return in.getLong();
  }

  /** Fills all of {@code to}. */
  void read(MemorySegment to) throws IOException {
    long done = Math.min(in.remaining(), to.byteSize());
    MemorySegment.copy(MemorySegment.ofBuffer(in), 0, to, 0, done);
    in.position(in.position() + (int) done);
    while (done < to.byteSize()) {
      MemorySegment part = to.asSlice(done, Math.min(to.byteSize() - done, 1 << 30));
      int n = transport.read(part.asByteBuffer());
      if (n < 0) {
        throw new EOFException("the other end hung up");
      }
      done += n;
    }
  }

  byte[] readBytes(int length) throws IOException {
    byte[] bytes = new byte[length];
    read(MemorySegment.ofArray(bytes));
    return bytes;
  }

  String readString(int length) throws IOException {
    return new String(readBytes(length), StandardCharsets.UTF_8);
  }

  void skip(long length) throws IOException {
    for (long left = length; left > 0; ) {
      need(1);
      int n = (int) Math.min(left, in.remaining());
      in.position(in.position() + n);
      left -= n;
    }
  }

  /** Sends all of it, with nothing of others between. */
  void send(ByteBuffer... parts) throws IOException {
    sending.lock();
    try {
      transport.write(parts);
    } finally {
      sending.unlock();
    }
  }

  @Override
  public void close() {
    transport.close();
  }
}
