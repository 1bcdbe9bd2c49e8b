package dev.kasuari.block.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/** TLS over another transport. */
final class TlsTransport implements Transport {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SSLEngine engine;
  private final Transport below;
  private final ReentrantLock writing = new ReentrantLock();

  /** Encrypted, ready to be taken apart. */
  private final ByteBuffer received;

  /** Plain, ready to be read. */
  private ByteBuffer plain;

  private final ByteBuffer sent;
  private boolean ended;

  /**
   * Shakes hands.
   *
   * @param given encrypted bytes that have been read already
   */
  TlsTransport(SSLEngine engine, Transport below, ByteBuffer given) throws IOException {
    this.engine = engine;
    this.below = below;
    int packet = engine.getSession().getPacketBufferSize();
    received = ByteBuffer.allocate(Math.max(packet, given.remaining()) + packet);
    received.put(given).flip();
    plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
    plain.flip();
    sent = ByteBuffer.allocate(packet + 1024);
    engine.beginHandshake();
    try {
      shakeHands();
    } catch (SSLException e) {
      complain();
      throw e;
    }
  }

  /** Lets the other end know by an alert why there will be no connection. */
  private void complain() {
    try {
      for (int i = 0; i < 4 && engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP; i++) {
        wrap(NOTHING);
      }
    } catch (IOException e) {
      // it sees that this end hangs up
    }
  }

  private void shakeHands() throws IOException {
    while (true) {
      HandshakeStatus status = engine.getHandshakeStatus();
      switch (status) {
        case NEED_WRAP -> wrap(NOTHING);
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
          if (!unwrap()) {
            throw new EOFException("the other end hung up in the TLS handshake");
          }
        }
        case NEED_TASK -> runTasks();
        case FINISHED, NOT_HANDSHAKING -> {
          return;
        }
      }
    }
  }

  private void runTasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  private void wrap(ByteBuffer... from) throws IOException {
    writing.lock();
    try {
      sent.clear();
      SSLEngineResult result = engine.wrap(from, sent);
      sent.flip();
      below.write(sent);
      if (result.getStatus() == Status.CLOSED && hasRemaining(from)) {
        throw new SSLException("the connection is closed");
      }
    } finally {
      writing.unlock();
    }
  }

  /** Takes one record apart into {@link #plain}; false at the end. */
  private boolean unwrap() throws IOException {
    while (true) {
      plain.clear();
      SSLEngineResult result;
      try {
        result = engine.unwrap(received, plain);
      } finally {
        plain.flip();
      }
      switch (result.getStatus()) {
        case OK -> {
          return true;
        }
        case CLOSED -> {
          ended = true;
          return false;
        }
        case BUFFER_OVERFLOW -> {
          plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize() * 2);
          plain.flip();
        }
        case BUFFER_UNDERFLOW -> {
          received.compact();
          int n = below.read(received);
          received.flip();
          if (n < 0) {
            ended = true;
            return false;
          }
        }
      }
    }
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    while (!plain.hasRemaining()) {
      if (ended || !unwrap()) {
        return -1;
      }
      // New keys, tickets: the engine may have something to say or to compute.
      if (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING && !plain.hasRemaining()) {
        afterRecord();
      }
    }
    int length = Math.min(plain.remaining(), to.remaining());
    to.put(to.position(), plain, plain.position(), length);
    to.position(to.position() + length);
    plain.position(plain.position() + length);
    return length;
  }

  private void afterRecord() throws IOException {
    switch (engine.getHandshakeStatus()) {
      case NEED_TASK -> runTasks();
      case NEED_WRAP -> wrap(NOTHING);
      default -> {}
    }
  }

  @Override
  public void write(ByteBuffer... from) throws IOException {
    while (hasRemaining(from)) {
      wrap(from);
    }
  }

  private static boolean hasRemaining(ByteBuffer... buffers) {
    for (ByteBuffer buffer : buffers) {
      if (buffer.hasRemaining()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() {
    if (writing.tryLock()) { // a writer that is stuck is not waited for
      try {
        engine.closeOutbound();
        wrap(NOTHING);
      } catch (IOException e) {
        // the other end may be gone already
      } finally {
        writing.unlock();
      }
    }
    below.close();
  }
}
