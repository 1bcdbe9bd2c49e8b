package dev.kasuari.vm;

import dev.kasuari.block.object.UserObjects;
import dev.kasuari.qapi.OptionSource;

/** What other options refer to by id ({@code -object}). */
public final class Objects {
  private Objects() {}

  /**
   * Takes {@code -object}'s argument apart.
   *
   * @throws dev.kasuari.qapi.OptionException if it is of a type that is not there yet
   */
  public static OptionSource source(String text) {
    OptionSource source = UserObjects.source("-object " + text, text);
    String type = source.text("qom-type");
    if (type != null && !UserObjects.types().contains(type) && !type.startsWith("tls-creds-")) {
      throw NotYet.of("-object " + type, "object");
    }
    return source;
  }

  /** What {@code -object help} and {@code -object TYPE,help} print. */
  public static String help(OptionSource source) {
    return UserObjects.help(source.text("qom-type"));
  }
}
