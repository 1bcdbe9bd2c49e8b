package dev.kasuari.softfloat;

/**
 * Whether a result that is tiny, as {@link FloatEnv#tininessBeforeRounding()} defines it, becomes a
 * zero of its sign.
 */
public enum FlushToZero {
  /** Subnormal results are delivered (IEEE 754). */
  OFF,
  /** Flushes and raises UNDERFLOW. Arm's FZ and FZ16. */
  UNDERFLOW,
  /** Flushes and raises UNDERFLOW and INEXACT. x86's FTZ. */
  UNDERFLOW_AND_INEXACT
}
