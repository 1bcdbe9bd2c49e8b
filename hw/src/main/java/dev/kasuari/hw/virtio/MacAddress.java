package dev.kasuari.hw.virtio;

import dev.kasuari.qapi.OptionException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * An Ethernet address.
 *
 * @param bits its 48 bits, the byte that is sent first uppermost
 */
record MacAddress(long bits) {
  static final int LENGTH = 6;
  static final MacAddress BROADCAST = new MacAddress(0xffff_ffff_ffffL);

  private static final Pattern SHAPE =
      Pattern.compile("[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){" + (LENGTH - 1) + "}");

  /**
   * Reads {@code 52:54:00:12:34:56}.
   *
   * @param where what a complaint begins with
   * @throws OptionException if it is none, or that of a group, which no card can have
   */
  static MacAddress parse(String where, String text) {
    if (!SHAPE.matcher(text).matches()) {
      throw new OptionException(
          where + "=" + text + ": not an Ethernet address; one is 52:54:00:12:34:56");
    }
    var address = new MacAddress(Long.parseLong(text.replaceAll("[:-]", ""), 16));
    if (address.group()) {
      throw new OptionException(
          where + "=" + text + ": the address of a group; the first byte of a card's is even");
    }
    return address;
  }

  /** The one whose six bytes begin at {@code offset}. */
  static MacAddress at(byte[] bytes, int offset) {
    long bits = 0;
    for (int i = 0; i < LENGTH; i++) {
      bits = (bits << 8) | (bytes[offset + i] & 0xff);
    }
    return new MacAddress(bits);
  }

  /** True if it is that of a group of stations, or of all. */
  boolean group() {
    return (bits & (1L << 40)) != 0;
  }

  /** Byte {@code index} in the order in which they are sent. */
  int octet(int index) {
    return (int) (bits >>> (8 * (LENGTH - 1 - index))) & 0xff;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%012x", bits).replaceAll("(..)(?!$)", "$1:");
  }
}
