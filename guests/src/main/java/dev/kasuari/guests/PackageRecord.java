package dev.kasuari.guests;

import java.util.ArrayList;
import java.util.List;

/**
 * What the package index says of one package.
 *
 * @param filename path below the archive's root, or an absolute path for a file the user gave
 * @param size bytes of the .deb
 * @param sha256 of the .deb, 64 hexadecimal digits in lower case
 * @param depends names of the packages it depends on, first alternatives only
 */
public record PackageRecord(
    String name,
    String version,
    String architecture,
    String filename,
    long size,
    String sha256,
    List<String> depends) {
  public PackageRecord {
    depends = List.copyOf(depends);
  }

  static PackageRecord of(Stanza stanza) throws GuestException {
    return new PackageRecord(
        stanza.require("Package"),
        stanza.require("Version"),
        stanza.require("Architecture"),
        stanza.require("Filename"),
        Numbers.parse(stanza.require("Size"), "Size of " + stanza.require("Package")),
        stanza.require("SHA256"),
        dependencies(stanza.get("Depends", "")));
  }

  /** Names out of a Depends field: {@code a (= 1) | b, c:any} gives a and c. */
  static List<String> dependencies(String field) {
    List<String> names = new ArrayList<>();
    for (String clause : field.split(",", -1)) {
      String first = clause.strip().split("[ |:(\\[<]", 2)[0];
      if (!first.isEmpty()) {
        names.add(first);
      }
    }
    return names;
  }

  /** The name this .deb has in a cache: no colon, no slash. */
  String debName() {
    return name + "_" + version.replace(':', '~') + "_" + architecture + ".deb";
  }
}
