package dev.kasuari.block.ssh;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.UriParts;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code ssh}: a disk that is a file of a server, reached by SSH and SFTP. */
public final class SshDriver implements BlockDriver<SshDriver.SshOptions> {
  /**
   * Which file of which server.
   *
   * @param filename a name that says all: {@code ssh://…}
   * @param path of the file
   * @param user on the server; who runs this if left out
   * @param server where the server listens
   * @param hostKeyCheck how it is made sure that it is the server that is meant; known_hosts if
   *     left out
   * @param host short for server.host
   * @param port short for server.port
   * @param hostKeyCheckText the same as a word: yes, no, or md5:HASH, sha1:HASH, sha256:HASH
   */
  @Options
  public record SshOptions(
      @Nullable String filename,
      @Nullable String path,
      @Nullable String user,
      @Nullable Server server,
      @Nullable KeyCheck hostKeyCheck,
      @Nullable String host,
      @Nullable String port,
      @Options.Name("host_key_check") @Nullable String hostKeyCheckText) {}

  /**
   * Where a server listens.
   *
   * @param host its name or address
   * @param port its port
   */
  @Options
  public record Server(String host, String port) {}

  /**
   * How a server's key is looked at.
   *
   * @param mode by what
   * @param type which fingerprint hash is
   * @param hash the fingerprint, hexadecimal, with or without colons
   */
  @Options
  public record KeyCheck(Mode mode, @Nullable HashType type, @Nullable String hash) {}

  /** By what a server's key is known. */
  public enum Mode {
    /** It is not. */
    NONE,
    /** By its fingerprint. */
    HASH,
    /** By the user's list, or the one of all users. */
    @Options.Name("known_hosts")
    KNOWN_HOSTS
  }

  /** Kinds of fingerprints. */
  public enum HashType {
    /** MD5. */
    MD5("MD5"),
    /** SHA-1. */
    SHA1("SHA-1"),
    /** SHA-256. */
    SHA256("SHA-256");

    private final String algorithm;

    HashType(String algorithm) {
      this.algorithm = algorithm;
    }

    String algorithm() {
      return algorithm;
    }
  }

  @Override
  public String name() {
    return "ssh";
  }

  @Override
  public boolean takesImages() {
    return true;
  }

  @Override
  public String doc() {
    return "a disk that is a file of a server, by SSH";
  }

  @Override
  public OptionCodec<SshOptions> options() {
    return SshDriverSshOptionsCodec.CODEC;
  }

  @Override
  public BlockNode open(SshOptions options, Opening opening) {
    SshTarget target = target(options);
    return open(opening, target, () -> SshConnection.open(target));
  }

  static BlockNode open(Opening opening, SshTarget target, Supplier<SftpSession> connect) {
    var link = new SshLink(target.server(), target.path(), connect);
    try {
      return new SshNode(opening, target, link, opened(opening, link));
    } catch (RuntimeException | Error e) {
      link.close();
      throw e;
    }
  }

  private static SftpReply.Attributes opened(Opening opening, SshLink link) {
    boolean write = opening.access().writable();
    try {
      return link.open(write);
    } catch (BlockException e) {
      if (!write || !opening.access().autoReadOnly() || e.kind() != Kind.PERMISSION) {
        throw e;
      }
      opening.readOnly();
      return link.open(false);
    }
  }

  @Override
  public boolean createFile(String filename) {
    SshTarget target = SshTarget.parse(filename);
    try (var link = new SshLink(target.server(), target.path(), () -> SshConnection.open(target))) {
      link.create();
    }
    return true;
  }

  static SshTarget target(SshOptions options) {
    if (options.filename() != null) {
      refuseBeside(options);
      return SshTarget.parse(options.filename());
    }
    String path = required(options.path(), "path");
    Server server = options.server();
    if (options.host() == null && options.port() != null) {
      throw BlockException.invalid("port may not be used without host");
    }
    String host = options.host();
    String port = options.port() == null ? "" + SshTarget.DEFAULT_PORT : options.port();
    if (host == null) {
      if (server == null) {
        throw new OptionException("Parameter 'server' is missing");
      }
      host = server.host();
      port = server.port();
    }
    return new SshTarget(
        host,
        UriParts.port(port),
        SshTarget.user(options.user()),
        path,
        check(options),
        options.hostKeyCheckText());
  }

  private static void refuseBeside(SshOptions options) {
    String beside =
        options.path() != null
            ? "path"
            : options.host() != null
                ? "host"
                : options.server() != null
                    ? "server"
                    : options.user() != null
                        ? "user"
                        : options.port() != null
                            ? "port"
                            : options.hostKeyCheckText() != null ? "host_key_check" : null;
    if (beside != null) {
      throw BlockException.invalid("Option '" + beside + "' cannot be used with a file name");
    }
  }

  private static String required(@Nullable String value, String option) {
    if (value == null) {
      throw new OptionException("Parameter '" + option + "' is missing");
    }
    return value;
  }

  private static HostKeyCheck check(SshOptions options) {
    KeyCheck check = options.hostKeyCheck();
    if (check == null) {
      return HostKeyCheck.of(options.hostKeyCheckText());
    }
    return switch (check.mode()) {
      case NONE -> new HostKeyCheck.None();
      case KNOWN_HOSTS -> new HostKeyCheck.KnownHosts();
      case HASH -> {
        if (check.type() == null) {
          throw new OptionException("Parameter 'host-key-check.type' is missing");
        }
        yield new HostKeyCheck.Fingerprint(
            check.type(), required(check.hash(), "host-key-check.hash"));
      }
    };
  }
}
