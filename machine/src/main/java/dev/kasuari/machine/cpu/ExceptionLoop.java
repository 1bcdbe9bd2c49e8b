package dev.kasuari.machine.cpu;

/**
 * Notices a handler whose first instruction raises the exception that it handles: the CPU takes it
 * again and again and will do nothing else, which a person should hear of once.
 */
public final class ExceptionLoop {
  private static final int ENOUGH = 3;

  private long cause;
  private long pc;
  private long value;
  private int count;

  /**
   * After an exception was taken.
   *
   * @param newPc of the instruction that raised it
   * @param handler where the CPU went on
   * @return true once, when it is clear that it loops
   */
  public boolean taken(long newCause, long newValue, long newPc, long handler) {
    boolean same = newCause == cause && newPc == pc && newValue == value;
    cause = newCause;
    pc = newPc;
    value = newValue;
    if (handler != newPc) {
      count = 0;
      return false;
    }
    count = same ? count + 1 : 1;
    return count == ENOUGH;
  }

  /** Forgets what was. */
  public void reset() {
    count = 0;
  }
}
