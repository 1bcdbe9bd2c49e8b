package dev.kasuari.qapi;

import java.util.Locale;

/** How names in Java are written in options: with small letters and hyphens. */
final class Schemas {
  private Schemas() {}

  /** {@code BlockBackend} as {@code block backend}. */
  static String words(String typeName) {
    return typeName.replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
  }
}
