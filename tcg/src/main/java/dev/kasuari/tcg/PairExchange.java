package dev.kasuari.tcg;

/** Compares and exchanges 16 bytes of the host's memory at once. */
@FunctionalInterface
public interface PairExchange {
  /**
   * Puts new values where the expected ones are.
   *
   * @param host address, a multiple of 16
   * @param pairs the two expected values and the two new ones, the one at the lower address first;
   *     afterwards what was there is in the place of the expected ones
   */
  void exchange(long host, long[] pairs);
}
