package dev.kasuari.block.nbd;

import dev.kasuari.block.object.TlsCredentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Options as a client sends them, and replies to them. Source: NBD protocol, "Option types". */
final class ClientOptions {
  /** More replies to one option than any server has reason to send. */
  static final int MAX_REPLIES = 4096;

  private static final int MAX_REPLY = 1 << 16;

  /** A reply that is not bigger than {@link #MAX_REPLY}. */
  @SuppressWarnings("ArrayRecordComponent") // nobody keeps or compares them
  record Reply(int type, byte[] data) {
    String text() {
      return new String(data, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
      return "reply " + Integer.toHexString(type);
    }
  }

  /**
   * What a server says of an export, not looked at yet.
   *
   * @param size bytes
   * @param flags of the transmission phase
   * @param description for people; empty if there is none
   * @param sizes whether the server said anything of block sizes
   */
  record Details(
      long size,
      int flags,
      String description,
      boolean sizes,
      int minimum,
      int preferred,
      long maximum) {}

  private final Wire wire;

  ClientOptions(Wire wire) {
    this.wire = wire;
  }

  /** Answers the server's greeting. */
  void answer(int flags) throws IOException {
    int known = flags & (Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES);
    wire.send(ByteBuffer.allocate(4).putInt(known).flip());
  }

  void send(int option, byte[] data) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(16 + data.length);
    out.putLong(Nbd.OPTION_MAGIC).putInt(option).putInt(data.length).put(data).flip();
    wire.send(out);
  }

  Reply reply(int option) throws IOException {
    long magic = wire.readLong();
    if (magic != Nbd.OPTION_REPLY_MAGIC) {
      throw new NbdException("Unexpected option reply magic 0x%x".formatted(magic));
    }
    int to = wire.readInt();
    if (to != option) {
      throw new NbdException("Unexpected option type " + to + ", expected " + option);
    }
    int type = wire.readInt();
    long length = wire.readInt() & 0xffff_ffffL;
    if (length > MAX_REPLY) {
      throw new NbdException("Option reply is too long: " + length + " bytes");
    }
    return new Reply(type, wire.readBytes((int) length));
  }

  /** An option that is acknowledged or not. */
  boolean simple(int option) throws IOException {
    send(option, new byte[0]);
    Reply reply = reply(option);
    if (reply.type() == Nbd.REP_ACK) {
      return true;
    }
    if (reply.type() < 0) {
      return false;
    }
    throw new NbdException("Unexpected reply type " + reply.type());
  }

  void startTls(TlsCredentials credentials, @Nullable String hostname) throws IOException {
    if (!simple(Nbd.OPT_STARTTLS)) {
      throw new NbdException("Server does not support STARTTLS");
    }
    wire.startTls(credentials, hostname);
  }

  /**
   * An export by {@code NBD_OPT_GO} or {@code NBD_OPT_INFO}, or null if the server does not know
   * that option.
   */
  @Nullable Details details(int option, String name) throws IOException {
    byte[] export = name.getBytes(StandardCharsets.UTF_8);
    boolean look = option == Nbd.OPT_INFO;
    ByteBuffer data = ByteBuffer.allocate((look ? 10 : 8) + export.length);
    data.putInt(export.length).put(export).putShort((short) (look ? 2 : 1));
    data.putShort((short) Nbd.INFO_BLOCK_SIZE);
    if (look) {
      data.putShort((short) Nbd.INFO_DESCRIPTION);
    }
    send(option, data.array());
    var found = new Details(-1, 0, "", false, 1, 4096, Nbd.MAX_DATA);
    for (int n = 0; n < MAX_REPLIES; n++) {
      Reply reply = reply(option);
      if (reply.type() == Nbd.REP_ACK) {
        if (found.size() < 0) {
          throw new NbdException("broken server omitted NBD_INFO_EXPORT, or its size is negative");
        }
        return found;
      }
      if (reply.type() == Nbd.REP_ERR_UNSUP) {
        return null;
      }
      if (reply.type() < 0) {
        throw refused(reply);
      }
      if (reply.type() != Nbd.REP_INFO || reply.data().length < 2) {
        throw new NbdException("Unexpected reply type " + reply.type());
      }
      found = with(found, reply);
    }
    throw new NbdException("endless replies");
  }

  private static Details with(Details d, Reply reply) throws NbdException {
    ByteBuffer in = ByteBuffer.wrap(reply.data());
    int kind = in.getShort() & 0xffff;
    if (kind == Nbd.INFO_EXPORT) {
      requireLength(reply, 12);
    } else if (kind == Nbd.INFO_BLOCK_SIZE) {
      requireLength(reply, 14);
    }
    return switch (kind) {
      case Nbd.INFO_EXPORT ->
          new Details(
              in.getLong(),
              in.getShort() & 0xffff,
              d.description(),
              d.sizes(),
              d.minimum(),
              d.preferred(),
              d.maximum());
      case Nbd.INFO_BLOCK_SIZE ->
          new Details(
              d.size(),
              d.flags(),
              d.description(),
              true,
              in.getInt(),
              in.getInt(),
              in.getInt() & 0xffff_ffffL);
      case Nbd.INFO_DESCRIPTION ->
          new Details(
              d.size(),
              d.flags(),
              StandardCharsets.UTF_8.decode(in).toString(),
              d.sizes(),
              d.minimum(),
              d.preferred(),
              d.maximum());
      default -> d;
    };
  }

  private static void requireLength(Reply reply, int length) throws NbdException {
    if (reply.data().length != length) {
      throw new NbdException("info of " + reply.data().length + " bytes, not " + length);
    }
  }

  /** Why the server does not want to. */
  static NbdException refused(Reply reply) {
    String text = reply.text();
    String why =
        switch (reply.type()) {
          case Nbd.REP_ERR_POLICY -> "Denied by server";
          case Nbd.REP_ERR_TLS_REQD -> "Server requires TLS; give tls-creds";
          case Nbd.REP_ERR_UNKNOWN -> "Requested export not available";
          case Nbd.REP_ERR_SHUTDOWN -> "Server shutting down";
          case Nbd.REP_ERR_BLOCK_SIZE_REQD -> "Server requires block size negotiation";
          default -> "Server refused the export, code 0x" + Integer.toHexString(reply.type());
        };
    String said = text.length() > 200 ? text.substring(0, 200) : text;
    return new NbdException(said.isEmpty() ? why : why + " (server reported: " + said + ")");
  }
}
