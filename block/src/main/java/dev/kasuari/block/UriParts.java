package dev.kasuari.block;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Parts of the URIs that name disks of servers. Source: RFC 3986, section 3. */
public final class UriParts {
  private UriParts() {}

  /** The host, an IPv6 address without its brackets; the URI has one. */
  public static String host(URI uri) {
    String host = uri.getHost();
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /** What {@code ?KEY=…} says, decoded; null if it is not there. */
  public static @Nullable String parameter(URI uri, String key) {
    String query = uri.getRawQuery();
    if (query != null) {
      for (String part : query.split("&", -1)) {
        if (part.startsWith(key + "=")) {
          String value = part.substring(key.length() + 1).replace("+", "%2B");
          return URLDecoder.decode(value, StandardCharsets.UTF_8);
        }
      }
    }
    return null;
  }

  /**
   * A port.
   *
   * @throws BlockException if the text is none
   */
  public static int port(String text) {
    try {
      int port = Integer.parseInt(text);
      if (port >= 0 && port <= 0xffff) {
        return port;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw BlockException.invalid("'" + text + "' is not a port");
  }
}
