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
    SbiHart caller = harts.of(call.hart());
    return harts.masked(call).map(targets -> send(caller, targets)).orElse(SbiResult.INVALID_PARAM);
  }

  static SbiResult send(SbiHart caller, List<SbiHart> targets) {
    for (SbiHart target : targets) {
      caller.count(FirmwareEvent.IPI_SENT);
      target.count(FirmwareEvent.IPI_RECEIVED);
      target.cpu().raiseSupervisorSoftware();
    }
    return SbiResult.SUCCESS;
  }
}
