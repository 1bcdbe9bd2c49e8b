package dev.kasuari.target.riscv.sbi;

import java.util.List;

/** Interrupts between harts. Source: SBI, chapter 7. */
final class IpiExtension implements SbiExtension {
  private final SbiHarts harts;

  IpiExtension(SbiHarts harts) {
    this.harts = harts;
  }

  @Override
  public int id() {
    return 0x735049;
  }

  @Override
  public String name() {
    return "IPI";
  }

  @Override
  public SbiResult call(SbiCall call) {
    if (call.function() != 0) {
      return SbiResult.NOT_SUPPORTED;
    }
    return harts.masked(call).map(IpiExtension::send).orElse(SbiResult.INVALID_PARAM);
  }

  static SbiResult send(List<SbiHart> targets) {
    targets.forEach(target -> target.cpu().raiseSupervisorSoftware());
    return SbiResult.SUCCESS;
  }
}
