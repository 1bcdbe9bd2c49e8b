package dev.kasuari.block;

/** How much of an image is there before it is written. */
public enum Preallocation {
  /** Nothing. */
  OFF,
  /** All that says where data is; the data itself is a hole. */
  METADATA,
  /** Room for all, which nobody has written. */
  FALLOC,
  /** All, as zeroes. */
  FULL
}
