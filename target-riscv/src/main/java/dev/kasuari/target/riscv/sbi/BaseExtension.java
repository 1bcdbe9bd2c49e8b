package dev.kasuari.target.riscv.sbi;

import dev.kasuari.target.riscv.cpu.RiscvModel;
import java.util.function.IntPredicate;

/** Who we are and what we have. Source: SBI, chapter 4. */
final class BaseExtension implements SbiExtension {
  /** 2.0. */
  private static final long SPECIFICATION = 2 << 24;

  /** "ksu"; the registered ones are small numbers. */
  private static final long IMPLEMENTATION = 0x6b7375;

  /** 0.1. */
  private static final long VERSION = 1;

  private final IntPredicate exists;

  /**
   * @param exists whether there is an extension of a number
   */
  BaseExtension(IntPredicate exists) {
    this.exists = exists;
  }

  @Override
  public int id() {
    return 0x10;
  }

  @Override
  public String name() {
    return "BASE";
  }

  @Override
  public SbiResult call(SbiCall call) {
    RiscvModel model = call.hart().model();
    return switch (call.function()) {
      case 0 -> SbiResult.of(SPECIFICATION);
      case 1 -> SbiResult.of(IMPLEMENTATION);
      case 2 -> SbiResult.of(VERSION);
      case 3 -> SbiResult.of(exists.test((int) call.argument(0)) ? 1 : 0);
      case 4 -> SbiResult.of(model.mvendorid());
      case 5 -> SbiResult.of(model.marchid());
      case 6 -> SbiResult.of(model.mimpid());
      default -> SbiResult.NOT_SUPPORTED;
    };
  }
}
