package dev.kasuari.block;

/**
 * A user of a node outside of the graph who can be kept waiting while the graph beneath it changes.
 */
public interface NodeUser {
  /**
   * Lets nothing new begin, and returns when nothing is under way. May be called more than once
   * before {@link #drainEnd} is called as often.
   */
  void drainBegin();

  /** Ends what {@link #drainBegin} began. */
  void drainEnd();

  /** It is another node that is used from now on. Called in a drained section. */
  default void nodeReplaced(BlockNode node) {}
}
