package dev.kasuari.hw.virtio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A message of a {@link VirtioSerial} to its driver. Source: Virtio 1.2, 5.3.6.2 "Multiport Device
 * Operation".
 */
final class PortMessage {
  static final int DEVICE_READY = 0;
  static final int PORT_ADD = 1;
  static final int PORT_REMOVE = 2;
  static final int PORT_READY = 3;
  static final int CONSOLE_PORT = 4;
  static final int RESIZE = 5;
  static final int PORT_OPEN = 6;
  static final int PORT_NAME = 7;

  /** Bytes of a message without more: port, event, value. */
  static final int SIZE = 8;

  private final byte[] bytes;
  private final Runnable sent;

  private PortMessage(byte[] bytes, Runnable sent) {
    this.bytes = bytes;
    this.sent = sent;
  }

  /** As much of it as fits into {@code room} bytes. */
  byte[] bytes(long room) {
    return Arrays.copyOf(bytes, (int) Math.min(bytes.length, room));
  }

  /** The driver has it. */
  void sent() {
    sent.run();
  }

  /** One that is a number at the most. */
  static PortMessage of(int port, int event, int value, Runnable sent) {
    return new PortMessage(message(port, event, value, new byte[0]), sent);
  }

  /** The port's name, without an end mark: its length is the buffer's. */
  static PortMessage name(int port, String name, Runnable sent) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    return new PortMessage(message(port, PORT_NAME, 1, text), sent);
  }

  /** The size of the console: columns, then rows. */
  static PortMessage resize(int port, int columns, int rows, Runnable sent) {
    byte[] size = {
      (byte) columns, (byte) (columns >>> 8), (byte) rows, (byte) (rows >>> 8),
    };
    return new PortMessage(message(port, RESIZE, 0, size), sent);
  }

  private static byte[] message(int port, int event, int value, byte[] more) {
    byte[] bytes = new byte[SIZE + more.length];
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(port)
        .putShort((short) event)
        .putShort((short) value)
        .put(more);
    return bytes;
  }
}
