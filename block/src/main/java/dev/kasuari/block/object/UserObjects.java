package dev.kasuari.block.object;

import dev.kasuari.block.crypto.Secrets;
import dev.kasuari.block.crypto.SecretsSecretCodec;
import dev.kasuari.block.filter.Limits;
import dev.kasuari.block.filter.LimitsCodec;
import dev.kasuari.block.filter.ThrottleGroup;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Schema;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The objects of a machine or a tool by their ids ({@code --object}): secrets, TLS credentials,
 * groups of limits. Every program reads them here.
 */
public final class UserObjects {
  private static final String SECRET = "secret";
  private static final String X509 = "tls-creds-x509";
  private static final String THROTTLE = "throttle-group";
  private static final List<String> TYPES = List.of(SECRET, THROTTLE, X509);

  private final Secrets secrets = new Secrets();
  private final Map<String, TlsCredentials> credentials = new ConcurrentHashMap<>();
  private final Map<String, ThrottleGroup> groups = new ConcurrentHashMap<>();
  private final Set<String> ids = ConcurrentHashMap.newKeySet();

  /** The types that there are. */
  public static List<String> types() {
    return TYPES;
  }

  /**
   * Takes the argument of {@code --object} apart.
   *
   * @param where what a complaint begins with
   * @param text {@code TYPE,id=ID,...} or JSON with {@code qom-type}
   */
  public static OptionSource source(String where, String text) {
    return OptionSource.of(where, text, "qom-type");
  }

  /**
   * Makes one.
   *
   * @param text {@code TYPE,id=ID,...} or JSON
   * @throws OptionException saying what is wrong
   */
  public void add(String where, String text) {
    add(source(where, text));
  }

  /**
   * Makes one of options that have been taken apart.
   *
   * @throws OptionException saying what is wrong
   */
  public void add(OptionSource source) {
    String prefix = source.where().isEmpty() ? "" : source.where() + ": ";
    String type = source.text("qom-type");
    String id = source.text("id");
    if (type == null) {
      throw new OptionException(prefix + "Parameter 'qom-type' is missing");
    }
    refuseUnknown(prefix, type);
    if (id == null) {
      throw new OptionException(prefix + "Parameter 'id' is missing");
    }
    if (ids.contains(id)) {
      throw new OptionException(
          prefix + "attempt to add duplicate property '" + id + "' to object (type 'container')");
    }
    make(prefix, type, id, source.at("").without("qom-type"));
    ids.add(id);
  }

  private void make(String prefix, String type, String id, OptionSource own) {
    try {
      switch (type) {
        case SECRET -> secrets.add(own);
        case X509 -> {
          var given = TlsCredentialsX509Codec.CODEC.parse(own.without("id"));
          credentials.put(id, TlsCredentials.of(id, given, secrets));
        }
        default -> groups.put(id, group(id, own.without("id")));
      }
    } catch (OptionException e) {
      throw new OptionException(prefix + e.getMessage(), e);
    }
  }

  private static void refuseUnknown(String prefix, String type) {
    if (type.equals("tls-creds-psk") || type.equals("tls-creds-anon")) {
      throw new OptionException(prefix + type + ": Java's TLS has certificates only; use " + X509);
    }
    if (!TYPES.contains(type)) {
      throw new OptionException(
          prefix + "invalid object type: " + type + Nearest.hint(type, TYPES));
    }
  }

  /** Limits are {@code limits.bps-total} or {@code x-bps-total}. */
  private static ThrottleGroup group(String id, OptionSource own) {
    Map<String, Json> limits = new LinkedHashMap<>();
    own.tree()
        .members()
        .forEach((key, value) -> {
          if (key.startsWith("x-")) {
            limits.put(key.substring(2), value);
          } else if (key.equals("limits") && value instanceof Json.Members members) {
            limits.putAll(members.members());
          } else {
            limits.put(key, value); // is refused by name
          }
        });
    Limits parsed =
        LimitsCodec.CODEC.parse(
            new OptionSource("", new Json.Members(limits), own.strict(), own.bare()));
    parsed.check("");
    return new ThrottleGroup(id, parsed);
  }

  /** Passwords. */
  public Secrets secrets() {
    return secrets;
  }

  /** The groups of limits that nodes may share. */
  public Map<String, ThrottleGroup> throttleGroups() {
    return groups;
  }

  /**
   * The TLS credentials of that id.
   *
   * @throws OptionException if there are none, or for the other end
   */
  public TlsCredentials tls(String where, String id, TlsCredentials.Endpoint endpoint) {
    String prefix = where.isEmpty() ? "" : where + ": ";
    TlsCredentials found = credentials.get(id);
    if (found == null) {
      throw new OptionException(prefix + "No TLS credentials with id '" + id + "'");
    }
    if (found.endpoint() != endpoint) {
      throw new OptionException(
          prefix
              + "Expecting TLS credentials with a "
              + endpoint.name().toLowerCase(java.util.Locale.ROOT)
              + " endpoint");
    }
    return found;
  }

  /** What {@code --object help} prints, or {@code --object TYPE,help}. */
  public static String help(@Nullable String type) {
    var out = new StringBuilder();
    if (type == null) {
      out.append("List of user creatable objects:").append(System.lineSeparator());
      TYPES.forEach(name -> out.append("  ").append(name).append(System.lineSeparator()));
      return out.toString();
    }
    refuseUnknown("", type);
    Schema.Struct schema =
        switch (type) {
          case SECRET -> SecretsSecretCodec.CODEC.schema();
          case X509 -> TlsCredentialsX509Codec.CODEC.schema();
          default -> LimitsCodec.CODEC.schema();
        };
    out.append(type).append(" options");
    out.append(type.equals(THROTTLE) ? ", each behind 'limits.' or 'x-':" : ":");
    return out.append(System.lineSeparator()).append(schema.help()).toString();
  }
}
