package dev.kasuari.softfloat;

/**
 * NaN results: which NaN comes out when NaNs went in, and whether that was invalid.
 *
 * <p>Operands beside a NaN are flushed, because Arm reports it (FPUnpack comes before
 * FPProcessNaNs), but are not used: x86 reports nothing (SDM volume 1, 4.9.2).
 */
final class Nans {
  private Nans() {}

  /** The result of a one-operand operation on a NaN. */
  static long propagate(FloatEnv env, Format f, long a) {
    if (f.isSignalingNan(a)) {
      env.flags |= FloatEnv.INVALID;
    }
    return env.defaultNanMode ? env.defaultNan(f) : a | f.quietBit();
  }

  /** The result of a two-operand operation; at least one operand is a NaN. */
  static long propagate(FloatEnv env, Format f, long rawA, long rawB) {
    long a = env.flushed(f, rawA);
    long b = env.flushed(f, rawB);
    if (f.isSignalingNan(a) || f.isSignalingNan(b)) {
      env.flags |= FloatEnv.INVALID;
    }
    return env.defaultNanMode ? env.defaultNan(f) : choose(env.nanRule, f, a, b) | f.quietBit();
  }

  /** The result of a × b + c; at least one operand is a NaN. */
  static long propagate(FloatEnv env, Format f, long rawA, long rawB, long rawC) {
    long a = env.flushed(f, rawA);
    long b = env.flushed(f, rawB);
    long c = env.flushed(f, rawC);
    if (f.isSignalingNan(a) || f.isSignalingNan(b) || f.isSignalingNan(c)) {
      env.flags |= FloatEnv.INVALID;
    }
    if (isZeroTimesInfinity(f, a, b)) {
      // c is the NaN.
      if (env.zeroTimesInfinity != ZeroTimesInfinity.QUIET_ADDEND) {
        env.flags |= FloatEnv.INVALID;
      }
      if (env.zeroTimesInfinity == ZeroTimesInfinity.INVALID_DEFAULT_NAN && !f.isSignalingNan(c)) {
        return env.defaultNan(f);
      }
    }
    return env.defaultNanMode ? env.defaultNan(f) : choose(env.nanRule, f, a, b, c) | f.quietBit();
  }

  private static boolean isZeroTimesInfinity(Format f, long a, long b) {
    return (f.isZero(a) && f.isInfinite(b)) || (f.isInfinite(a) && f.isZero(b));
  }

  private static long choose(NanRule rule, Format f, long a, long b) {
    return switch (rule) {
      case FIRST_ABC, FIRST_ACB -> f.isNan(a) ? a : b;
      case SIGNALING_FIRST_CAB, SIGNALING_FIRST_ABC -> signalingFirst(f, a, b);
      case LARGER_SIGNIFICAND -> larger(f, a, b);
    };
  }

  private static long choose(NanRule rule, Format f, long a, long b, long c) {
    return switch (rule) {
      case FIRST_ABC -> f.isNan(a) ? a : f.isNan(b) ? b : c;
      case FIRST_ACB -> f.isNan(a) ? a : f.isNan(c) ? c : b;
      case SIGNALING_FIRST_CAB -> signalingFirst(f, c, signalingFirst(f, a, b));
      case SIGNALING_FIRST_ABC -> signalingFirst(f, signalingFirst(f, a, b), c);
      case LARGER_SIGNIFICAND -> larger(f, larger(f, a, b), c);
    };
  }

  /** The first signalling NaN, or else the first NaN, or else b. */
  private static long signalingFirst(Format f, long a, long b) {
    if (f.isSignalingNan(a) || !f.isNan(b)) {
      return a;
    }
    return f.isSignalingNan(b) || !f.isNan(a) ? b : a;
  }

  private static long larger(Format f, long a, long b) {
    if (!f.isNan(a) || !f.isNan(b)) {
      return f.isNan(a) ? a : b;
    }
    boolean signalingA = f.isSignalingNan(a);
    if (signalingA != f.isSignalingNan(b)) {
      return signalingA ? b : a;
    }
    long byMagnitude = f.magnitude(a) - f.magnitude(b);
    if (byMagnitude != 0) {
      return byMagnitude > 0 ? a : b;
    }
    return f.isNegative(a) ? b : a;
  }
}
