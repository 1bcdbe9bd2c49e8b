package dev.kasuari.tcg.x86_64;

import java.util.Arrays;

/** A place in code that is being assembled, and the jumps that wait for it. */
final class Label {
  /** Offset, or −1 while it is not bound. */
  int position = -1;

  private int[] jumps = new int[2];
  private int count;

  /** A rel32 at this offset leads here. */
  void addJump(int at) {
    if (count == jumps.length) {
      jumps = Arrays.copyOf(jumps, 2 * count);
    }
    jumps[count++] = at;
  }

  /** Offsets of the rel32 fields that wait for the label. */
  int[] jumps() {
    return Arrays.copyOf(jumps, count);
  }
}
