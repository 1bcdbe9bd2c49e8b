package dev.kasuari.it;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** The debugger's side of the GDB remote serial protocol. Source: GDB manual, appendix E. */
final class GdbRemote {
  /** Bytes of memory asked for at once; every stub takes replies of this size. */
  private static final int CHUNK = 1024;

  private static final HexFormat HEX = HexFormat.of();

  private final InputStream in;
  private final OutputStream out;

  GdbRemote(InputStream in, OutputStream out) throws IOException {
    this.in = new BufferedInputStream(in);
    this.out = out;
    ask("qSupported:xmlRegisters=riscv");
    ask("?");
  }

  /** Sends a command and returns the reply's payload. */
  String ask(String command) throws IOException {
    send(command);
    return receive();
  }

  private String askOk(String command) throws IOException {
    String reply = ask(command);
    if (!reply.equals("OK")) {
      throw new IOException("GDB stub answers '" + reply + "' to '" + command + "'");
    }
    return reply;
  }

  private void send(String command) throws IOException {
    byte[] payload = command.getBytes(StandardCharsets.ISO_8859_1);
    int sum = 0;
    for (byte b : payload) {
      sum += b;
    }
    out.write('$');
    out.write(payload);
    out.write("#%02x".formatted(sum & 0xff).getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  private String receive() throws IOException {
    while (next() != '$') {
      // An acknowledgement, or noise before the packet.
    }
    var payload = new StringBuilder();
    for (int c = next(); c != '#'; c = next()) {
      payload.append((char) c);
    }
    next();
    next();
    out.write('+');
    out.flush();
    return payload.toString();
  }

  private int next() throws IOException {
    int c = in.read();
    if (c < 0) {
      throw new EOFException("the GDB stub has closed the connection");
    }
    return c;
  }

  /** Has addresses be physical from now on, where the stub can do that. */
  void physical() throws IOException {
    ask("Qqemu.PhyMemMode:1");
  }

  /** Reads guest memory; as the current mode sees it, unless addresses are physical. */
  byte[] memory(long address, int length) throws IOException {
    byte[] bytes = new byte[length];
    for (int at = 0; at < length; at += CHUNK) {
      int part = Math.min(CHUNK, length - at);
      String reply = ask("m%x,%x".formatted(address + at, part));
      if (reply.length() != 2 * part) {
        throw new IOException("no memory at 0x%x: %s".formatted(address + at, reply));
      }
      System.arraycopy(HEX.parseHex(reply), 0, bytes, at, part);
    }
    return bytes;
  }

  /** {@code x0} to {@code x31} and {@code pc}, each 64 bits. */
  long[] registers() throws IOException {
    byte[] bytes = HEX.parseHex(ask("g"));
    long[] registers = new long[33];
    int width = bytes.length / registers.length;
    for (int i = 0; i < registers.length * width; i++) {
      registers[i / width] |= (bytes[i] & 0xffL) << (8 * (i % width));
    }
    return registers;
  }

  void insertBreakpoint(long address) throws IOException {
    askOk("Z0,%x,4".formatted(address));
  }

  /** Continues; {@link #awaitStop} says when the guest has stopped. */
  void resume() throws IOException {
    send("c");
  }

  /** Waits for the stop reply. */
  String awaitStop() throws IOException {
    return receive();
  }

  /** Asks a running guest to stop. */
  void interrupt() throws IOException {
    out.write(3);
    out.flush();
  }
}
