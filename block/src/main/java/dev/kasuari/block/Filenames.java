package dev.kasuari.block;

import dev.kasuari.block.file.HostFiles;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a file's name says: a path, {@code json:{…}}, or {@code PROTOCOL:…}. */
public final class Filenames {
  private static final String JSON = "json:";

  private Filenames() {}

  public static boolean isJson(String filename) {
    return filename.startsWith(JSON);
  }

  /**
   * The options of the node that the name describes: the protocol node of a path, or what {@code
   * json:} says, in which dotted keys are nested.
   */
  static Json.Members options(String where, String filename) {
    if (isJson(filename)) {
      return parsed(where, filename);
    }
    String protocol = protocol(filename);
    if (!protocol.isEmpty() && !protocol.equals("file")) {
      BlockDriver<?> driver = Drivers.forProtocol(protocol);
      if (driver == null) {
        throw new BlockException(
            BlockException.Kind.INVALID, "Unknown protocol '" + protocol + "'");
      }
      return new Json.Members(
          Map.of("driver", new Json.Text(driver.name()), "filename", new Json.Text(filename)));
    }
    String path = protocol.equals("file") ? filename.substring("file:".length()) : filename;
    String driver = protocol.isEmpty() ? protocolOf(path) : protocol;
    return new Json.Members(
        Map.of("driver", new Json.Text(driver), "filename", new Json.Text(path)));
  }

  private static String protocolOf(String path) {
    return HostFiles.device(path) ? "host_device" : "file";
  }

  private static Json.Members parsed(String where, String filename) {
    try {
      if (Json.parse(filename.substring(JSON.length())) instanceof Json.Members object) {
        return nested(object);
      }
    } catch (OptionException e) {
      throw BlockException.invalid("Could not parse the JSON options: " + e.getMessage());
    }
    throw BlockException.invalid(
        (where.isEmpty() ? "" : where + ": ") + "Invalid JSON object given");
  }

  private static Json.Members nested(Json.Members flat) {
    var out = new LinkedHashMap<String, Json>();
    flat.members()
        .forEach((key, value) -> {
          Json inner = value instanceof Json.Members members ? nested(members) : value;
          int dot = key.indexOf('.');
          if (dot < 0) {
            out.merge(key, inner, Filenames::merged);
          } else {
            var tail = new Json.Members(Map.of(key.substring(dot + 1), inner));
            out.merge(key.substring(0, dot), nested(tail), Filenames::merged);
          }
        });
    return new Json.Members(out);
  }

  private static Json merged(Json a, Json b) {
    if (a instanceof Json.Members first && b instanceof Json.Members second) {
      var out = new LinkedHashMap<>(first.members());
      second.members().forEach((k, v) -> out.merge(k, v, Filenames::merged));
      return new Json.Members(out);
    }
    return b;
  }

  /** What stands before the first colon, if no slash stands before that; or nothing. */
  static String protocol(String filename) {
    int colon = filename.indexOf(':');
    int slash = filename.indexOf('/');
    return colon <= 0 || (slash >= 0 && slash < colon) ? "" : filename.substring(0, colon);
  }

  /** The file that an image means by a name: names are relative to the image's folder. */
  public static String relativeTo(String image, String name) {
    if (name.startsWith("/") || isJson(name) || !protocol(name).isEmpty()) {
      return name;
    }
    if (isJson(image)) {
      return name;
    }
    int slash = image.lastIndexOf('/');
    return image.substring(0, slash + 1) + name;
  }
}
