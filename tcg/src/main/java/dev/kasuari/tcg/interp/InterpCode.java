package dev.kasuari.tcg.interp;

import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.ir.IrUnit;

/** A unit ready for the {@link Interpreter}. */
final class InterpCode implements CompiledCode {
  private final int[] words;
  private final int frame;
  private final IrUnit unit;
  private final int[] slots;

  /**
   * @param words instructions as {@link Opcode} says
   * @param frame slots it needs
   * @param unit the IR, from which slow operations are done and traps recovered
   * @param slots where each value of the unit is
   */
  InterpCode(int[] words, int frame, IrUnit unit, int[] slots) {
    this.words = words;
    this.frame = frame;
    this.unit = unit;
    this.slots = slots;
  }

  int[] words() {
    return words;
  }

  int frame() {
    return frame;
  }

  IrUnit unit() {
    return unit;
  }

  int[] slots() {
    return slots;
  }
}
