package dev.kasuari.block.object;

import dev.kasuari.block.crypto.Secrets;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The objects of a machine or a tool by their ids. */
public final class UserObjects {
  private static final List<String> TYPES = List.of("secret", "tls-creds-x509");
  private final Map<String, TlsCredentials> byId = new ConcurrentHashMap<>();
  private final Secrets secrets;

  /** None but these. */
  public UserObjects(Secrets secrets) {
    this.secrets = secrets;
  }

  /**
   * Makes one ({@code --object}).
   *
   * @param text {@code TYPE,id=ID,...} or JSON
   * @throws OptionException saying what is wrong
   */
  public void add(String where, String text) {
    add(OptionSource.of(where, text, "qom-type"));
  }

  /** Makes one of options that have been taken apart. */
  public void add(OptionSource source) {
    String where = source.where();
    String type = source.text("qom-type");
    String id = source.text("id");
    if (type == null) {
      throw new OptionException(where + ": Parameter 'qom-type' is missing");
    }
    if (id == null) {
      throw new OptionException(where + ": Parameter 'id' is missing");
    }
    switch (type) {
      case "secret" -> secrets.add(source);
      case "tls-creds-x509" -> {
        OptionSource own = source.without("qom-type", "id");
        put(
            where,
            id,
            TlsCredentials.of(where, id, TlsCredentialsX509Codec.CODEC.parse(own), secrets));
      }
      case "tls-creds-psk", "tls-creds-anon" ->
          throw new OptionException(
              where + ": " + type + ": Java's TLS has certificates only; use tls-creds-x509");
      default ->
          throw new OptionException(
              where + ": Invalid parameter '" + type + "'; there are " + TYPES);
    }
  }

  private void put(String where, String id, TlsCredentials made) {
    if (byId.putIfAbsent(id, made) != null) {
      throw new OptionException(
          where + ": attempt to add duplicate property '" + id + "' to object (type 'container')");
    }
  }

  /**
   * The TLS credentials of that id.
   *
   * @throws OptionException if there are none, or for the other end
   */
  public TlsCredentials tls(String where, String id, TlsCredentials.Endpoint endpoint) {
    TlsCredentials credentials = byId.get(id);
    if (credentials == null) {
      throw new OptionException(prefix(where) + "No TLS credentials with id '" + id + "'");
    }
    if (credentials.endpoint() != endpoint) {
      throw new OptionException(
          prefix(where)
              + "Expecting TLS credentials with a "
              + endpoint.name().toLowerCase(java.util.Locale.ROOT)
              + " endpoint");
    }
    return credentials;
  }

  private static String prefix(String where) {
    return where.isEmpty() ? "" : where + ": ";
  }
}
