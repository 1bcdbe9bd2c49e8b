package dev.kasuari.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A socket. */
final class PlainTransport implements Transport {
  private final SocketChannel socket;

  PlainTransport(SocketChannel socket) {
    this.socket = socket;
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    return socket.read(to);
  }

  @Override
  public void write(ByteBuffer... from) throws IOException {
    for (int i = 0; i < from.length; ) {
      if (from[i].hasRemaining()) {
        socket.write(from, i, from.length - i);
      } else {
        i++;
      }
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // nothing is left to be done
    }
  }
}
