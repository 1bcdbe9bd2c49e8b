package dev.kasuari.tcg.interp;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.SoftMmu;
import dev.kasuari.tcg.ir.FlagCond;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Rmw;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The interpreters' infrequent operations, done from the row of the IR. {@code slots} says where in
 * the frame {@code r} each value of the unit is; null if its number is its slot.
 */
final class SlowOperations {
  private SlowOperations() {}

  private static long operand(IrUnit unit, int @Nullable [] slots, int i, int position, long[] r) {
    if (position >= unit.argumentCount(i)) {
      return 0;
    }
    int value = unit.argument(i, position);
    return r[slots == null ? value : slots[value]];
  }

  /** Anything but guest memory. */
  static void compute(
      ExecutionContext context, IrUnit unit, int @Nullable [] slots, int i, long[] r) {
    Op op = unit.op(i);
    long a = operand(unit, slots, i, 0, r);
    long b = operand(unit, slots, i, 1, r);
    long c = operand(unit, slots, i, 2, r);
    if (op.is(Op.Trait.FP)) {
      long result = context.fp().apply(op, unit.type(i), unit.immediate(i), a, b, c);
      if (unit.result(i) != IrUnit.NONE) {
        r[unit.result(i)] = result;
      }
      return;
    }
    switch (op) {
      case GET -> r[unit.result(i)] = get(context.state(), unit.immediate(i));
      case SET -> set(context.state(), unit.immediate(i), a);
      case BRFLAGS ->
          r[Lowering.flagSlot(unit)] = FlagCond.of((int) unit.immediate(i)).test((int) a) ? 1 : 0;
      case VECTOR -> context.vectors().apply(unit.vector(i));
      case FCLASS -> r[unit.result(i)] = context.fp().classify(unit.immediate(i), a);
      default -> {
        long d = operand(unit, slots, i, 3, r);
        r[unit.result(i)] = Evaluator.evaluate(op, unit.type(i), unit.immediate(i), a, b, c, d);
        if (op.resultCount() == 2) {
          r[unit.result(i) + 1] = Evaluator.second(op, unit.type(i), a, b, c);
        }
      }
    }
  }

  static long get(long state, long view) {
    long at = state + StateView.offset(view);
    boolean signed = StateView.isSigned(view);
    return switch (StateView.size(view)) {
      case 1 -> signed ? RawMemory.getByte(at) : RawMemory.getByte(at) & 0xffL;
      case 2 -> signed ? RawMemory.getShort(at) : RawMemory.getShort(at) & 0xffffL;
      case 4 -> signed ? RawMemory.getInt(at) : RawMemory.getInt(at) & 0xffffffffL;
      default -> RawMemory.getLong(at);
    };
  }

  static void set(long state, long view, long value) {
    long at = state + StateView.offset(view);
    switch (StateView.size(view)) {
      case 1 -> RawMemory.putByte(at, (byte) value);
      case 2 -> RawMemory.putShort(at, (short) value);
      case 4 -> RawMemory.putInt(at, (int) value);
      default -> RawMemory.putLong(at, value);
    }
  }

  /** An operation on guest memory; check the soft MMU's fault afterwards. */
  static void memory(
      ExecutionContext context, IrUnit unit, int @Nullable [] slots, int i, long[] r) {
    SoftMmu mmu = context.mmu();
    long desc = unit.immediate(i);
    int d = unit.result(i);
    long a = operand(unit, slots, i, 0, r);
    long b = operand(unit, slots, i, 1, r);
    long c = operand(unit, slots, i, 2, r);
    switch (unit.op(i)) {
      case LOAD -> r[d] = fit(unit, i, mmu.load(a, desc));
      case STORE -> mmu.store(a, b, desc);
      case LOAD2 -> {
        mmu.loadPair(a, desc);
        r[d] = fit(unit, i, mmu.pairFirst);
        r[d + 1] = fit(unit, i, mmu.pairSecond);
      }
      case STORE2 -> mmu.storePair(a, b, c, desc);
      case CAS -> r[d] = fit(unit, i, mmu.cas(a, b, c, desc));
      case CAS2 -> {
        mmu.casPair(a, b, c, operand(unit, slots, i, 3, r), operand(unit, slots, i, 4, r), desc);
        r[d] = mmu.pairFirst;
        r[d + 1] = mmu.pairSecond;
      }
      case RMW -> r[d] = fit(unit, i, mmu.rmw(Rmw.of(unit.auxiliary(i)), a, b, desc));
      case LL -> r[d] = fit(unit, i, mmu.loadLinked(a, desc));
      case SC -> r[d] = mmu.storeConditional(a, b, desc);
      case PROBE -> mmu.probe(a, desc);
      case UNRESERVE -> RawMemory.putInt(context.state() + EngineState.RESERVED, 0);
      case FENCE -> VarHandle.fullFence();
      default -> throw new AssertionError(unit.op(i));
    }
  }

  private static long fit(IrUnit unit, int i, long value) {
    return unit.type(i) == Type.I32 ? (int) value : value;
  }
}
