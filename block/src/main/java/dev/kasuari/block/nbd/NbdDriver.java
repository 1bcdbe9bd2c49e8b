package dev.kasuari.block.nbd;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.object.TlsCredentials;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code nbd}: a disk that a server of the NBD protocol exports. */
public final class NbdDriver implements BlockDriver<NbdDriver.NbdOptions> {
  /**
   * Which one.
   *
   * @param filename a name that says all: {@code nbd:…} or {@code nbd://…}
   * @param server where the server listens
   * @param host short for server.type=inet,server.host
   * @param port short for server.port
   * @param path short for server.type=unix,server.path
   * @param export the export's name
   * @param tlsCreds credentials of the client's end
   * @param tlsHostname what the server's certificate is for; the host's name if left out
   * @param reconnectDelay seconds for which requests wait for a lost connection
   * @param openTimeout seconds for which opening tries again
   * @param xDirtyBitmap a metadata context whose set bits show as holes
   */
  @Options
  public record NbdOptions(
      @Nullable String filename,
      @Nullable Server server,
      @Nullable String host,
      @Nullable String port,
      @Nullable String path,
      @Nullable String export,
      @Nullable String tlsCreds,
      @Nullable String tlsHostname,
      @Options.Default("0") @Options.Range(min = 0, max = 4294967295L) long reconnectDelay,
      @Options.Default("0") @Options.Range(min = 0, max = 4294967295L) long openTimeout,
      @Nullable String xDirtyBitmap) {}

  /**
   * Where the server listens.
   *
   * @param type which of these
   * @param host its name or address
   * @param port its port
   * @param path of its socket
   */
  @Options
  public record Server(
      Type type, @Nullable String host, @Nullable String port, @Nullable String path) {}

  /** Kinds of sockets. */
  public enum Type {
    /** TCP. */
    INET,
    /** In the file system. */
    UNIX
  }

  @Override
  public String name() {
    return "nbd";
  }

  @Override
  public List<String> protocols() {
    return List.of("nbd", "nbd+tcp", "nbd+unix", "nbds", "nbds+tcp", "nbds+unix");
  }

  @Override
  public boolean takesImages() {
    return true;
  }

  @Override
  public String doc() {
    return "a disk of a network block device server";
  }

  @Override
  public OptionCodec<NbdOptions> options() {
    return NbdDriverNbdOptionsCodec.CODEC;
  }

  @Override
  public BlockNode open(NbdOptions options, Opening opening) {
    NbdTarget target = target(options);
    TlsCredentials tls =
        options.tlsCreds() == null
            ? null
            : opening
                .objects()
                .tls(opening.where(), options.tlsCreds(), TlsCredentials.Endpoint.CLIENT);
    if (target.tls() && tls == null) {
      throw BlockException.invalid("nbds: needs tls-creds");
    }
    String hostname =
        options.tlsHostname() == null && target.address() instanceof NbdAddress.Inet inet
            ? inet.host()
            : options.tlsHostname();
    String bitmap = options.xDirtyBitmap();
    var wish =
        new ClientHandshake.Wish(
            target.export(), bitmap == null ? Nbd.BASE_ALLOCATION : bitmap, tls, hostname);
    var link = new NbdLink(target.address(), wish, options.reconnectDelay(), options.openTimeout());
    ExportInfo info = link.open();
    try {
      if (info.can(Nbd.FLAG_READ_ONLY) && opening.access().writable()) {
        if (!opening.access().autoReadOnly()) {
          throw new BlockException(
              BlockException.Kind.PERMISSION, "request on write denied without write permission");
        }
        opening.readOnly();
      }
      return new NbdNode(opening, target, link);
    } catch (RuntimeException | Error e) {
      link.close();
      throw e;
    }
  }

  private static NbdTarget target(NbdOptions options) {
    if (options.filename() != null) {
      return NbdTarget.parse(options.filename());
    }
    String export = options.export() == null ? "" : options.export();
    Server server = options.server();
    String path = server == null ? options.path() : server.path();
    String host = server == null ? options.host() : server.host();
    String port = server == null ? options.port() : server.port();
    boolean unix = server == null ? path != null : server.type() == Type.UNIX;
    if (unix && path != null) {
      return new NbdTarget(new NbdAddress.Unix(path), export, false);
    }
    if (!unix && host != null) {
      return new NbdTarget(new NbdAddress.Inet(host, NbdTarget.port(port)), export, false);
    }
    throw BlockException.invalid("NBD server address missing");
  }
}
