package dev.kasuari.tcg.vector;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorOp;
import org.jspecify.annotations.Nullable;

/**
 * The vector operations of the IR, lane by lane: the reference for every back end, and what they
 * fall back to.
 */
public final class VectorOperations {
  private final long state;
  private final Lanes lanes = new Lanes();
  private @Nullable VectorCounts counts;

  /**
   * @param state host address of the guest state
   */
  public VectorOperations(long state) {
    this.state = state;
  }

  /** Has operations counted from now on. */
  public VectorCounts count() {
    var counted = new VectorCounts();
    counts = counted;
    return counted;
  }

  /** Does one operation. */
  public void apply(VectorDesc desc) {
    if (counts != null) {
      counts.done(desc.op());
    }
    long[] x = read(desc, 0, desc.sizeOfA());
    long[] y = read(desc, 1, desc.sizeOfB());
    long[] z = read(desc, 2, desc.size());
    long[] result = new long[desc.lanes()];
    compute(desc, x, y, z, result);
    write(desc, result);
    if (lanes.takeSaturated() && desc.saturation() != VectorDesc.NONE) {
      RawMemory.putInt(state + desc.saturation(), 1);
    }
  }

  private void compute(VectorDesc desc, long[] x, long[] y, long[] z, long[] result) {
    VectorOp op = desc.op();
    if (op.byLanes()) {
      int bits = 8 << desc.size();
      int stride = desc.broadcast() ? 0 : 1;
      for (int i = 0; i < result.length; i++) {
        long second = y[i * stride];
        result[i] = lanes.apply(op, desc.signed(), bits, x[i], second, z[i], desc.immediate());
      }
    } else if (Permutations.includes(op)) {
      Permutations.apply(op, desc.immediate(), x, y, z, result);
    } else if (op == VectorOp.TABLE) {
      Permutations.table(desc.immediate(), x, y, z, result);
    } else if (op.compareTo(VectorOp.CLMUL) < 0) {
      Reductions.apply(op, desc.signed(), x, y, z, result);
    } else {
      Cryptography.apply(op, desc.immediate(), x, y, z, result);
    }
  }

  // ---- the state -------------------------------------------------------------------------------

  /** The lanes of a source; zeros if there is none. */
  private long[] read(VectorDesc desc, int source, int size) {
    long[] read = new long[desc.lanes(source)];
    if (desc.reads(source)) {
      long at = state + StateView.offset(desc.read(source));
      for (int i = 0; i < read.length; i++) {
        read[i] = Lanes.extend(desc.signed(), 8 << size, get(size, at + ((long) i << size)));
      }
    }
    return read;
  }

  private void write(VectorDesc desc, long[] result) {
    int size = desc.sizeOfD();
    long at = state + desc.d();
    for (int i = 0; i < result.length; i++) {
      put(size, at + ((long) i << size), result[i]);
    }
    RawMemory.fill(at + desc.bytes(), desc.max() - desc.bytes(), (byte) 0);
  }

  private static long get(int size, long at) {
    return switch (size) {
      case 0 -> RawMemory.getByte(at);
      case 1 -> RawMemory.getShort(at);
      case 2 -> RawMemory.getInt(at);
      default -> RawMemory.getLong(at);
    };
  }

  private static void put(int size, long at, long value) {
    switch (size) {
      case 0 -> RawMemory.putByte(at, (byte) value);
      case 1 -> RawMemory.putShort(at, (short) value);
      case 2 -> RawMemory.putInt(at, (int) value);
      default -> RawMemory.putLong(at, value);
    }
  }
}
