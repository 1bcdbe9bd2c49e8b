package dev.kasuari.tcg.x86_64;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.softfloat.FlushToZero;
import dev.kasuari.softfloat.IntegerOverflow;
import dev.kasuari.softfloat.NanRule;
import dev.kasuari.softfloat.Rounding;
import dev.kasuari.softfloat.ZeroTimesInfinity;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.FpDesc.Format;
import dev.kasuari.tcg.ir.FpDesc.MinMax;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;

/**
 * Who computes a floating-point operation: the host's SSE, or softfloat, or SSE unless a check says
 * that softfloat must. The one place that decides; {@link FloatCode} does what it says.
 *
 * <p>What the host does is in the Intel 64 Software Developer's Manual, volume 1, 4.8 and 11.5:
 * tininess after rounding, the first NaN of the operands, DE for subnormal operands. A guest that
 * flushes subnormals has everything done by softfloat, because MXCSR's DAZ and FTZ are neither
 * Arm's FZ nor anything but x86's own; so has an operation that does, or is of fixed-point numbers.
 */
final class FloatContract {
  /** Softfloat does it. */
  static final int SOFT = -1;

  /** The checks of a native operation, bits of {@link #checks}. */
  enum Check {
    /** The host must be in the operation's rounding mode. */
    ROUNDING,
    /** The same, but for integers small enough to be exact. */
    PRECISION,
    /** A NaN as a result, or as an operand of minimum and maximum, is softfloat's. */
    NAN,
    /** The smallest normal number as a result: it may have been tiny before rounding. */
    TINY,
    /** An integer that the host cannot represent, or does not convert with the right flags. */
    RANGE;

    /** Its bit. */
    int bit() {
      return 1 << ordinal();
    }
  }

  /** Whose NaNs results are. */
  private enum NanResult {
    /** The host's own rule is the guest's. */
    HOST,
    /** All are the default NaN. */
    DEFAULT,
    /** Softfloat chooses. */
    SOFT
  }

  private final FloatEnv env;
  private final CpuFeatures features;
  private final boolean flushes;
  private final NanResult nanResult;

  FloatContract(FloatEnv env, CpuFeatures features) {
    this.env = env;
    this.features = features;
    flushes = env.flushInputs() || env.flushOutputs() != FlushToZero.OFF;
    boolean first = env.nanRule() == NanRule.FIRST_ABC && env.defaultNanNegative();
    nanResult = env.defaultNanMode() ? NanResult.DEFAULT : first ? NanResult.HOST : NanResult.SOFT;
  }

  /** Whether a NaN result is to be replaced by the default NaN. */
  boolean defaultNans(long desc) {
    return nanResult(desc) == NanResult.DEFAULT;
  }

  /**
   * Whether a NaN result is the first signaling operand, or the first NaN of all: the host's unless
   * there are two, and positive where the operands have none.
   */
  boolean signalingFirst(long desc) {
    return nanResult(desc) == NanResult.SOFT
        && env.nanRule() == NanRule.SIGNALING_FIRST_CAB
        && env.zeroTimesInfinity() == ZeroTimesInfinity.INVALID_DEFAULT_NAN
        && !tracksSubnormals();
  }

  private NanResult nanResult(long desc) {
    return FpDesc.defaultNans(desc) ? NanResult.DEFAULT : nanResult;
  }

  /** What only softfloat does. */
  private boolean flushesOrScales(long desc) {
    boolean asked = FpDesc.flushesInputs(desc) || FpDesc.flushesOutputs(desc);
    return flushes || asked || FpDesc.scale(desc) != 0;
  }

  /** Whether DE is the guest's business, so that no comparison of our own may raise it. */
  boolean tracksSubnormals() {
    return env.trackSubnormals();
  }

  boolean has(CpuFeature feature) {
    return features.has(feature);
  }

  /** The default NaN of a format. */
  long defaultNan(Format format) {
    return switch (format) {
      case F16 -> env.defaultNanNegative() ? 0xfe00 : 0x7e00;
      case F32 -> env.defaultNanNegative() ? 0xffc0_0000L : 0x7fc0_0000L;
      default -> env.defaultNanNegative() ? 0xfff8L << 48 : 0x7ff8L << 48;
    };
  }

  /**
   * What an operation needs.
   *
   * @param type of the result
   * @param argument type of the first operand
   * @param desc as {@link FpDesc} packs it
   * @return {@link #SOFT}, or bits of {@link Check}s, 0 if the host's answer is always right
   */
  int checks(Op op, Type type, Type argument, long desc) {
    return switch (op) {
      case FPFLAGS_GET, FPFLAGS_SET, FPROUND_SET -> 0;
      case FCLASS -> holds(FpDesc.from(desc), argument) && classifiable(desc) ? 0 : SOFT;
      default -> {
        boolean operands = op == Op.ITOF || usable(FpDesc.from(desc), argument);
        boolean result = op == Op.FCMP || op == Op.FTOI || usable(FpDesc.format(desc), type);
        yield flushesOrScales(desc) || !operands || !result ? SOFT : arithmetic(op, argument, desc);
      }
    };
  }

  private int arithmetic(Op op, Type argument, long desc) {
    return switch (op) {
      case FADD, FSUB -> rounded(desc, nans(desc));
      case FMUL, FDIV -> rounded(desc, nans(desc) | tiny());
      case FSQRT -> rounded(desc, nans(desc));
      case FMA -> fma(desc);
      case FMIN, FMAX -> minMax(desc);
      case FCMP -> 0;
      case FCVT -> convert(desc);
      case FTOI -> toInteger(desc);
      case ITOF -> fromInteger(argument, desc);
      case FRINT -> namesMode(desc) ? 0 : has(CpuFeature.SSE4_1) ? rounded(desc, 0) : SOFT;
      default -> throw new IllegalArgumentException(op.mnemonic());
    };
  }

  private static boolean classifiable(long desc) {
    Format from = FpDesc.from(desc);
    return from != Format.F80 && from != Format.F128 && from != Format.F16_ALTERNATIVE;
  }

  private static boolean holds(Format format, Type type) {
    return type == Type.I64 || (type == Type.I32 && format != Format.F64);
  }

  /** The host computes in binary32 and binary64, and reaches binary16 by conversion. */
  private boolean usable(Format format, Type type) {
    boolean known =
        switch (format) {
          case F32, F64 -> true;
          // Conversion raises no DE for a subnormal operand.
          case F16 -> has(CpuFeature.F16C) && !tracksSubnormals();
          default -> false;
        };
    return known && holds(format, type);
  }

  private int nans(long desc) {
    return nanResult(desc) == NanResult.SOFT ? Check.NAN.bit() : 0;
  }

  private int tiny() {
    return env.tininessBeforeRounding() ? Check.TINY.bit() : 0;
  }

  private static boolean onHost(int mode) {
    return mode == FpDesc.DYNAMIC || mode <= Rounding.UP.ordinal();
  }

  /** The mode is the CPU's, and MXCSR has it. */
  private static boolean alwaysOnHost(long desc) {
    return FpDesc.rounding(desc) == FpDesc.DYNAMIC && FpDesc.hasFourModes(desc);
  }

  /** For results that are rounded in MXCSR's mode. */
  private static int rounded(long desc, int checks) {
    if (!onHost(FpDesc.rounding(desc))) {
      return SOFT;
    }
    return alwaysOnHost(desc) ? checks : checks | Check.ROUNDING.bit();
  }

  /**
   * Whether ROUNDSD finds an integral value in the instruction's own mode; ties away from zero take
   * a few instructions more, which are exact, but for DE.
   */
  private boolean namesMode(long desc) {
    int mode = FpDesc.rounding(desc);
    boolean away = mode == Rounding.NEAREST_MAX_MAGNITUDE.ordinal() && !tracksSubnormals();
    return has(CpuFeature.SSE4_1) && mode != FpDesc.DYNAMIC && (onHost(mode) || away);
  }

  /** binary32 is not wide enough for an innocuous second rounding of a fused result. */
  private int fma(long desc) {
    if (!has(CpuFeature.FMA) || FpDesc.format(desc) == Format.F16) {
      return SOFT;
    }
    // Softfloat flips the sign of NaNs too, and finds the invalid product under a quiet NaN.
    boolean host =
        nanResult(desc) == NanResult.HOST
            && env.zeroTimesInfinity() == ZeroTimesInfinity.QUIET_ADDEND
            && !FpDesc.negatesProduct(desc)
            && !FpDesc.negatesAddend(desc);
    return rounded(desc, tiny() | (host ? 0 : Check.NAN.bit()));
  }

  private int minMax(long desc) {
    MinMax variant = FpDesc.minMax(desc);
    if (variant == MinMax.SECOND) {
      // By way of binary32, a signaling NaN would come back quiet.
      return FpDesc.format(desc) == Format.F16 ? SOFT : 0;
    }
    if (tracksSubnormals()) {
      return SOFT;
    }
    return defaultNans(desc) && variant != MinMax.NUMBER_2008 ? 0 : Check.NAN.bit();
  }

  private int convert(long desc) {
    Format from = FpDesc.from(desc);
    Format to = FpDesc.format(desc);
    boolean wider = from.ordinal() < to.ordinal();
    boolean narrower =
        (from == Format.F64 && to == Format.F32) || (from == Format.F32 && to == Format.F16);
    return wider ? 0 : narrower ? rounded(desc, tiny()) : SOFT;
  }

  private int toInteger(long desc) {
    boolean truncates = FpDesc.rounding(desc) == Rounding.TOWARD_ZERO.ordinal();
    boolean steps = !truncates && namesMode(desc);
    boolean indefinite =
        env.integerOverflow() == IntegerOverflow.INDEFINITE && FpDesc.integerIsSigned(desc);
    int range = indefinite && !steps ? 0 : Check.RANGE.bit();
    return truncates || steps ? range : rounded(desc, range);
  }

  private static int fromInteger(Type argument, long desc) {
    boolean wide = FpDesc.integerWidth(desc) == 64;
    if (FpDesc.format(desc) == Format.F16 || (wide && argument != Type.I64)) {
      return SOFT;
    }
    if (!wide && FpDesc.format(desc) == Format.F64) {
      return 0;
    }
    if (alwaysOnHost(desc)) {
      return 0;
    }
    return FpDesc.rounding(desc) == FpDesc.DYNAMIC ? Check.ROUNDING.bit() : Check.PRECISION.bit();
  }

  /** As the table in the tests has it: {@code native}, {@code rounding+nan}, {@code soft}. */
  static String describe(int checks) {
    if (checks == SOFT) {
      return "soft";
    }
    var names = new StringBuilder();
    for (Check check : Check.values()) {
      if ((checks & check.bit()) != 0) {
        names.append(names.isEmpty() ? "" : "+");
        names.append(check.name().toLowerCase(java.util.Locale.ROOT));
      }
    }
    return names.isEmpty() ? "native" : names.toString();
  }
}
