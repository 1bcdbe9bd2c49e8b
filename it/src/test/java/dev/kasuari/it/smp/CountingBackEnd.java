package dev.kasuari.it.smp;

import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.PairExchange;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.ir.IrUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A back end of which it is known how often it was full. */
final class CountingBackEnd implements BackEnd {
  private final BackEnd actual;
  private final AtomicLong reclaims;

  CountingBackEnd(BackEnd actual, AtomicLong reclaims) {
    this.actual = actual;
    this.reclaims = reclaims;
  }

  @Override
  public String name() {
    return actual.name();
  }

  @Override
  public @Nullable PairExchange pairExchange() {
    return actual.pairExchange();
  }

  @Override
  public @Nullable CompiledCode compile(IrUnit unit, int pageOffset) {
    return actual.compile(unit, pageOffset);
  }

  @Override
  public Predicate<CompiledCode> reclaim() {
    reclaims.incrementAndGet();
    return actual.reclaim();
  }

  @Override
  public Exit run(ExecutionContext context, TranslationBlock block, long pc) {
    return actual.run(context, block, pc);
  }

  @Override
  public void close() {
    actual.close();
  }
}
