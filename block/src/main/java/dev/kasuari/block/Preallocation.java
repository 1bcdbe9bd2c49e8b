package dev.kasuari.block;

import java.util.Locale;

/** How much of an image is there before it is written. */
public enum Preallocation {
  /** Nothing. */
  OFF,
  /** All that says where data is; the data itself is a hole. */
  METADATA,
  /** Room for all, which nobody has written. */
  FALLOC,
  /** All, as zeroes. */
  FULL;

  /**
   * For what knows no other way than {@link #OFF}.
   *
   * @throws BlockException if this is another one
   */
  public void requireOff() {
    if (this != OFF) {
      throw unsupported();
    }
  }

  /** The complaint of what does not know this way. */
  public BlockException unsupported() {
    return BlockException.notSupported(
        "Unsupported preallocation mode '" + name().toLowerCase(Locale.ROOT) + "'");
  }
}
