package dev.kasuari.target.arm.cpu;

import dev.kasuari.target.arm.cpu.SystemRegister.Guard;
import org.jspecify.annotations.Nullable;

/**
 * Who may maintain caches and predictors, which is all that there is to it: nothing is cached that
 * a guest could see. Source: DDI 0487, C5.3 and C5.6.
 */
final class CacheMaintenance {
  /** SCTLR_ELx.EnRCTX. */
  private static final long EN_RCTX = 1 << 10;

  private CacheMaintenance() {}

  /** What may stop an operation; null if there is no such operation. */
  static @Nullable Guard guard(ArmCpu cpu, Traps traps, String name) {
    int dpb = cpu.model().field("id_aa64isar1_el1", 0);
    return switch (name) {
      case "ic iallu", "ic ialluis" -> traps.hcr(Traps.TPU);
      case "ic ivau", "dc cvau" -> Traps.both(traps.el0(Traps.UCI), traps.hcr(Traps.TPU));
      case "dc ivac" -> traps.hcr(Traps.TPCP);
      case "dc isw", "dc csw", "dc cisw" -> traps.hcr(Traps.TSW);
      case "dc cvac", "dc civac" -> byAddress(traps);
      case "dc cvap" -> dpb >= 1 ? byAddress(traps) : null;
      case "dc cvadp" -> dpb >= 2 ? byAddress(traps) : null;
      case "dc zva" -> Traps.both(traps.el0(Traps.DZE), traps.hcr(Traps.TDZ));
      case "cfp rctx", "dvp rctx", "cpp rctx" ->
          cpu.model().field("id_aa64isar1_el1", 40) >= 1 ? traps.el0(EN_RCTX) : null;
      default -> null;
    };
  }

  private static Guard byAddress(Traps traps) {
    return Traps.both(traps.el0(Traps.UCI), traps.hcr(Traps.TPCP));
  }
}
