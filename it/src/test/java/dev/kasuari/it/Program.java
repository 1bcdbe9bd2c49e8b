package dev.kasuari.it;

import java.util.List;

/** What both machines run: an image at the start of RAM, in M-mode, without devices. */
final class Program {
  /** Start of RAM, where execution begins. */
  static final long BASE = 0x8000_0000L;

  static final long RAM_SIZE = 128L << 20;

  /** A word written here ends the program. */
  static final long FINISHER = 0x10_0000;

  /** The comparator of the machine timer, or something that ignores what is written. */
  static final long MTIMECMP = 0x200_4000;

  private final byte[] image;
  private final long done;
  private final long progress;
  private final List<Extent> wanted;

  /**
   * A program.
   *
   * @param image the bytes at {@link #BASE}
   * @param done address at which the program is complete; the instructions there write to {@link
   *     #FINISHER}
   * @param progress address of a 64-bit word that says how far it is, for reports
   * @param wanted the memory that is compared
   */
  Program(byte[] image, long done, long progress, List<Extent> wanted) {
    this.image = image;
    this.done = done;
    this.progress = progress;
    this.wanted = List.copyOf(wanted);
  }

  byte[] image() {
    return image;
  }

  long done() {
    return done;
  }

  long progress() {
    return progress;
  }

  List<Extent> wanted() {
    return wanted;
  }

  /** The four bytes at an address of the image; 0 elsewhere. */
  int instruction(long address) {
    long at = address - BASE;
    return at >= 0 && at + 8 <= image.length ? (int) Bytes.getLong(image, (int) at) : 0;
  }
}
