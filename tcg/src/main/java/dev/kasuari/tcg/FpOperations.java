package dev.kasuari.tcg;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.softfloat.FlushToZero;
import dev.kasuari.softfloat.Format;
import dev.kasuari.softfloat.Rounding;
import dev.kasuari.softfloat.SoftFloat;
import dev.kasuari.tcg.ir.Flags;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;

/**
 * The floating-point operations of the IR in software: the reference for every back end, and what
 * they fall back to. Rounding mode and accrued exceptions are in the guest state.
 */
public final class FpOperations {
  private final GuestState state;
  private final FloatEnv env;

  // What the CPU does in all operations; descriptors add to it.
  private final boolean defaultNans;
  private final boolean flushInputs;
  private final FlushToZero flushOutputs;

  public FpOperations(GuestState state, FloatEnv env) {
    this.state = state;
    this.env = env;
    defaultNans = env.defaultNanMode();
    flushInputs = env.flushInputs();
    flushOutputs = env.flushOutputs();
  }

  private static Format format(FpDesc.Format format) {
    return switch (format) {
      case F16, F16_ALTERNATIVE -> Format.BINARY16;
      case BF16 -> Format.BFLOAT16;
      case F32 -> Format.BINARY32;
      case F64 -> Format.BINARY64;
      case F80, F128 -> throw new IllegalArgumentException(format + " is not in softfloat yet");
    };
  }

  private static long signBit(FpDesc.Format format) {
    return switch (format) {
      case F16, BF16, F16_ALTERNATIVE -> 1L << 15;
      case F32 -> 1L << 31;
      default -> 1L << 63;
    };
  }

  /** The ten-class mask of {@link Op#FCLASS}. */
  public long classify(long desc, long a) {
    Format from = format(FpDesc.from(desc));
    return from.classify(bits(from, a));
  }

  /** An operand as softfloat takes it: IR values of 32 bits are sign-extended, softfloat's not. */
  private static long bits(Format format, long value) {
    return value & -1L >>> (Long.SIZE - format.width());
  }

  /**
   * Computes one operation, accruing its exceptions.
   *
   * @param desc as {@link FpDesc} packs it
   * @return the bits of the result, a 32-bit one sign-extended
   */
  public long apply(Op op, Type type, long desc, long a, long b, long c) {
    return switch (op) {
      case FPFLAGS_GET -> state.get(StateLayout.FP_FLAGS);
      case FPFLAGS_SET -> write(StateLayout.FP_FLAGS, a);
      case FPROUND_SET -> write(StateLayout.FP_ROUNDING, a);
      default -> round(op, type, desc, a, b, c);
    };
  }

  private long write(StateField field, long value) {
    state.set(field, value);
    return 0;
  }

  private long round(Op op, Type type, long desc, long a, long b, long c) {
    int mode = FpDesc.rounding(desc);
    int code = mode == FpDesc.DYNAMIC ? (int) state.get(StateLayout.FP_ROUNDING) : mode;
    env.rounding(Rounding.of(code));
    modes(desc);
    int before = (int) state.get(StateLayout.FP_FLAGS);
    env.setFlags(before);
    long result = compute(op, type, desc, a, b, c);
    int flags = env.flags();
    if (FpDesc.flushesInputs(desc) && FpDesc.from(desc) == FpDesc.Format.F16) {
      flags &= before | ~FloatEnv.INPUT_FLUSHED;
    }
    state.set(StateLayout.FP_FLAGS, flags);
    return type == Type.I32 ? (int) result : result;
  }

  private void modes(long desc) {
    env.defaultNanMode(defaultNans || FpDesc.defaultNans(desc));
    env.flushInputs(flushInputs || FpDesc.flushesInputs(desc));
    env.flushOutputs(FpDesc.flushesOutputs(desc) ? FlushToZero.UNDERFLOW : flushOutputs);
  }

  private long compute(Op op, Type type, long desc, long rawA, long rawB, long rawC) {
    if (op == Op.ITOF) {
      return fromInteger(desc, format(FpDesc.format(desc)), rawA);
    }
    Format f = format(FpDesc.format(desc));
    Format from = format(FpDesc.from(desc));
    long a = bits(from, rawA);
    long b = bits(from, rawB);
    long c = bits(from, rawC);
    return switch (op) {
      case FADD -> SoftFloat.add(env, f, a, b);
      case FSUB -> SoftFloat.sub(env, f, a, b);
      case FMUL -> SoftFloat.mul(env, f, a, b);
      case FDIV -> SoftFloat.div(env, f, a, b);
      case FSQRT -> SoftFloat.sqrt(env, f, a);
      case FMA -> fma(desc, f, a, b, c);
      case FMIN -> minimum(desc, f, a, b);
      case FMAX -> maximum(desc, f, a, b);
      case FCMP -> compare(desc, f, a, b);
      case FCVT -> convert(desc, from, f, a);
      case FTOI -> toInteger(desc, from, a);
      case FRINT -> SoftFloat.roundToIntegral(env, f, a, FpDesc.raisesInexact(desc));
      default -> throw new IllegalArgumentException(op + " " + type);
    };
  }

  private long fma(long desc, Format f, long a, long b, long c) {
    long sign = signBit(FpDesc.format(desc));
    long product = FpDesc.negatesProduct(desc) ? a ^ sign : a;
    long addend = FpDesc.negatesAddend(desc) ? c ^ sign : c;
    return SoftFloat.fma(env, f, product, b, addend);
  }

  private long minimum(long desc, Format f, long a, long b) {
    return switch (FpDesc.minMax(desc)) {
      case NUMBER_2019 -> SoftFloat.minimumNumber(env, f, a, b);
      case NAN_2019 -> SoftFloat.minimum(env, f, a, b);
      case NUMBER_2008 -> SoftFloat.minNum(env, f, a, b);
      case SECOND -> SoftFloat.minElseSecond(env, f, a, b);
    };
  }

  private long maximum(long desc, Format f, long a, long b) {
    return switch (FpDesc.minMax(desc)) {
      case NUMBER_2019 -> SoftFloat.maximumNumber(env, f, a, b);
      case NAN_2019 -> SoftFloat.maximum(env, f, a, b);
      case NUMBER_2008 -> SoftFloat.maxNum(env, f, a, b);
      case SECOND -> SoftFloat.maxElseSecond(env, f, a, b);
    };
  }

  private int compare(long desc, Format f, long a, long b) {
    int relation =
        FpDesc.isSignaling(desc)
            ? SoftFloat.compareSignaling(env, f, a, b)
            : SoftFloat.compareQuiet(env, f, a, b);
    return switch (FpDesc.relation(desc)) {
      case EQ -> relation == SoftFloat.EQUAL ? 1 : 0;
      case LT -> relation == SoftFloat.LESS ? 1 : 0;
      case LE -> relation == SoftFloat.LESS || relation == SoftFloat.EQUAL ? 1 : 0;
      case FLAGS ->
          switch (relation) {
            case SoftFloat.LESS -> Flags.N | Flags.C;
            case SoftFloat.EQUAL -> Flags.Z;
            case SoftFloat.GREATER -> 0;
            default -> Flags.V;
          };
    };
  }

  private long convert(long desc, Format from, Format to, long a) {
    if (FpDesc.from(desc) == FpDesc.Format.F16_ALTERNATIVE) {
      return SoftFloat.fromAlternativeHalf(env, to, a);
    }
    return FpDesc.format(desc) == FpDesc.Format.F16_ALTERNATIVE
        ? SoftFloat.toAlternativeHalf(env, from, a)
        : SoftFloat.convert(env, from, to, a);
  }

  private long toInteger(long desc, Format from, long a) {
    int width = FpDesc.integerWidth(desc);
    return FpDesc.integerIsSigned(desc)
        ? SoftFloat.toSigned(env, from, a, width, FpDesc.scale(desc))
        : SoftFloat.toUnsigned(env, from, a, width, FpDesc.scale(desc));
  }

  private long fromInteger(long desc, Format f, long a) {
    boolean wide = FpDesc.integerWidth(desc) == 64;
    int scale = FpDesc.scale(desc);
    if (FpDesc.integerIsSigned(desc)) {
      return SoftFloat.fromSigned(env, f, wide ? a : (int) a, scale);
    }
    return SoftFloat.fromUnsigned(env, f, wide ? a : a & 0xffffffffL, scale);
  }
}
