package dev.kasuari.tcg.vector;

import dev.kasuari.tcg.ir.VectorOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * How often each operation was done in Java ({@code -d vector_ops}): all of them by the
 * interpreter, by machine code those for which the host has no instructions. Used by one vCPU.
 */
public final class VectorCounts {
  private static final VectorOp[] OPERATIONS = VectorOp.values();

  private final long[] counts = new long[OPERATIONS.length];

  void done(VectorOp op) {
    counts[op.ordinal()]++;
  }

  /** Adds what another counted, whose vCPU has ended. */
  public void add(VectorCounts other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
  }

  /** A line for each operation that was done, the most frequent first: a count and a name. */
  public List<String> lines() {
    var lines = new ArrayList<String>();
    Arrays.stream(OPERATIONS)
        .filter(op -> counts[op.ordinal()] != 0)
        .sorted(Comparator.comparingLong(op -> -counts[op.ordinal()]))
        .forEach(op -> lines.add("%12d %s".formatted(counts[op.ordinal()], op.mnemonic())));
    return lines;
  }
}
