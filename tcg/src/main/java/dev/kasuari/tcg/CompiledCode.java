package dev.kasuari.tcg;

import org.jspecify.annotations.Nullable;

/** What a {@link BackEnd} made of a unit; only that back end looks inside. */
public interface CompiledCode {
  /** The block that it is the code of. Once, before it can be found. */
  default void attach(TranslationBlock block) {}

  /**
   * From now on a chaining slot leads straight to other code; or to the loop again. While others
   * may run it.
   */
  default void link(int slot, @Nullable CompiledCode to) {}

  /** Nothing enters it any more, by whatever way; who is in it goes on to its end. */
  default void retire() {}

  /** A copy of the host's instructions, for those who look at them; null if there are none. */
  default @Nullable HostCode hostCode() {
    return null;
  }

  /** The host's instructions as text, a line each, for reports; empty if there are none. Slow. */
  default String listing() {
    return "";
  }
}
