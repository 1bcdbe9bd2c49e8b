package dev.kasuari.tcg.lockstep;

import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.HostCode;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.ir.IrUnit;
import org.jspecify.annotations.Nullable;

/** A unit compiled by both back ends. It is never chained: every block is compared. */
final class LockstepCode implements CompiledCode {
  private final IrUnit unit;
  private final int pageOffset;
  private final TranslationBlock reference;
  private final TranslationBlock other;
  private volatile boolean retired;

  private LockstepCode(IrUnit unit, int pageOffset, CompiledCode reference, CompiledCode other) {
    this.unit = unit;
    this.pageOffset = pageOffset;
    this.reference = TranslationBlock.detached(unit, reference);
    this.other = TranslationBlock.detached(unit, other);
  }

  /** Null if one of the back ends has no room. */
  static @Nullable LockstepCode compile(
      BackEnd reference, BackEnd other, IrUnit unit, int pageOffset) {
    CompiledCode first = reference.compile(unit, pageOffset);
    CompiledCode second = first == null ? null : other.compile(unit, pageOffset);
    return first == null || second == null
        ? null
        : new LockstepCode(unit, pageOffset, first, second);
  }

  IrUnit unit() {
    return unit;
  }

  int pageOffset() {
    return pageOffset;
  }

  TranslationBlock reference() {
    return reference;
  }

  TranslationBlock other() {
    return other;
  }

  /** Whether nothing enters it any more; a back end then leaves at its entry. */
  boolean retired() {
    return retired;
  }

  @Override
  public long hostAddress() {
    return other.code().hostAddress();
  }

  @Override
  public int hostSize() {
    return other.code().hostSize();
  }

  @Override
  public @Nullable HostCode hostCode(IrUnit of) {
    return other.code().hostCode(of);
  }

  @Override
  public void retire() {
    retired = true;
    reference.code().retire();
    other.code().retire();
  }
}
