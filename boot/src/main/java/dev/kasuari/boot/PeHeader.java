package dev.kasuari.boot;

import org.jspecify.annotations.Nullable;

/**
 * The EFI program header that Linux puts around its images. Source: Microsoft PE format
 * specification.
 *
 * @param machine the header's number of the architecture
 * @param fileEnd how many bytes the file must have for all its sections
 */
record PeHeader(int machine, long fileEnd) {
  private static final int SIGNATURE = 'P' | 'E' << 8;
  private static final int MAX_SECTIONS = 96;

  /**
   * The header, or null if the file is no PE file.
   *
   * @throws BootException if it begins as one and ends before it can be known
   */
  static @Nullable PeHeader of(Bytes file) throws BootException {
    if (!file.has(0, "MZ")) {
      return null;
    }
    long at = file.u32(0x3c);
    if (at > file.length() - 4L && !file.has(0x38, "RSC\5")) {
      return null; // code that happens to begin so
    }
    if (file.u32(at) != SIGNATURE) {
      return null;
    }
    int machine = file.u16(at + 4);
    int sections = Math.min(MAX_SECTIONS, file.u16(at + 6));
    long table = at + 24 + file.u16(at + 20);
    long end = 0;
    for (int i = 0; i < sections; i++) {
      long section = table + 40L * i;
      end = Math.max(end, file.u32(section + 20) + file.u32(section + 16));
    }
    return new PeHeader(machine, end);
  }
}
