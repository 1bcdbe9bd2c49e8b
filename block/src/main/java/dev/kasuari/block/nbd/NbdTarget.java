package dev.kasuari.block.nbd;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.UriParts;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Which export of which server. Source: the NBD project's doc/uri.md; QEMU's manual, "NBD access",
 * for {@code nbd:…}.
 *
 * @param tls whether the name asks for TLS
 */
record NbdTarget(NbdAddress address, String export, boolean tls) {

  /** Takes a name apart. */
  static NbdTarget parse(String name) {
    if (name.contains("://")) {
      return uri(name);
    }
    String rest = name.substring("nbd:".length());
    String export = "";
    int at = rest.indexOf(":exportname=");
    if (at >= 0) {
      export = rest.substring(at + ":exportname=".length());
      rest = rest.substring(0, at);
    }
    if (rest.startsWith("unix:")) {
      return new NbdTarget(new NbdAddress.Unix(rest.substring("unix:".length())), export, false);
    }
    int colon = rest.lastIndexOf(':');
    if (colon < 0) {
      throw BlockException.invalid("'" + name + "': no port; nbd:HOST:PORT or nbd:unix:PATH");
    }
    String host = rest.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    return new NbdTarget(new NbdAddress.Inet(host, port(rest.substring(colon + 1))), export, false);
  }

  private static NbdTarget uri(String name) {
    URI uri;
    try {
      uri = new URI(name);
    } catch (URISyntaxException e) {
      throw BlockException.invalid("'" + name + "' is no URI: " + e.getReason());
    }
    String scheme = String.valueOf(uri.getScheme());
    String path = uri.getPath() == null ? "" : uri.getPath();
    String export = path.startsWith("/") ? path.substring(1) : path;
    boolean tls = scheme.startsWith("nbds");
    if (scheme.endsWith("+unix")) {
      String socket = UriParts.parameter(uri, "socket");
      if (socket == null) {
        throw BlockException.invalid("'" + name + "': no ?socket=PATH");
      }
      return new NbdTarget(new NbdAddress.Unix(socket), export, tls);
    }
    if (uri.getHost() == null) {
      throw BlockException.invalid("'" + name + "': no host");
    }
    int port = uri.getPort() < 0 ? Nbd.DEFAULT_PORT : uri.getPort();
    return new NbdTarget(new NbdAddress.Inet(UriParts.host(uri), port), export, tls);
  }

  static int port(@Nullable String text) {
    if (text == null) {
      return Nbd.DEFAULT_PORT;
    }
    return UriParts.port(text);
  }

  /** As people write it. */
  @Override
  public String toString() {
    String name = URLEncoder.encode(export, StandardCharsets.UTF_8).replace("+", "%20");
    name = name.replace("%2F", "/");
    return switch (address) {
      case NbdAddress.Inet inet -> "nbd://" + inet + (export.isEmpty() ? "" : "/" + name);
      case NbdAddress.Unix unix ->
          "nbd+unix://" + (export.isEmpty() ? "" : "/" + name) + "?socket=" + unix.path();
    };
  }
}
