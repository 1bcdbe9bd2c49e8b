package dev.kasuari.tcg.interp;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.GuestInstruction;
import dev.kasuari.tcg.ir.IrUnit;

/** What either interpreter does when it leaves a unit, or for a while. */
final class Leaving {
  private Leaving() {}

  /** What the loop is told by an {@code exit}, with the ordinal of an {@link ExitReason}. */
  static Exit exit(int reason) {
    return switch (ExitReason.of(reason)) {
      case LOOKUP -> Exit.LOOKUP;
      case HALT -> Exit.HALT;
      case DEBUG -> Exit.DEBUG;
    };
  }

  /** Takes back the instructions of the block that did not run, when it is left before its end. */
  static void correctCount(long state, TranslationBlock block, int instruction) {
    int missing = block.instructions() - (instruction + 1);
    if (missing != 0) {
      uncount(state, missing);
    }
  }

  private static void uncount(long state, int instructions) {
    RawMemory.putLong(
        state + EngineState.RETIRED, RawMemory.getLong(state + EngineState.RETIRED) - instructions);
  }

  /** Before a helper: the program counter and the position are what it may ask for. */
  static void enterJava(
      ExecutionContext context, TranslationBlock block, IrUnit unit, long base, int instruction) {
    context.current = block;
    context.currentInstruction = instruction;
    context.cpu().setPc(base + unit.instructions().get(instruction).delta());
  }

  /** A trap: the state is that before the current instruction. */
  static Exit fault(
      ExecutionContext context, TranslationBlock block, IrUnit unit, long base, int instruction) {
    GuestInstruction at = unit.instructions().get(instruction);
    uncount(context.state(), block.instructions() - instruction);
    context.current = null;
    context.linkFrom = null;
    context.cpu().restore(base + at.delta(), at.word());
    return context.takeFault();
  }
}
