package dev.kasuari.block.nbd;

import dev.kasuari.block.object.TlsCredentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The server's half of the handshake. Source: NBD protocol, "Negotiation". */
final class ServerHandshake {
  /** Data of one option: a name, and queries. */
  private static final int MAX_OPTION = 1 << 16;

  private static final int MAX_OPTIONS = 1024;
  private static final int MAX_QUERIES = 256;
  private static final int PREFERRED_BLOCK = 4096;

  /**
   * What came of it.
   *
   * @param contexts that the client may ask; their numbers are their places
   */
  record Result(
      NbdExport export, boolean structured, boolean extended, List<MetaContext> contexts) {}

  private final Wire wire;
  private final Map<String, NbdExport> exports;
  private final @Nullable TlsCredentials tls;
  private boolean secure;
  private boolean noZeroes;
  private boolean structured;
  private boolean extended;
  private @Nullable NbdExport contextsOf;
  private List<MetaContext> contexts = List.of();

  ServerHandshake(Wire wire, Map<String, NbdExport> exports, @Nullable TlsCredentials tls) {
    this.wire = wire;
    this.exports = exports;
    this.tls = tls;
  }

  /** The export that the client uses, or null if it leaves. */
  @Nullable Result run() throws IOException {
    ByteBuffer hello = ByteBuffer.allocate(18);
    hello.putLong(Nbd.MAGIC).putLong(Nbd.OPTION_MAGIC);
    hello.putShort((short) (Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES)).flip();
    wire.send(hello);
    int flags = wire.readInt();
    if ((flags & ~(Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES)) != 0) {
      throw new NbdException("unknown client flags 0x" + Integer.toHexString(flags));
    }
    noZeroes = (flags & Nbd.NO_ZEROES) != 0;
    for (int n = 0; n < MAX_OPTIONS; n++) {
      long magic = wire.readLong();
      if (magic != Nbd.OPTION_MAGIC) {
        throw new NbdException("bad magic 0x%x".formatted(magic));
      }
      int option = wire.readInt();
      long length = wire.readInt() & 0xffff_ffffL;
      if (length > MAX_OPTION) {
        if (option == Nbd.OPT_EXPORT_NAME || length > Nbd.MAX_DATA) {
          throw new NbdException("option of " + length + " bytes");
        }
        wire.skip(length);
        error(option, Nbd.REP_ERR_TOO_BIG, "option too big");
        continue;
      }
      ByteBuffer data = ByteBuffer.wrap(wire.readBytes((int) length));
      if (option == Nbd.OPT_ABORT) {
        reply(option, Nbd.REP_ACK);
        return null;
      }
      Result result = option(option, data);
      if (result != null) {
        return result;
      }
    }
    throw new NbdException("endless options");
  }

  private @Nullable Result option(int option, ByteBuffer data) throws IOException {
    if (tls != null && !secure && option != Nbd.OPT_STARTTLS) {
      if (option == Nbd.OPT_EXPORT_NAME) {
        throw new NbdException("no export without TLS");
      }
      error(option, Nbd.REP_ERR_TLS_REQD, "this server requires TLS");
      return null;
    }
    switch (option) {
      case Nbd.OPT_EXPORT_NAME -> {
        return exportName(data);
      }
      case Nbd.OPT_INFO, Nbd.OPT_GO -> {
        return go(option, data);
      }
      case Nbd.OPT_LIST -> list(data);
      case Nbd.OPT_STARTTLS -> startTls(data);
      case Nbd.OPT_STRUCTURED_REPLY -> {
        if (extended) {
          error(option, Nbd.REP_ERR_INVALID, "extended headers are negotiated already");
        } else if (empty(option, data)) {
          structured = true;
          reply(option, Nbd.REP_ACK);
        }
      }
      case Nbd.OPT_EXTENDED_HEADERS -> {
        if (empty(option, data)) {
          structured = true;
          extended = true;
          reply(option, Nbd.REP_ACK);
        }
      }
      case Nbd.OPT_LIST_META_CONTEXT, Nbd.OPT_SET_META_CONTEXT -> meta(option, data);
      default -> error(option, Nbd.REP_ERR_UNSUP, "unknown option " + option);
    }
    return null;
  }

  private boolean empty(int option, ByteBuffer data) throws IOException {
    if (!data.hasRemaining()) {
      return true;
    }
    error(option, Nbd.REP_ERR_INVALID, "option has unexpected data");
    return false;
  }

  private void reply(int option, int type, byte[]... parts) throws IOException {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer out = ByteBuffer.allocate(20 + length);
    out.putLong(Nbd.OPTION_REPLY_MAGIC).putInt(option).putInt(type).putInt(length);
    for (byte[] part : parts) {
      out.put(part);
    }
    wire.send(out.flip());
  }

  private void error(int option, int type, String text) throws IOException {
    reply(option, type, text.getBytes(StandardCharsets.UTF_8));
  }

  private static @Nullable String string(ByteBuffer data) {
    if (data.remaining() < 4) {
      return null;
    }
    int length = data.getInt();
    if (length < 0 || length > data.remaining() || length > Nbd.MAX_STRING) {
      return null;
    }
    byte[] bytes = new byte[length];
    data.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private Result exportName(ByteBuffer data) throws IOException {
    NbdExport export = exports.get(StandardCharsets.UTF_8.decode(data).toString());
    if (export == null) {
      throw new NbdException("no such export");
    }
    ByteBuffer out = ByteBuffer.allocate(10 + (noZeroes ? 0 : 124));
    out.putLong(export.node().size()).putShort((short) export.flags(structured));
    wire.send(out.rewind());
    return result(export);
  }

  private Result result(NbdExport export) {
    boolean same = export.equals(contextsOf);
    return new Result(export, structured, extended, same ? contexts : List.of());
  }

  private void startTls(ByteBuffer data) throws IOException {
    if (tls == null) {
      error(Nbd.OPT_STARTTLS, Nbd.REP_ERR_POLICY, "TLS not configured");
    } else if (secure) {
      error(Nbd.OPT_STARTTLS, Nbd.REP_ERR_INVALID, "TLS already enabled");
    } else if (empty(Nbd.OPT_STARTTLS, data)) {
      reply(Nbd.OPT_STARTTLS, Nbd.REP_ACK);
      wire.requireNothingRead(); // plain bytes that were sent ahead are somebody else's
      wire.startTls(tls, null);
      secure = true;
      structured = false;
      extended = false;
      contexts = List.of();
    }
  }

  private void list(ByteBuffer data) throws IOException {
    if (!empty(Nbd.OPT_LIST, data)) {
      return;
    }
    for (NbdExport export : exports.values()) {
      byte[] name = export.name().getBytes(StandardCharsets.UTF_8);
      String text = export.description() == null ? "" : export.description();
      byte[] length = ByteBuffer.allocate(4).putInt(name.length).array();
      reply(Nbd.OPT_LIST, Nbd.REP_SERVER, length, name, text.getBytes(StandardCharsets.UTF_8));
    }
    reply(Nbd.OPT_LIST, Nbd.REP_ACK);
  }

  private @Nullable Result go(int option, ByteBuffer data) throws IOException {
    String name = string(data);
    if (name == null || data.remaining() < 2) {
      error(option, Nbd.REP_ERR_INVALID, "option is too short");
      return null;
    }
    int count = data.getShort() & 0xffff;
    if (data.remaining() != 2 * count) {
      error(option, Nbd.REP_ERR_INVALID, "information requests have another length");
      return null;
    }
    var wanted = new ArrayList<Integer>();
    while (data.hasRemaining()) {
      wanted.add(data.getShort() & 0xffff);
    }
    NbdExport export = exports.get(name);
    if (export == null) {
      error(option, Nbd.REP_ERR_UNKNOWN, "export '" + name + "' not present");
      return null;
    }
    if (wanted.contains(Nbd.INFO_NAME)) {
      info(option, Nbd.INFO_NAME, name.getBytes(StandardCharsets.UTF_8));
    }
    String text = export.description();
    if (wanted.contains(Nbd.INFO_DESCRIPTION) && text != null) {
      info(option, Nbd.INFO_DESCRIPTION, text.getBytes(StandardCharsets.UTF_8));
    }
    info(
        option,
        Nbd.INFO_BLOCK_SIZE,
        ByteBuffer.allocate(12).putInt(1).putInt(PREFERRED_BLOCK).putInt(Nbd.MAX_DATA).array());
    info(
        option,
        Nbd.INFO_EXPORT,
        ByteBuffer.allocate(10)
            .putLong(export.node().size())
            .putShort((short) export.flags(structured))
            .array());
    reply(option, Nbd.REP_ACK);
    return option == Nbd.OPT_GO ? result(export) : null;
  }

  private void info(int option, int kind, byte[] data) throws IOException {
    reply(option, Nbd.REP_INFO, ByteBuffer.allocate(2).putShort((short) kind).array(), data);
  }

  private void meta(int option, ByteBuffer data) throws IOException {
    boolean listing = option == Nbd.OPT_LIST_META_CONTEXT;
    if (!structured) {
      error(option, Nbd.REP_ERR_INVALID, "structured replies are not negotiated");
      return;
    }
    String name = string(data);
    int count = name == null || data.remaining() < 4 ? -1 : data.getInt();
    if (name == null || count < 0 || count > MAX_QUERIES) {
      error(option, Nbd.REP_ERR_INVALID, "queries make no sense");
      return;
    }
    NbdExport export = exports.get(name);
    if (export == null) {
      error(option, Nbd.REP_ERR_UNKNOWN, "export '" + name + "' not present");
      return;
    }
    var queries = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      String query = string(data);
      if (query == null) {
        error(option, Nbd.REP_ERR_INVALID, "a query has another length");
        return;
      }
      queries.add(query);
    }
    boolean all = listing && queries.isEmpty();
    List<MetaContext> found =
        export.contexts().stream()
            .filter(c -> all || queries.stream().anyMatch(q -> c.matches(q, listing)))
            .toList();
    for (int id = 0; id < found.size(); id++) {
      reply(
          option,
          Nbd.REP_META_CONTEXT,
          ByteBuffer.allocate(4).putInt(listing ? 0 : id).array(),
          found.get(id).name().getBytes(StandardCharsets.UTF_8));
    }
    reply(option, Nbd.REP_ACK);
    if (!listing) {
      contextsOf = export;
      contexts = found;
    }
  }
}
