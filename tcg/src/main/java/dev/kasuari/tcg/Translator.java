package dev.kasuari.tcg;

/** Turns guest instructions into IR, one at a time. */
public interface Translator {
  /**
   * Translates the instruction at the translation's position: fetches it, says its length with
   * {@link Translation#instruction}, emits its meaning, and calls {@link Translation#end} if
   * nothing may follow it in the unit.
   *
   * <p>If a fetch reports that the instruction cannot be read, returns at once without having
   * emitted anything.
   */
  void translate(Translation translation);

  /**
   * All that translations depend on besides the guest's code, its place in the page and the mode
   * word: two translators that say the same make the same of the same.
   */
  default String configuration() {
    return getClass().getName();
  }

  /** The instruction as text, for {@code -d in_asm}: its bytes lie at the given host address. */
  String disassemble(long hostAddress, int length, long pc);
}
