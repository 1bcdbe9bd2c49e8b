package dev.kasuari.target.riscv.sbi;

import dev.kasuari.machine.memory.AddressSpace;
import java.util.Optional;

/** Hart state management. Source: SBI, chapter 9. */
final class HsmExtension implements SbiExtension {
  private static final long RETENTIVE = 0;
  private static final long NON_RETENTIVE = 0x8000_0000L;

  /** Types from here to {@link #NON_RETENTIVE}, and likewise above it, are the platform's. */
  private static final long PLATFORM = 0x1000_0000L;

  private final SbiHarts harts;
  private final AddressSpace memory;

  HsmExtension(SbiHarts harts, AddressSpace memory) {
    this.harts = harts;
    this.memory = memory;
  }

  @Override
  public int id() {
    return 0x48534d;
  }

  @Override
  public String name() {
    return "HSM";
  }

  @Override
  public SbiResult call(SbiCall call) {
    return switch (call.function()) {
      case 0 -> start(call);
      case 1 -> stop(call);
      case 2 ->
          harts
              .find(call.argument(0))
              .map(hart -> SbiResult.of(hart.status()))
              .orElse(SbiResult.INVALID_PARAM);
      case 3 -> suspend(call);
      default -> SbiResult.NOT_SUPPORTED;
    };
  }

  private SbiResult start(SbiCall call) {
    Optional<SbiHart> hart = harts.find(call.argument(0));
    if (hart.isEmpty()) {
      return SbiResult.INVALID_PARAM;
    }
    if (!executable(call.argument(1))) {
      return SbiResult.INVALID_ADDRESS;
    }
    return hart.get().start(call.argument(1), call.hart().x(12))
        ? SbiResult.SUCCESS
        : SbiResult.ALREADY_AVAILABLE;
  }

  private boolean executable(long physical) {
    return memory.view().find(physical).readsMemory();
  }

  private SbiResult stop(SbiCall call) {
    harts.of(call.hart()).stop();
    return SbiResult.NEVER;
  }

  private SbiResult suspend(SbiCall call) {
    SbiHart hart = harts.of(call.hart());
    long type = call.argument(0) & 0xffff_ffffL;
    if (type == RETENTIVE) {
      hart.suspend(() -> {});
      return SbiResult.SUCCESS;
    }
    if (type == NON_RETENTIVE) {
      return suspendAndForget(call, hart);
    }
    boolean platform = (type & ~NON_RETENTIVE) >= PLATFORM;
    return platform ? SbiResult.NOT_SUPPORTED : SbiResult.INVALID_PARAM;
  }

  private SbiResult suspendAndForget(SbiCall call, SbiHart hart) {
    long address = call.argument(1);
    long opaque = call.hart().x(12);
    if (!executable(address)) {
      return SbiResult.INVALID_ADDRESS;
    }
    hart.suspend(() -> call.hart().startSupervisor(address, call.hart().index(), opaque));
    return SbiResult.NEVER;
  }
}
