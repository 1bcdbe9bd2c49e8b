package dev.kasuari.tcg;

import dev.kasuari.tcg.ir.IrUnit;

/**
 * Turns IR into something that runs, and runs it. One for each machine; any vCPU thread calls it.
 */
public interface BackEnd extends AutoCloseable {
  /** Makes a machine's back end, once it is known whose instructions it is to run. */
  @FunctionalInterface
  interface Maker {
    /** A new one for code of {@code instructions}. */
    BackEnd make(InstructionSet instructions);
  }

  /** The name after {@code backend=}. */
  String name();

  /** Compiles a verified unit. */
  CompiledCode compile(IrUnit unit);

  /**
   * Runs the block, whose first instruction is at virtual address {@code pc}, and what follows it,
   * until there is something that only the loop can do.
   *
   * @return why it stopped; the details are in the context
   */
  Exit run(ExecutionContext context, TranslationBlock block, long pc);

  /** Gives back what it took. Nobody runs its code. May be called again. */
  @Override
  void close();
}
