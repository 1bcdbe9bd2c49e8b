package dev.kasuari.block.ssh;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Makes packets of the bytes that a server sends. Used by one thread. */
final class Replies extends OutputStream {
  /** Bytes of a packet: data, and what stands around it. */
  private static final int MAX_PACKET = Sftp.MOST_DATA + 1024;

  private final SftpSession session;
  private final ByteBuffer length = ByteBuffer.allocate(Integer.BYTES);
  private @Nullable ByteBuffer packet;

  Replies(SftpSession session) {
    this.session = session;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    var from = ByteBuffer.wrap(bytes, offset, count);
    try {
      while (from.hasRemaining()) {
        take(from);
      }
    } catch (IOException e) {
      session.lose(e);
      throw e;
    }
  }

  private void take(ByteBuffer from) throws IOException {
    if (packet == null) {
      move(from, length);
      if (length.hasRemaining()) {
        return;
      }
      int size = length.getInt(0);
      if (size < 1 || size > MAX_PACKET) {
        throw new IOException(
            "protocol error: a packet of " + Integer.toUnsignedLong(size) + " bytes");
      }
      packet = ByteBuffer.allocate(size);
    }
    ByteBuffer whole = packet;
    move(from, whole);
    if (!whole.hasRemaining()) {
      packet = null;
      length.clear();
      session.received(whole.flip());
    }
  }

  private static void move(ByteBuffer from, ByteBuffer to) {
    int count = Math.min(from.remaining(), to.remaining());
    to.put(to.position(), from, from.position(), count);
    to.position(to.position() + count);
    from.position(from.position() + count);
  }

  /** The server has gone. */
  @Override
  public void close() {
    session.lose(new EOFException("the server closed the connection"));
  }
}
