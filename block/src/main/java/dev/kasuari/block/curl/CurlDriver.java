package dev.kasuari.block.curl;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** {@code http}, {@code https}: a disk that a web server has, read only. */
public final class CurlDriver implements BlockDriver<CurlDriver.CurlOptions> {
  private static final int SECTOR = 512;

  /**
   * Which file, and how it is read.
   *
   * @param filename the address, as url
   * @param url the address
   * @param readahead bytes that are read behind those that are needed, a multiple of 512
   * @param sslverify whether the server has to have a certificate of an authority, for its name
   * @param timeout seconds that a server may take to answer
   * @param username of HTTP's basic authentication
   * @param passwordSecret the id of the secret that is its password
   * @param cookie what is sent as cookies
   * @param cookieSecret the id of the secret that is sent as cookies
   */
  @Options
  public record CurlOptions(
      @Nullable String filename,
      @Nullable String url,
      @Options.Default("256K") @Options.Size long readahead,
      @Options.Default("on") boolean sslverify,
      @Options.Default("5") @Options.Range(min = 1, max = 10_000) int timeout,
      @Nullable String username,
      @Nullable String passwordSecret,
      @Nullable String cookie,
      @Nullable String cookieSecret) {}

  private final String name;

  /** The driver of one of the two protocols. */
  public CurlDriver(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String doc() {
    return "a disk on a web server, read only, by " + name;
  }

  @Override
  public OptionCodec<CurlOptions> options() {
    return CurlDriverCurlOptionsCodec.CODEC;
  }

  @Override
  public BlockNode open(CurlOptions options, Opening opening) {
    String url = options.url() == null ? options.filename() : options.url();
    if (url == null) {
      throw new OptionException("curl block driver requires an 'url' option");
    }
    if (!url.regionMatches(true, 0, name + "://", 0, name.length() + 3)) {
      throw BlockException.invalid(
          name
              + " curl driver cannot handle the URL '"
              + url
              + "' (does not start with '"
              + name
              + "://')");
    }
    if (options.readahead() % SECTOR != 0 || options.readahead() > CurlNode.MAX_READAHEAD) {
      throw BlockException.invalid(
          options.readahead() % SECTOR != 0
              ? "HTTP readahead must be a multiple of 512"
              : "HTTP readahead cannot be more than " + CurlNode.MAX_READAHEAD);
    }
    if (opening.access().writable()) {
      if (!opening.access().autoReadOnly()) {
        throw new BlockException(
            BlockException.Kind.READ_ONLY, "curl driver does not support writes");
      }
      opening.readOnly();
    }
    var file =
        new HttpFile(
            url,
            options.sslverify(),
            options.timeout(),
            credentials(options, opening),
            cookie(options, opening));
    return new CurlNode(opening, url, file, (int) options.readahead());
  }

  private static HttpFile.@Nullable Credentials credentials(CurlOptions options, Opening opening) {
    if (options.username() == null && options.passwordSecret() == null) {
      return null;
    }
    String password =
        options.passwordSecret() == null ? "" : secret(opening, options.passwordSecret());
    return new HttpFile.Credentials(options.username() == null ? "" : options.username(), password);
  }

  private static @Nullable String cookie(CurlOptions options, Opening opening) {
    if (options.cookie() != null && options.cookieSecret() != null) {
      throw new OptionException("curl driver cannot handle both cookie and cookie secret");
    }
    return options.cookieSecret() == null
        ? options.cookie()
        : secret(opening, options.cookieSecret());
  }

  private static String secret(Opening opening, String id) {
    return new String(opening.objects().secrets().get(id), StandardCharsets.UTF_8);
  }
}
