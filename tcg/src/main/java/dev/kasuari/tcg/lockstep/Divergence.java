package dev.kasuari.tcg.lockstep;

import org.jspecify.annotations.Nullable;

/** Code asks for something else than the reference did: there is no answer to go on with. */
final class Divergence extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String what;
  private final transient @Nullable StateImage expected;

  Divergence(String message) {
    this(message, null);
  }

  /**
   * @param expected the state that the reference had there
   */
  Divergence(String message, @Nullable StateImage expected) {
    super(message, null, false, false);
    this.what = message;
    this.expected = expected;
  }

  /** What it asks for. */
  String what() {
    return what;
  }

  @Nullable StateImage expected() {
    return expected;
  }
}
