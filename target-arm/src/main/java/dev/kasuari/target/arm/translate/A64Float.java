package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** Scalar floating point. Source: DDI 0487, C7.2 and J1.1 "shared/functions/float". */
interface A64Float extends A64Instructions<A64> {
  /** The type that holds a value of so many bytes, of which size is the logarithm. */
  static Type type(int size) {
    return size == 3 ? Type.I64 : Type.I32;
  }

  /** The lowest element of a vector register. */
  static Value get(A64 t, int size, int r) {
    return t.e().get(type(size), StateView.of(ArmState.V.at(r), 1 << size));
  }

  /** Writes the lowest element of a vector register, and zeros above. */
  static void set(A64 t, int size, int r, Value value) {
    var e = t.e();
    Value low =
        switch (size) {
          case 3 -> value;
          case 2 -> e.widenUnsigned(value);
          default -> e.widenUnsigned(e.zeroExtend(value, 8 << size));
        };
    e.set(StateView.of(ArmState.V.at(r), 8), low);
    e.set(StateView.of(ArmState.V.at(r) + 8, 8), e.constant(0));
  }

  @Override
  default void fmov(A64 t, int size, int rn, int rd) {
    set(t, size, rd, get(t, size, rn));
  }
}
