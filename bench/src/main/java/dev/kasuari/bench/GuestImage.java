package dev.kasuari.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A kernel's ELF file. It takes its work from a place in its data that begins with a mark. */
final class GuestImage {
  private static final byte[] MARK = "KasuariBenchWork".getBytes(StandardCharsets.US_ASCII);

  private final byte[] elf;
  private final int parameters;

  /**
   * An image.
   *
   * @throws IllegalArgumentException unless the mark is in it exactly once
   */
  GuestImage(byte[] elf) {
    this.elf = elf;
    parameters = find(0) + MARK.length;
    if (parameters < MARK.length || find(parameters) >= 0) {
      throw new IllegalArgumentException("the mark of the parameters must be there once");
    }
  }

  private int find(int from) {
    for (int at = from; at <= elf.length - MARK.length; at++) {
      if (java.util.Arrays.equals(elf, at, at + MARK.length, MARK, 0, MARK.length)) {
        return at;
      }
    }
    return -1;
  }

  /**
   * The file for a run.
   *
   * @param work in the kernel's own units
   * @param paging whether the kernel runs in user mode behind page tables
   * @param cpus that the machine has
   */
  byte[] with(long work, boolean paging, int cpus) {
    ByteBuffer copy = ByteBuffer.wrap(elf.clone()).order(ByteOrder.LITTLE_ENDIAN);
    copy.putLong(parameters, work);
    copy.putLong(parameters + Long.BYTES, paging ? 1 : 0);
    copy.putLong(parameters + 2 * Long.BYTES, cpus);
    return copy.array();
  }
}
