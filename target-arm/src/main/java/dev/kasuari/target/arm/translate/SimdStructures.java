package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Value;
import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorOp;

/**
 * Registers whose lanes are by turns in memory. In between, the scratch field holds what is in
 * memory, in chunks of the size of a register.
 */
final class SimdStructures {
  private static final int CHUNKS = 4;

  private SimdStructures() {}

  /** Offset of a chunk; those from the fourth on are for what is not in memory. */
  static int chunk(int q, int number) {
    return ArmState.SCRATCH.at(0) + number * (8 << q);
  }

  /** Puts what was loaded into a chunk. */
  static void setChunk(A64 t, int q, int number, Value[] halves) {
    int offset = chunk(q, number);
    t.e().set(StateView.of(offset, 8), halves[0]);
    if (q == 1) {
      t.e().set(StateView.of(offset + 8, 8), halves[1]);
    }
  }

  private static void move(
      A64 t, VectorOp op, int q, int size, int n, int max, int to, int... from) {
    VectorDesc desc = VectorDesc.of(op, size, to, 8 << q, max).immediate(n);
    t.e()
        .vector(
            from.length == 3 ? desc.from(from[0], from[1], from[2]) : desc.from(from[0], from[1]));
  }

  /** Chunks become registers: structures of 2, 3 or 4 elements. */
  static void deinterleave(A64 t, int elements, int q, int size, int rt) {
    switch (elements) {
      case 2 -> {
        move(t, VectorOp.UZP1, q, size, 0, 16, register(rt, 0), chunk(q, 0), chunk(q, 1));
        move(t, VectorOp.UZP2, q, size, 0, 16, register(rt, 1), chunk(q, 0), chunk(q, 1));
      }
      case 3 -> {
        for (int r = 0; r < 3; r++) {
          int to = register(rt, r);
          move(t, VectorOp.UNZIP3, q, size, r, 16, to, chunk(q, 0), chunk(q, 1), chunk(q, 2));
        }
      }
      default -> {
        for (int half = 0; half < 2; half++) {
          // First the lanes of registers 0 and 2, then those of 1 and 3.
          VectorOp op = half == 0 ? VectorOp.UZP1 : VectorOp.UZP2;
          int first = chunk(q, CHUNKS);
          int second = chunk(q, CHUNKS + 1);
          move(t, op, q, size, 0, 8 << q, first, chunk(q, 0), chunk(q, 1));
          move(t, op, q, size, 0, 8 << q, second, chunk(q, 2), chunk(q, 3));
          move(t, VectorOp.UZP1, q, size, 0, 16, register(rt, half), first, second);
          move(t, VectorOp.UZP2, q, size, 0, 16, register(rt, half + 2), first, second);
        }
      }
    }
  }

  /** Registers become chunks. */
  static void interleave(A64 t, int elements, int q, int size, int rt) {
    int max = 8 << q;
    switch (elements) {
      case 2 -> {
        move(t, VectorOp.ZIP1, q, size, 0, max, chunk(q, 0), register(rt, 0), register(rt, 1));
        move(t, VectorOp.ZIP2, q, size, 0, max, chunk(q, 1), register(rt, 0), register(rt, 1));
      }
      case 3 -> {
        for (int n = 0; n < 3; n++) {
          int to = chunk(q, n);
          int[] from = {register(rt, 0), register(rt, 1), register(rt, 2)};
          move(t, VectorOp.ZIP3, q, size, n, max, to, from);
        }
      }
      default -> {
        for (int half = 0; half < 2; half++) {
          VectorOp op = half == 0 ? VectorOp.ZIP1 : VectorOp.ZIP2;
          int even = chunk(q, CHUNKS);
          int odd = chunk(q, CHUNKS + 1);
          move(t, op, q, size, 0, max, even, register(rt, 0), register(rt, 2));
          move(t, op, q, size, 0, max, odd, register(rt, 1), register(rt, 3));
          move(t, VectorOp.ZIP1, q, size, 0, max, chunk(q, 2 * half), even, odd);
          move(t, VectorOp.ZIP2, q, size, 0, max, chunk(q, 2 * half + 1), even, odd);
        }
      }
    }
  }

  private static int register(int rt, int r) {
    return Simd.v((rt + r) & 31);
  }
}
