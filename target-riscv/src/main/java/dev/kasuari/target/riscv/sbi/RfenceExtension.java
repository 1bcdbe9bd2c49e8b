package dev.kasuari.target.riscv.sbi;

import dev.kasuari.target.riscv.cpu.RiscvCpu;
import java.util.List;
import java.util.function.Consumer;

/**
 * Fences on other harts; those for guests of a hypervisor are not there. Source: SBI, chapter 8.
 */
final class RfenceExtension implements SbiExtension {
  private static final long PAGE = 4096;

  /** Beyond so many pages it is cheaper to forget everything. */
  private static final long MOST_PAGES = 64;

  private final SbiHarts harts;

  RfenceExtension(SbiHarts harts) {
    this.harts = harts;
  }

  @Override
  public int id() {
    return 0x52464e43;
  }

  @Override
  public String name() {
    return "RFENCE";
  }

  @Override
  public SbiResult call(SbiCall call) {
    SbiHart caller = harts.of(call.hart());
    return switch (call.function()) {
      case 0 ->
          harts
              .masked(call)
              .map(targets -> fenceI(caller, targets))
              .orElse(SbiResult.INVALID_PARAM);
      // An address space that is named does not matter: translations of all of them go.
      case 1, 2 ->
          harts
              .masked(call)
              .map(targets -> {
                count(caller, targets, call.function() == 2);
                return sfenceVma(targets, call.argument(2), size(call, 3));
              })
              .orElse(SbiResult.INVALID_PARAM);
      default -> SbiResult.NOT_SUPPORTED;
    };
  }

  /** A size argument; all ones is everything whatever XLEN is. */
  static long size(SbiCall call, int argument) {
    return call.isAllOnes(argument) ? -1 : call.argument(argument);
  }

  /** Code that was written is forgotten already; the harts have to leave what they execute. */
  static SbiResult fenceI(SbiHart caller, List<SbiHart> targets) {
    for (SbiHart target : targets) {
      caller.count(FirmwareEvent.FENCE_I_SENT);
      target.count(FirmwareEvent.FENCE_I_RECEIVED);
    }
    onAll(targets, cpu -> {});
    return SbiResult.SUCCESS;
  }

  /** Has every target do it, all at the same time, and waits until the last one has. */
  private static void onAll(List<SbiHart> targets, Consumer<RiscvCpu> action) {
    List<Runnable> begun =
        targets.stream()
            .map(SbiHart::cpu)
            .map(cpu -> cpu.vcpu().begin(() -> action.accept(cpu)))
            .toList();
    begun.forEach(Runnable::run);
  }

  /** Counts fences of translations, of one address space or of all. */
  static void count(SbiHart caller, List<SbiHart> targets, boolean space) {
    for (SbiHart target : targets) {
      caller.count(space ? FirmwareEvent.SFENCE_VMA_ASID_SENT : FirmwareEvent.SFENCE_VMA_SENT);
      target.count(
          space ? FirmwareEvent.SFENCE_VMA_ASID_RECEIVED : FirmwareEvent.SFENCE_VMA_RECEIVED);
    }
  }

  static SbiResult sfenceVma(List<SbiHart> targets, long start, long size) {
    boolean everything = (start == 0 && size == 0) || size < 0 || size > MOST_PAGES * PAGE;
    onAll(
        targets,
        cpu -> {
          if (everything) {
            cpu.vcpu().flushTlb();
          } else {
            flushPages(cpu, start, size);
          }
        });
    return SbiResult.SUCCESS;
  }

  private static void flushPages(RiscvCpu cpu, long start, long size) {
    long first = start & -PAGE;
    long pages = (start - first + size + PAGE - 1) / PAGE;
    for (long i = 0; i < pages; i++) {
      cpu.vcpu().flushTlbPage(first + i * PAGE);
    }
  }
}
