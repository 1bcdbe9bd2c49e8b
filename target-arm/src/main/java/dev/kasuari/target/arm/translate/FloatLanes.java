package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Value;
import java.util.function.BinaryOperator;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/**
 * The shapes of vector instructions, with an operation on lanes in them. {@code q} is 0 for the
 * lower 64 bits of registers, 1 for all of them, and 3 for the lowest lane alone; what is above is
 * cleared in the result. Sources may be the destination.
 */
final class FloatLanes {
  /** What is made of lanes of two sources and of the destination. */
  interface Accumulation {
    Value of(Value a, Value b, Value c);
  }

  private FloatLanes() {}

  static int count(int q, int size) {
    return q == 3 ? 1 : 8 << q >> size;
  }

  /** The destination's lanes by their numbers, all of which are made before one is written. */
  static void write(A64 t, int q, int size, int rd, IntFunction<Value> lane) {
    var results = new Value[count(q, size)];
    for (int i = 0; i < results.length; i++) {
      results[i] = lane.apply(i);
    }
    if (q == 3) {
      FloatOps.set(t, size, rd, results[0]);
      return;
    }
    for (int i = 0; i < results.length; i++) {
      FloatOps.put(t, size, rd, i, results[i]);
    }
    if (q == 0) {
      clearUpper(t, rd);
    }
  }

  private static void clearUpper(A64 t, int rd) {
    t.e().set(StateView.of(ArmState.V.at(rd) + 8, 8), t.e().constant(0));
  }

  static void map(A64 t, int q, int size, int rn, int rd, UnaryOperator<Value> op) {
    write(t, q, size, rd, i -> op.apply(FloatOps.get(t, size, rn, i)));
  }

  static void zip(A64 t, int q, int size, int rm, int rn, int rd, BinaryOperator<Value> op) {
    write(
        t, q, size, rd, i -> op.apply(FloatOps.get(t, size, rn, i), FloatOps.get(t, size, rm, i)));
  }

  static void accumulate(A64 t, int q, int size, int rm, int rn, int rd, Accumulation op) {
    write(
        t,
        q,
        size,
        rd,
        i ->
            op.of(
                FloatOps.get(t, size, rn, i),
                FloatOps.get(t, size, rm, i),
                FloatOps.get(t, size, rd, i)));
  }

  /** Of neighbours in n, and above those in m. */
  static void pairs(A64 t, int q, int size, int rm, int rn, int rd, BinaryOperator<Value> op) {
    int lanes = count(q, size);
    write(
        t,
        q,
        size,
        rd,
        i -> {
          int r = 2 * i < lanes ? rn : rm;
          int first = 2 * i % lanes;
          return op.apply(FloatOps.get(t, size, r, first), FloatOps.get(t, size, r, first + 1));
        });
  }

  /** Of all lanes: of the upper and the lower half first (J1.1 "Reduce"). */
  static Value reduce(A64 t, int q, int size, int rn, BinaryOperator<Value> op) {
    return reduce(t, size, rn, 0, count(q, size), op);
  }

  private static Value reduce(
      A64 t, int size, int rn, int first, int lanes, BinaryOperator<Value> op) {
    if (lanes == 1) {
      return FloatOps.get(t, size, rn, first);
    }
    int half = lanes / 2;
    Value low = reduce(t, size, rn, first, half, op);
    return op.apply(low, reduce(t, size, rn, first + half, half, op));
  }

  /**
   * All lanes to lanes of half their size, in the lower or, where q is 1, the upper half.
   *
   * @param size of the wide lanes
   */
  static void narrow(A64 t, int q, int size, int rn, int rd, UnaryOperator<Value> op) {
    var results = new Value[count(1, size)];
    for (int i = 0; i < results.length; i++) {
      results[i] = op.apply(FloatOps.get(t, size, rn, i));
    }
    for (int i = 0; i < results.length; i++) {
      FloatOps.put(t, size - 1, rd, q * results.length + i, results[i]);
    }
    if (q == 0) {
      clearUpper(t, rd);
    }
  }

  /**
   * Lanes of the lower or, where q is 1, the upper half to lanes of twice their size.
   *
   * @param size of the wide lanes
   */
  static void widen(A64 t, int q, int size, int rn, int rd, UnaryOperator<Value> op) {
    int first = q * count(1, size);
    write(t, 1, size, rd, i -> op.apply(FloatOps.get(t, size - 1, rn, first + i)));
  }
}
