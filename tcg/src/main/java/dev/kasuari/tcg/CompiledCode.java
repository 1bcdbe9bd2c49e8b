package dev.kasuari.tcg;

import dev.kasuari.tcg.ir.IrUnit;
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

  /** Host address of the first instruction; 0 if there are none. */
  default long hostAddress() {
    return 0;
  }

  /** Bytes of the host's instructions. */
  default int hostSize() {
    return 0;
  }

  /**
   * A copy of the host's instructions, for those who look at them; null if there are none. Slow.
   *
   * @param unit what it was compiled of, which code does not keep
   */
  default @Nullable HostCode hostCode(IrUnit unit) {
    return null;
  }

  /** The host's instructions as text, a line each, for reports; empty if there are none. Slow. */
  default String listing(IrUnit unit) {
    return "";
  }
}
