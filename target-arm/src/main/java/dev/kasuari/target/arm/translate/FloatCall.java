package dev.kasuari.target.arm.translate;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.softfloat.FlushToZero;
import dev.kasuari.softfloat.Format;
import dev.kasuari.softfloat.Rounding;
import dev.kasuari.softfloat.SoftFloat;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/**
 * Floating point that the IR has no operation for. Arguments: two operands and the descriptor of
 * the operation. Source: DDI 0487, J1.1 "shared/functions/float".
 */
enum FloatCall implements Helper {
  /** A half rounded to an integer of 16 bits. */
  TO_SHORT {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      int scale = FpDesc.scale(desc);
      return FpDesc.integerIsSigned(desc)
          ? SoftFloat.toSigned(env, f, a, 16, scale)
          : SoftFloat.toUnsigned(env, f, a, 16, scale);
    }
  },

  /** FJCVTZS: the integer in bits 31 to 0, and bit 32 says that it is the operand. */
  TO_JAVASCRIPT {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      return FloatSteps.toJavaScript(env, a);
    }
  },

  /** FRINT32X and FRINT32Z. */
  INTEGRAL_32 {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      return FloatSteps.integral(env, f, 32, a);
    }
  },

  /** FRINT64X and FRINT64Z. */
  INTEGRAL_64 {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      return FloatSteps.integral(env, f, 64, a);
    }
  },

  /** FMULX. */
  MULTIPLY_EXTENDED {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      return FloatSteps.multiplyExtended(env, f, a, b);
    }
  },

  /** FRECPE. */
  RECIPROCAL {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      return FloatEstimates.reciprocal(env, f, a);
    }
  },

  /** FRSQRTE. */
  RECIPROCAL_ROOT {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      return FloatEstimates.reciprocalRoot(env, f, a);
    }
  },

  /** FRECPX. */
  RECIPROCAL_EXPONENT {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      return FloatEstimates.reciprocalExponent(env, f, a);
    }
  },

  /** FRECPS. */
  RECIPROCAL_STEP {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      return FloatSteps.reciprocal(env, f, a, b);
    }
  },

  /** FRSQRTS. */
  ROOT_STEP {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      return FloatSteps.reciprocalRoot(env, f, a, b);
    }
  },

  /** FMLAL: the addend, and two halves, which are zero if they are subnormal and bit 32 is set. */
  MULTIPLY_HALVES {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      return FloatSteps.multiplyHalves(env, a, b);
    }
  },

  /** BFDOT: the addend, and two pairs of BFloat16, one in bits 31 to 0. No flags. */
  BFLOAT_DOT {
    @Override
    long compute(FloatEnv env, Format f, long a, long b, long desc) {
      return FloatSteps.bfloatDot(a, b);
    }
  };

  abstract long compute(FloatEnv env, Format f, long a, long b, long desc);

  /** Its result on one element. */
  Value of(A64 t, int size, FpDesc desc, Value a) {
    return of(t, size, desc, a, t.e().constant(0));
  }

  /** Its result on two elements, of any width. */
  Value of(A64 t, int size, FpDesc desc, Value a, Value b) {
    var e = t.e();
    Value result = e.call(this, wide(t, a), wide(t, b), e.constant(desc.bits()));
    return size == 3 ? result : e.narrow(result);
  }

  private static Value wide(A64 t, Value value) {
    return value.type() == Type.I32 ? t.e().widenUnsigned(value) : value;
  }

  @Override
  public final boolean raises() {
    return false;
  }

  @Override
  public final long call(Context context, long a, long b, long desc) {
    GuestState state = context.cpu().state();
    int mode = FpDesc.rounding(desc);
    int before = (int) state.get(StateLayout.FP_FLAGS);
    FloatEnv env =
        FloatEnv.arm()
            .rounding(
                Rounding.of(
                    mode == FpDesc.DYNAMIC ? (int) state.get(StateLayout.FP_ROUNDING) : mode))
            .defaultNanMode(FpDesc.defaultNans(desc))
            .flushInputs(FpDesc.flushesInputs(desc))
            .flushOutputs(FpDesc.flushesOutputs(desc) ? FlushToZero.UNDERFLOW : FlushToZero.OFF);
    Format format =
        switch (FpDesc.format(desc)) {
          case F16 -> Format.BINARY16;
          case F32 -> Format.BINARY32;
          default -> Format.BINARY64;
        };
    long result = compute(env, format, a & -1L >>> (64 - format.width()), b, desc);
    int flags = env.flags() & ~FloatEnv.OUTPUT_FLUSHED;
    if (format.equals(Format.BINARY16)) {
      flags &= ~FloatEnv.INPUT_FLUSHED;
    }
    state.set(StateLayout.FP_FLAGS, before | flags);
    return result;
  }
}
