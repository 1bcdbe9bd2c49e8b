package dev.kasuari.tcg;

import dev.kasuari.tcg.ir.IrUnit;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Turns IR into something that runs, and runs it. One for each machine; any vCPU thread calls it.
 */
public interface BackEnd extends AutoCloseable {
  /** Makes a machine's back end, once it is known whose instructions it is to run. */
  @FunctionalInterface
  interface Maker {
    /** A new one for code of {@code instructions}. */
    BackEnd make(InstructionSet instructions);

    /** Who is to be told what it translates. Once for each machine. */
    default List<TranslationObserver> observers() {
      return List.of();
    }

    /**
     * Where code is kept from one run to the next; null if it is not. Once for each machine.
     *
     * @param key of the CPUs and the back end
     */
    default @Nullable CodeArchive archive(String key) {
      return null;
    }
  }

  /** The name after {@code backend=}. */
  String name();

  /** Several vCPUs will run the code, at once. Before anything is compiled. */
  default void expectSeveralCpus() {}

  /** A new instruction of the host on pairs, for one vCPU; null if there is none. */
  default @Nullable PairExchange pairExchange() {
    return null;
  }

  /** Names the code that it has besides that of units. */
  default void describeRoutines(TranslationObserver observer) {}

  /**
   * Compiles a verified unit. Any vCPU's thread.
   *
   * @param pageOffset where in its page the unit begins
   * @return null if there is no room: see {@link #reclaim}
   */
  @Nullable CompiledCode compile(IrUnit unit, int pageOffset);

  /**
   * All that its code depends on besides units, as far as it is the back end's, for the key of a
   * {@link CodeArchive}; null if code of it means nothing in another run. After {@link
   * #expectSeveralCpus}.
   */
  default @Nullable String archiveKey() {
    return null;
  }

  /**
   * The same as {@link #compile(IrUnit, int)}, and fills an image with what was made, if it can be
   * kept. If there is an {@link #archiveKey}.
   */
  default @Nullable CompiledCode compile(IrUnit unit, int pageOffset, CodeImage image) {
    return compile(unit, pageOffset);
  }

  /**
   * Makes code of an image that was filled with the same {@link #archiveKey}.
   *
   * @return null if there is no room; {@link #compile(IrUnit, int)} will say so, too
   */
  default @Nullable CompiledCode restore(CodeImage image, int pageOffset) {
    throw new UnsupportedOperationException(name() + " keeps no code");
  }

  /** How often a unit is run as it is, at first, before it is compiled. */
  default int coldRuns() {
    return 0;
  }

  /**
   * Makes of a unit at once what can be run, if {@link #coldRuns} is not 0. The unit is gone when
   * the vCPU comes back for the next one.
   */
  default CompiledCode cold(IrUnit unit) {
    throw new UnsupportedOperationException(name() + " compiles at once");
  }

  /**
   * Gives up some of the code so that there is room for other. Nobody runs code meanwhile, though
   * vCPUs may be waiting inside a unit, which stays. What is gone must not be entered again.
   *
   * @return says of code whether it is gone
   */
  default Predicate<CompiledCode> reclaim() {
    return code -> false;
  }

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
