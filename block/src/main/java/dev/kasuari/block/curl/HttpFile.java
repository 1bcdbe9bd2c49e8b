package dev.kasuari.block.curl;

import dev.kasuari.block.BlockException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * A file on a web server, of which parts are asked for. Connections are kept by the JDK, a few for
 * each server. Source: RFC 9110, 14 (range requests), 15.4 (redirection), 11 (authentication).
 */
final class HttpFile {
  private static final int MAX_REDIRECTS = 10;
  private static final int MOVED_TEMPORARILY = 307;
  private static final int MOVED_PERMANENTLY = 308;
  private static final int OUT_OF_RANGE = 416;
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (?:(\\d{1,18})-(\\d{1,18})|\\*)/(\\d{1,18}|\\*)");

  /** Name and password. */
  record Credentials(String user, String password) {
    String header() {
      byte[] text = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
      return "Basic " + Base64.getEncoder().encodeToString(text);
    }

    @Override
    public String toString() {
      return user;
    }
  }

  private final URI uri;
  private final @Nullable SSLSocketFactory anybody;
  private final int millis;
  private final @Nullable Credentials credentials;
  private final @Nullable String cookie;
  private final long size;

  /**
   * Asks how large it is.
   *
   * @throws BlockException if it cannot be read in parts
   */
  HttpFile(
      String url,
      boolean verify,
      int seconds,
      @Nullable Credentials credentials,
      @Nullable String cookie) {
    uri = parsed(url);
    anybody = verify ? null : AnyCertificate.sockets();
    millis = seconds * 1000;
    this.credentials = credentials == null ? named(uri) : credentials;
    this.cookie = cookie;
    if (cookie != null && cookie.chars().anyMatch(c -> c < ' ' && c != '\t')) {
      throw BlockException.invalid("a cookie is one line of text");
    }
    try (var transfer = new Transfer(millis)) {
      size = transfer.run(() -> sizeSaid(connect("bytes=0-0", transfer)));
    } catch (IOException e) {
      throw new BlockException(
          BlockException.Kind.IO_ERROR, "CURL: Error opening file: " + said(e));
    }
  }

  private static URI parsed(String url) {
    try {
      URI uri = new URI(url);
      if (uri.getHost() == null || !hasPort(uri)) {
        throw BlockException.invalid("'" + url + "': no host, or no port below 65536");
      }
      return uri;
    } catch (URISyntaxException e) {
      throw BlockException.invalid("'" + url + "' is no URL: " + e.getReason());
    }
  }

  private static boolean hasPort(URI uri) {
    return uri.getPort() <= 0xffff;
  }

  private static @Nullable Credentials named(URI uri) {
    String info = uri.getUserInfo();
    if (info == null) {
      return null;
    }
    int colon = info.indexOf(':');
    return colon < 0
        ? new Credentials(info, "")
        : new Credentials(info.substring(0, colon), info.substring(colon + 1));
  }

  /** Bytes. */
  long size() {
    return size;
  }

  private static long sizeSaid(HttpURLConnection connection) throws IOException {
    int code = connection.getResponseCode();
    String range = connection.getHeaderField("Content-Range");
    if (code == HttpURLConnection.HTTP_OK && connection.getContentLengthLong() == 0) {
      return 0;
    }
    if (code == HttpURLConnection.HTTP_OK) {
      throw new IOException("Server does not support 'range' (byte ranges).");
    }
    if (code != HttpURLConnection.HTTP_PARTIAL && code != OUT_OF_RANGE) {
      throw failed(code);
    }
    Matcher matcher = CONTENT_RANGE.matcher(range == null ? "" : range);
    if (!matcher.matches() || matcher.group(3).equals("*")) {
      throw new IOException("Server didn't report file size.");
    }
    return Long.parseLong(matcher.group(3));
  }

  /**
   * Reads a part.
   *
   * @param length at least 1; the part is within the file
   * @throws BlockException if the server does not send it
   */
  byte[] read(long offset, int length) {
    long last = offset + length - 1;
    String range = "bytes " + offset + "-" + last + "/" + size;
    try (var transfer = new Transfer(millis)) {
      return transfer.run(() -> {
        byte[] bytes = part(connect("bytes=" + offset + "-" + last, transfer), range, length);
        transfer.complete();
        return bytes;
      });
    } catch (IOException e) {
      throw new BlockException(BlockException.Kind.IO_ERROR, uri.getHost() + ": " + said(e));
    }
  }

  private static byte[] part(HttpURLConnection connection, String range, int length)
      throws IOException {
    int code = connection.getResponseCode();
    if (code != HttpURLConnection.HTTP_PARTIAL) {
      throw failed(code);
    }
    String sent = connection.getHeaderField("Content-Range");
    if (!range.equals(sent)) {
      throw new IOException("another range was sent, or the file has changed: " + sent);
    }
    try (InputStream in = connection.getInputStream()) {
      byte[] bytes = in.readNBytes(length);
      if (bytes.length < length) {
        throw new EOFException("the server sent " + bytes.length + " bytes of " + length);
      }
      return bytes;
    }
  }

  private static IOException failed(int code) {
    return new IOException("The requested URL returned error: " + code);
  }

  private HttpURLConnection connect(String range, Transfer transfer) throws IOException {
    URI at = uri;
    for (int i = 0; i <= MAX_REDIRECTS; i++) {
      HttpURLConnection connection = request(at, range);
      transfer.by(connection);
      int code = connection.getResponseCode();
      String location = connection.getHeaderField("Location");
      if (location == null || !redirects(code)) {
        return connection;
      }
      at = redirected(at, location);
    }
    throw new IOException("Maximum (" + MAX_REDIRECTS + ") redirects followed");
  }

  private static boolean redirects(int code) {
    return switch (code) {
      case HttpURLConnection.HTTP_MOVED_PERM,
          HttpURLConnection.HTTP_MOVED_TEMP,
          HttpURLConnection.HTTP_SEE_OTHER,
          MOVED_TEMPORARILY,
          MOVED_PERMANENTLY ->
          true;
      default -> false;
    };
  }

  private static URI redirected(URI from, String location) throws IOException {
    try {
      URI to = from.resolve(new URI(location));
      String scheme = String.valueOf(to.getScheme()).toLowerCase(Locale.ROOT);
      boolean better = scheme.equals("https") || from.getScheme().equalsIgnoreCase(scheme);
      if (to.getHost() == null
          || !hasPort(to)
          || !better) { // not from https to http, nor to a file
        throw new IOException("redirected to '" + location + "', which is not followed");
      }
      return to;
    } catch (URISyntaxException e) {
      throw new IOException("redirected to '" + location + "': " + e.getReason(), e);
    }
  }

  /** Names, passwords and cookies are for the host that the user named, and nobody else. */
  private boolean trusted(URI at) {
    return at.getHost().equalsIgnoreCase(uri.getHost())
        && at.getPort() == uri.getPort()
        && at.getScheme().equalsIgnoreCase(uri.getScheme());
  }

  private HttpURLConnection request(URI at, String range) throws IOException {
    var connection = (HttpURLConnection) at.toURL().openConnection();
    connection.setInstanceFollowRedirects(false);
    connection.setConnectTimeout(millis);
    connection.setReadTimeout(millis);
    connection.setUseCaches(false);
    connection.setRequestProperty("Range", range);
    connection.setRequestProperty("Accept-Encoding", "identity");
    connection.setRequestProperty("User-Agent", "Kasuari");
    if (trusted(at)) {
      if (credentials != null) {
        connection.setRequestProperty("Authorization", credentials.header());
      }
      if (cookie != null) {
        connection.setRequestProperty("Cookie", cookie);
      }
    }
    if (anybody != null && connection instanceof HttpsURLConnection secure) {
      secure.setSSLSocketFactory(anybody);
      secure.setHostnameVerifier((host, session) -> true);
    }
    return connection;
  }

  private static String said(IOException e) {
    return switch (e) {
      case UnknownHostException unknown -> "Could not resolve host: " + unknown.getMessage();
      case SocketTimeoutException _ -> "Operation timed out";
      default -> e.getMessage() == null ? e.toString() : e.getMessage();
    };
  }
}
