package dev.kasuari.tcg.x86_64;

import java.util.Arrays;

/**
 * Where the code of a unit leaves: for each site the offset that it would return to, the operation
 * it leaves for, and which entries of the {@link Recovery} say what the guest state lacks there.
 * Filled while code is emitted, in ascending order.
 */
final class Sites {
  private final Recovery recovery = new Recovery();
  private int[] ends = new int[16];
  private int[] operations = new int[16];
  private int[] recoveryStarts = new int[16];
  private int[] recoveryEnds = new int[16];
  private int count;

  /** Where to say what the state lacks. */
  Recovery recovery() {
    return recovery;
  }

  /** Adds a site whose list in the recovery is from one entry to before another. */
  void add(int end, int operation, int recoveryStart, int recoveryEnd) {
    if (count == ends.length) {
      resize(2 * count);
    }
    ends[count] = end;
    operations[count] = operation;
    recoveryStarts[count] = recoveryStart;
    recoveryEnds[count++] = recoveryEnd;
  }

  private void resize(int length) {
    ends = Arrays.copyOf(ends, length);
    operations = Arrays.copyOf(operations, length);
    recoveryStarts = Arrays.copyOf(recoveryStarts, length);
    recoveryEnds = Arrays.copyOf(recoveryEnds, length);
  }

  /** Gives back what it does not need. */
  void trim() {
    resize(count);
    recovery.trim();
  }

  int count() {
    return count;
  }

  int end(int site) {
    return ends[site];
  }

  int operation(int site) {
    return operations[site];
  }

  /** The site that would return to an offset, or a negative number. */
  int at(int offset) {
    return Arrays.binarySearch(ends, 0, count, offset);
  }

  /** Completes the guest state as of a site, from the registers in the exit record. */
  void recover(int site, long state) {
    if (recoveryStarts[site] != recoveryEnds[site]) {
      recovery.apply(recoveryStarts[site], recoveryEnds[site], state);
    }
  }
}
