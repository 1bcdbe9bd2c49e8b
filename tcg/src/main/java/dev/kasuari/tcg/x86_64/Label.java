package dev.kasuari.tcg.x86_64;

import java.util.Arrays;

/** A place in code that is being assembled, and what waits to know it. */
final class Label {
  /** Offset, or −1 while it is not bound. */
  int position = -1;

  private int[] references = new int[2];
  private int count;

  /** A field leads here: its offset, or for a field of one byte the offset's complement. */
  void addReference(int at) {
    if (count == references.length) {
      references = Arrays.copyOf(references, 2 * count);
    }
    references[count++] = at;
  }

  int references() {
    return count;
  }

  int reference(int i) {
    return references[i];
  }
}
