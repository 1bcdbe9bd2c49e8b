package dev.kasuari.tcg.ir;

/**
 * A piece of guest semantics in Java: system registers with side effects, rare corners. The code
 * leaves through its exit, Java runs this on the CPU's thread, and the code goes on after it.
 *
 * <p>Guest state is complete when a helper runs: every register written before it in program order
 * is in the state, and the program counter is the current instruction's. A helper that raises a
 * guest exception calls {@link Context#raise} and returns; the unit ends there.
 */
public interface Helper {
  /** Name in dumps and traces. */
  String name();

  /** Computes; arguments that the call does not pass are 0. */
  long call(Context context, long a, long b, long c);

  /**
   * Whether it may call {@link Context#raise}; if not, an instruction may call several, and write
   * state before it does.
   */
  default boolean raises() {
    return true;
  }

  /** Whether it may change guest state; if not, its instruction may trap behind it. */
  default boolean writesState() {
    return true;
  }

  /** What a helper may ask of the one that calls it. */
  interface Context {
    /** The CPU, whose registers are up to date. */
    dev.kasuari.machine.cpu.Cpu cpu();

    /** Ends the unit with an exception at the current instruction. */
    void raise(int cause, long value);
  }
}
