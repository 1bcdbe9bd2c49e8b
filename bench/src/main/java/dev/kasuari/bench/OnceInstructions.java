package dev.kasuari.bench;

import java.nio.ByteBuffer;

/** A target's instructions for code that runs once, at random. */
interface OnceInstructions {
  /** Adds one that goes on to the next. */
  void plain(ByteBuffer code);

  /** How long the next branch is to be. */
  int branchBytes();

  /**
   * Puts a branch whose way depends on the data.
   *
   * @param at its place
   * @param bytes its length, of {@link #branchBytes}
   * @param distance forward, from its place
   */
  void branch(ByteBuffer code, int at, int bytes, int distance);

  /** Adds the last ones: something of what was computed into the result, and the return. */
  void end(ByteBuffer code);
}
