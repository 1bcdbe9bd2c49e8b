package dev.kasuari.guests;

import java.util.regex.Pattern;

/**
 * Which Debian package is meant.
 *
 * @param name a package name, or a pattern with {@code *} such as {@code linux-image-*-riscv64}: of
 *     the packages that match, the one its meta package ({@code linux-image-riscv64}) depends on,
 *     else the newest
 * @param suite a release by code name: {@code bookworm}, {@code trixie}, {@code sid}
 * @param architecture Debian's name of it, such as {@code riscv64} or {@code arm64}; a package of
 *     architecture {@code all} is found through any
 */
public record DebianPackage(String name, String suite, String architecture) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9+.*-]+");
  private static final Pattern WORD = Pattern.compile("[a-z0-9][a-z0-9-]*");

  public DebianPackage {
    require(NAME, name, "package name");
    require(WORD, suite, "Debian suite");
    require(WORD, architecture, "Debian architecture");
  }

  private static void require(Pattern shape, String value, String what) {
    // These words become file names and arguments of other programs.
    if (!shape.matcher(value).matches()) {
      throw new IllegalArgumentException("'" + value + "' is not a " + what);
    }
  }

  boolean isPattern() {
    return name.indexOf('*') >= 0;
  }

  /** The pattern without its {@code *-}: what Debian calls the meta package. */
  String metaName() {
    return name.replace("*-", "");
  }

  boolean matches(String candidate) {
    String[] parts = name.split("\\*", -1);
    StringBuilder regex = new StringBuilder(Pattern.quote(parts[0]));
    for (int i = 1; i < parts.length; i++) {
      regex.append(".*").append(Pattern.quote(parts[i]));
    }
    return candidate.matches(regex.toString());
  }

  DebianPackage named(String exact) {
    return new DebianPackage(exact, suite, architecture);
  }

  DebianPackage inSuite(String other) {
    return new DebianPackage(name, other, architecture);
  }

  @Override
  public String toString() {
    return name + ":" + architecture + " of Debian " + suite;
  }
}
