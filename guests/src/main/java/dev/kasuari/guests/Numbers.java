package dev.kasuari.guests;

/** Numbers out of files that others wrote. */
final class Numbers {
  private Numbers() {}

  static long parse(String text, String what) throws GuestException {
    try {
      long value = Long.parseLong(text.strip());
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below, with the field's name.
    }
    throw new GuestException(what + ": '" + text + "' is not a size");
  }
}
