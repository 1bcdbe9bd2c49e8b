package dev.kasuari.block.dmg;

/**
 * Sectors in a row that are stored in one way.
 *
 * @param start of the disk, bytes
 * @param length of the disk, bytes
 * @param offset in the file
 * @param stored bytes in the file
 */
record Chunk(Kind kind, long start, long length, long offset, long stored) {
  /** How they are stored. */
  enum Kind {
    ZERO,
    RAW,
    ZLIB,
    BZIP2,
    ADC("Apple Data Compression"),
    LZFSE("LZFSE"),
    LZMA("LZMA");

    /** What a reader is told that cannot have it, or null. */
    final @org.jspecify.annotations.Nullable String unknown;

    Kind() {
      unknown = null;
    }

    Kind(String unknown) {
      this.unknown = unknown;
    }

    boolean packed() {
      return this != ZERO && this != RAW;
    }
  }

  long end() {
    return start + length;
  }
}
