package dev.kasuari.tcg.lockstep;

import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.PairExchange;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.TranslationObserver;
import dev.kasuari.tcg.Translator;
import dev.kasuari.tcg.ir.IrUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A back end that is two: each unit runs on a reference and, from the same state and told the same,
 * on another, and whatever a guest could see of it is compared. At the first difference {@link
 * LockstepException} stops the machine.
 *
 * <p>One unit runs at a time, so interrupts come between units: for both at the same count of
 * instructions. One CPU only, as the stores of another would be seen by one run and not by the
 * other.
 */
public final class Lockstep implements BackEnd {
  private final BackEnd reference;
  private final BackEnd other;
  private final Function<Cpu, Translator> translators;
  private final Consumer<String> notices;
  private volatile @Nullable SideBySide only;
  private boolean closed;

  /**
   * @param reference what it does is right; closed with this
   * @param other what is compared with it; closed with this
   * @param instructions whose code they run
   * @param notices told at the end how much was compared
   */
  public Lockstep(
      BackEnd reference, BackEnd other, InstructionSet instructions, Consumer<String> notices) {
    this(reference, other, instructions::translator, notices);
  }

  /**
   * @param translators makes what names instructions in a report
   */
  Lockstep(
      BackEnd reference,
      BackEnd other,
      Function<Cpu, Translator> translators,
      Consumer<String> notices) {
    this.reference = reference;
    this.other = other;
    this.translators = translators;
    this.notices = notices;
  }

  @Override
  public String name() {
    return "lockstep of %s and %s".formatted(reference.name(), other.name());
  }

  BackEnd reference() {
    return reference;
  }

  BackEnd other() {
    return other;
  }

  @Override
  public @Nullable PairExchange pairExchange() {
    return other.pairExchange();
  }

  @Override
  public void describeRoutines(TranslationObserver observer) {
    reference.describeRoutines(observer);
    other.describeRoutines(observer);
  }

  @Override
  public @Nullable CompiledCode compile(IrUnit unit, int pageOffset) {
    return LockstepCode.compile(reference, other, unit, pageOffset);
  }

  @Override
  public Predicate<CompiledCode> reclaim() {
    Predicate<CompiledCode> first = reference.reclaim();
    Predicate<CompiledCode> second = other.reclaim();
    return code ->
        code instanceof LockstepCode both
            && (first.test(both.reference().code()) || second.test(both.other().code()));
  }

  @Override
  public Exit run(ExecutionContext context, TranslationBlock block, long pc) {
    return sideBySide(context).run((LockstepCode) block.code(), pc);
  }

  private SideBySide sideBySide(ExecutionContext context) {
    SideBySide known = only;
    if (known == null) {
      known = new SideBySide(this, context, translators.apply(context.cpu()));
      only = known;
    } else if (!known.isOf(context)) {
      throw new IllegalStateException("lockstep runs one CPU");
    }
    return known;
  }

  /** Units compared so far. Any thread. */
  public long compared() {
    SideBySide known = only;
    return known == null ? 0 : known.compared();
  }

  /**
   * Units run by the reference alone so far: a device wrote to memory that they read, or to the
   * unit, between the two runs. Any thread.
   */
  public long notCompared() {
    SideBySide known = only;
    return known == null ? 0 : known.notCompared();
  }

  @Override
  public void close() {
    if (!closed && only != null) {
      notices.accept(
          ("lockstep: %s and %s did the same in %d runs of units; %d were not compared,"
                  + " because a device wrote in between to what they read")
              .formatted(reference.name(), other.name(), compared(), notCompared()));
    }
    closed = true;
    reference.close();
    other.close();
  }
}
