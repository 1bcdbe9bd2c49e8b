package dev.kasuari.block.nbd;

import dev.kasuari.block.object.TlsCredentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The client's half of the handshake. Source: NBD protocol, "Protocol phases", "Negotiation". */
final class ClientHandshake {
  /**
   * What the client wants.
   *
   * @param export the export's name
   * @param context the metadata context that is asked for block status
   * @param tls credentials, or null for plain bytes
   * @param hostname what the server's certificate has to be for
   */
  record Wish(
      String export, String context, @Nullable TlsCredentials tls, @Nullable String hostname) {}

  /**
   * What came of it.
   *
   * @param structured replies come in chunks
   * @param extended headers have 64-bit lengths
   * @param context the number of the metadata context, or −1 if the server does not have it
   */
  record Result(ExportInfo info, boolean structured, boolean extended, long context) {}

  private final Wire wire;
  private final ClientOptions options;
  private final Wish wish;
  private boolean noZeroes;

  ClientHandshake(Wire wire, Wish wish) {
    this.wire = wire;
    options = new ClientOptions(wire);
    this.wish = wish;
  }

  Result run() throws IOException {
    long magic = wire.readLong();
    if (magic != Nbd.MAGIC) {
      throw new NbdException("Bad initial magic received: 0x%x".formatted(magic));
    }
    long style = wire.readLong();
    if (style == Nbd.OLD_MAGIC) {
      return oldStyle();
    }
    if (style != Nbd.OPTION_MAGIC) {
      throw new NbdException("Bad server magic received: 0x%x".formatted(style));
    }
    int flags = wire.readShort();
    boolean fixed = (flags & Nbd.FIXED_NEWSTYLE) != 0;
    noZeroes = (flags & Nbd.NO_ZEROES) != 0;
    options.answer(flags);
    if (!fixed) {
      if (wish.tls() != null) {
        throw new NbdException("Server does not support STARTTLS");
      }
      return byName(false);
    }
    if (wish.tls() != null) {
      options.startTls(wish.tls(), wish.hostname());
    }
    boolean extended = options.simple(Nbd.OPT_EXTENDED_HEADERS);
    boolean structured = extended || options.simple(Nbd.OPT_STRUCTURED_REPLY);
    long context = structured ? context() : -1;
    ClientOptions.Details found = options.details(Nbd.OPT_GO, wish.export());
    return found == null
        ? byName(structured)
        : new Result(
            checked(found.size(), found.flags(), found.minimum(), found.maximum()),
            structured,
            extended,
            context);
  }

  private Result oldStyle() throws IOException {
    if (wish.tls() != null) {
      throw new NbdException("Server does not support STARTTLS");
    }
    if (!wish.export().isEmpty()) {
      throw new NbdException("Server does not support non-empty export names");
    }
    long size = wire.readLong();
    int flags = wire.readInt();
    wire.skip(124);
    return new Result(checked(size, flags & 0xffff, 1, Nbd.MAX_DATA), false, false, -1);
  }

  private long context() throws IOException {
    byte[] export = wish.export().getBytes(StandardCharsets.UTF_8);
    byte[] query = wish.context().getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(12 + export.length + query.length);
    data.putInt(export.length).put(export).putInt(1).putInt(query.length).put(query);
    options.send(Nbd.OPT_SET_META_CONTEXT, data.array());
    long found = -1;
    for (int n = 0; n < ClientOptions.MAX_REPLIES; n++) {
      ClientOptions.Reply reply = options.reply(Nbd.OPT_SET_META_CONTEXT);
      if (reply.type() == Nbd.REP_ACK) {
        return found;
      }
      if (reply.type() < 0) {
        return -1;
      }
      if (reply.type() != Nbd.REP_META_CONTEXT || reply.data().length < 4) {
        throw new NbdException("Unexpected reply type " + reply.type());
      }
      ByteBuffer in = ByteBuffer.wrap(reply.data());
      long id = in.getInt() & 0xffff_ffffL;
      String name = StandardCharsets.UTF_8.decode(in).toString();
      if (!name.equals(wish.context())) {
        throw new NbdException("requested context '%s', got '%s'".formatted(wish.context(), name));
      }
      found = id;
    }
    throw new NbdException("endless replies");
  }

  private Result byName(boolean structured) throws IOException {
    options.send(Nbd.OPT_EXPORT_NAME, wish.export().getBytes(StandardCharsets.UTF_8));
    long size = wire.readLong();
    int flags = wire.readShort();
    if (!noZeroes) {
      wire.skip(124);
    }
    return new Result(checked(size, flags, 1, Nbd.MAX_DATA), structured, false, -1);
  }

  private static ExportInfo checked(long size, int flags, int minimum, long maximum)
      throws NbdException {
    if (size < 0) {
      throw new NbdException("an export of more than 2^63 bytes");
    }
    if (Integer.bitCount(minimum) != 1 || minimum > 1 << 16 || minimum < 1) {
      throw new NbdException("server minimum block size " + minimum + " is not a power of two");
    }
    if (size % minimum != 0) {
      throw new NbdException(
          "export length %d is not multiple of minimum block size %d".formatted(size, minimum));
    }
    if (maximum < minimum || (maximum % minimum != 0 && maximum != 0xffff_ffffL)) {
      throw new NbdException(
          "server maximum block size %d is not multiple of minimum block size %d"
              .formatted(maximum, minimum));
    }
    int most = (int) Math.min(maximum, Nbd.MAX_DATA) & -minimum;
    return new ExportInfo(size, flags, minimum, most);
  }
}
