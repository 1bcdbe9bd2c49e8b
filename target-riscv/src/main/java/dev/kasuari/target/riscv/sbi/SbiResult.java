package dev.kasuari.target.riscv.sbi;

/**
 * How a call ended.
 *
 * @param error 0 or a negative code of SBI, table 1
 * @param value what the call gives back
 * @param returns false if the caller's registers are not to be touched: it was stopped, restarted
 *     elsewhere or given a trap
 */
record SbiResult(long error, long value, boolean returns) {
  static final SbiResult SUCCESS = error(0);
  static final SbiResult FAILED = error(-1);
  static final SbiResult NOT_SUPPORTED = error(-2);
  static final SbiResult INVALID_PARAM = error(-3);
  static final SbiResult INVALID_ADDRESS = error(-5);
  static final SbiResult ALREADY_AVAILABLE = error(-6);

  static final SbiResult ALREADY_STARTED = error(-7);
  static final SbiResult ALREADY_STOPPED = error(-8);

  /** The caller does not go on after the call. */
  static final SbiResult NEVER = new SbiResult(0, 0, false);

  static SbiResult of(long value) {
    return new SbiResult(0, value, true);
  }

  private static SbiResult error(long code) {
    return new SbiResult(code, 0, true);
  }
}
