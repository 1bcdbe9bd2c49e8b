package dev.kasuari.target.riscv.sbi;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.ResetCause;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.target.riscv.cpu.RiscvCpu;

/** Power-off and reboot. Source: SBI, chapter 10. */
final class SystemResetExtension implements SbiExtension {
  private static final int SHUTDOWN = 0;
  private static final int COLD_REBOOT = 1;
  private static final int WARM_REBOOT = 2;
  private static final long SYSTEM_FAILURE = 1;
  private static final long FIRST_PLATFORM_TYPE = 0xf000_0000L;
  private static final long FIRST_OWN_REASON = 0xe000_0000L;

  private final Machine machine;

  SystemResetExtension(Machine machine) {
    this.machine = machine;
  }

  @Override
  public int id() {
    return 0x53525354;
  }

  @Override
  public String name() {
    return "SRST";
  }

  @Override
  public SbiResult call(SbiCall call) {
    return call.function() == 0
        ? reset(call.hart(), call.argument(0) & 0xffff_ffffL, call.argument(1) & 0xffff_ffffL)
        : SbiResult.NOT_SUPPORTED;
  }

  private SbiResult reset(RiscvCpu hart, long type, long reason) {
    boolean knownReason = reason <= SYSTEM_FAILURE || reason >= FIRST_OWN_REASON;
    if (type >= FIRST_PLATFORM_TYPE && knownReason) {
      return SbiResult.NOT_SUPPORTED;
    }
    if (type > WARM_REBOOT || !knownReason) {
      return SbiResult.INVALID_PARAM;
    }
    if (type == SHUTDOWN) {
      shutDown(hart, reason == SYSTEM_FAILURE);
    } else {
      assert type == COLD_REBOOT || type == WARM_REBOOT;
      hart.parking().stop();
      machine.requestReset(ResetCause.GUEST);
    }
    return SbiResult.NEVER;
  }

  void shutDown(RiscvCpu hart, boolean failure) {
    hart.parking().stop();
    machine.requestShutdown(
        new Shutdown(
            Shutdown.Cause.GUEST,
            failure ? 1 : 0,
            failure ? "powered off by the guest after a failure" : "powered off by the guest"));
  }
}
