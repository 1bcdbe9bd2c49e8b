package dev.kasuari.block.ssh;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.UriParts;
import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Which file of which server. Source: QEMU's manual, "Disk image file locations", {@code ssh}.
 *
 * @param user on the server
 * @param path absolute, or relative to where the server puts the user
 * @param said {@code host_key_check} as it was written, or null
 */
record SshTarget(
    String host, int port, String user, String path, HostKeyCheck check, @Nullable String said) {
  static final int DEFAULT_PORT = 22;
  private static final String CHECK = "host_key_check";

  /** Takes {@code ssh://[USER@]HOST[:PORT]/PATH[?host_key_check=…]} apart. */
  static SshTarget parse(String name) {
    URI uri;
    try {
      uri = new URI(name);
    } catch (URISyntaxException e) {
      throw BlockException.invalid("'" + name + "' is no URI: " + e.getReason());
    }
    if (!"ssh".equals(uri.getScheme())) {
      throw BlockException.invalid("URI scheme must be 'ssh'");
    }
    if (uri.getHost() == null) {
      throw BlockException.invalid("missing hostname in URI");
    }
    if (uri.getPath() == null || uri.getPath().isEmpty()) {
      throw BlockException.invalid("missing remote path in URI");
    }
    String said = UriParts.parameter(uri, CHECK);
    int port = uri.getPort() < 0 ? DEFAULT_PORT : UriParts.port("" + uri.getPort());
    return new SshTarget(
        UriParts.host(uri),
        port,
        user(uri.getUserInfo()),
        uri.getPath(),
        HostKeyCheck.of(said),
        said);
  }

  /** The one that was named, or else the one who runs this. */
  static String user(@Nullable String named) {
    return named == null ? System.getProperty("user.name", "") : named;
  }

  /** Host and port, as messages name it. */
  String server() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  /** As people write it. */
  @Override
  public String toString() {
    String separator = path.startsWith("/") ? "" : "/";
    String query = said == null ? "" : "?" + CHECK + "=" + said;
    return "ssh://" + user + "@" + server() + separator + path + query;
  }
}
