package dev.kasuari.it;

/** Where in a sequence's block its start and its results lie; byte offsets. */
final class Block {
  static final int ENTRY = 0;
  static final int END = 8;
  static final int FCSR = 16;

  /** Not zero if a trap outside of the code returns to {@code ra}. */
  static final int RETURNING = 24;

  /** Registers that the handler uses: {@code t1} to {@code t5}, and {@code mstatus} twice. */
  static final int SAVED = 32;

  static final int X = SAVED + 8 * 8;
  static final int F = X + 32 * 8;
  static final int CSRS = F + 32 * 8;
  static final int RESULT = CSRS + 8 * SequenceBatch.CSRS.size();
  static final int SIZE = RESULT + Outcome.SIZE;

  private Block() {}
}
