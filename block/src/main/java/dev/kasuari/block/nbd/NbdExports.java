package dev.kasuari.block.nbd;

import dev.kasuari.block.TimeLimit;
import dev.kasuari.block.object.TlsCredentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a server shows. Source: NBD protocol, "NBD_OPT_LIST", "NBD_OPT_INFO". */
public final class NbdExports {
  /** More exports than are asked for. */
  private static final int MAX_EXPORTS = 1024;

  /** How long all of it may take. */
  private static final int SECONDS = 30;

  /**
   * An export of a server.
   *
   * @param description for people; empty if there is none
   * @param size bytes; −1 if the server tells no more than names
   * @param flags what it can do, by the protocol's bits
   * @param blocks the smallest, best and greatest length of requests; null if it did not say
   * @param contexts what clients can ask of ranges
   */
  public record Listed(
      String name,
      String description,
      long size,
      int flags,
      @Nullable Blocks blocks,
      List<String> contexts) {}

  /** Lengths of requests, bytes. */
  public record Blocks(long minimum, long preferred, long maximum) {}

  private final Wire wire;
  private final ClientOptions options;

  private NbdExports(Wire wire) {
    this.wire = wire;
    options = new ClientOptions(wire);
  }

  /** The exports of a server. */
  public static List<Listed> of(
      NbdAddress address, @Nullable TlsCredentials tls, @Nullable String hostname)
      throws IOException {
    try (Wire wire = new Wire(new PlainTransport(address.connect()));
        var limit = new TimeLimit(wire::close, SECONDS)) {
      try {
        return new NbdExports(wire).list(tls, hostname);
      } catch (IOException e) {
        throw limit.explained(e);
      }
    }
  }

  private List<Listed> list(@Nullable TlsCredentials tls, @Nullable String hostname)
      throws IOException {
    if (wire.readLong() != Nbd.MAGIC || wire.readLong() != Nbd.OPTION_MAGIC) {
      throw new NbdException("the server does not list its exports");
    }
    options.answer(wire.readShort());
    if (tls != null) {
      options.startTls(tls, hostname);
    }
    boolean structured = options.simple(Nbd.OPT_STRUCTURED_REPLY);
    var exports = new ArrayList<Listed>();
    for (Listed named : names()) {
      ClientOptions.Details found = options.details(Nbd.OPT_INFO, named.name());
      if (found == null) {
        exports.add(named);
        continue;
      }
      exports.add(
          new Listed(
              named.name(),
              found.description().isEmpty() ? named.description() : found.description(),
              found.size(),
              found.flags(),
              found.sizes()
                  ? new Blocks(found.minimum(), found.preferred(), found.maximum())
                  : null,
              structured ? contexts(named.name()) : List.of()));
    }
    options.send(Nbd.OPT_ABORT, new byte[0]);
    return exports;
  }

  private List<Listed> names() throws IOException {
    options.send(Nbd.OPT_LIST, new byte[0]);
    var names = new ArrayList<Listed>();
    for (int n = 0; n < MAX_EXPORTS; n++) {
      ClientOptions.Reply reply = options.reply(Nbd.OPT_LIST);
      if (reply.type() == Nbd.REP_ACK) {
        return names;
      }
      if (reply.type() != Nbd.REP_SERVER || reply.data().length < 4) {
        throw ClientOptions.refused(reply);
      }
      ByteBuffer in = ByteBuffer.wrap(reply.data());
      int length = in.getInt();
      if (length < 0 || length > in.remaining()) {
        throw new NbdException("incorrect option name length");
      }
      String name = new String(reply.data(), 4, length, StandardCharsets.UTF_8);
      String text = StandardCharsets.UTF_8.decode(in.position(4 + length)).toString();
      names.add(new Listed(name, text, -1, 0, null, List.of()));
    }
    throw new NbdException("endless replies");
  }

  private List<String> contexts(String name) throws IOException {
    byte[] export = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(8 + export.length);
    options.send(
        Nbd.OPT_LIST_META_CONTEXT, data.putInt(export.length).put(export).putInt(0).array());
    var contexts = new ArrayList<String>();
    for (int n = 0; n < ClientOptions.MAX_REPLIES; n++) {
      ClientOptions.Reply reply = options.reply(Nbd.OPT_LIST_META_CONTEXT);
      if (reply.type() == Nbd.REP_ACK || reply.type() < 0) {
        return contexts;
      }
      if (reply.type() != Nbd.REP_META_CONTEXT || reply.data().length < 4) {
        throw new NbdException("Unexpected reply type " + reply.type());
      }
      ByteBuffer in = ByteBuffer.wrap(reply.data()).position(4);
      contexts.add(StandardCharsets.UTF_8.decode(in).toString());
    }
    throw new NbdException("endless replies");
  }
}
