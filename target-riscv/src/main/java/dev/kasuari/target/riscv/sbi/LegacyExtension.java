package dev.kasuari.target.riscv.sbi;

import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.PageTranslation;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvMode;
import java.util.List;
import java.util.function.Function;

/**
 * One of the calls of version 0.1, which are extensions of one function each, give back {@code a0}
 * alone, and name harts by a mask in virtual memory. Source: SBI, chapter 5.
 */
final class LegacyExtension implements SbiExtension {
  static final int SET_TIMER = 0;
  static final int PUT_CHAR = 1;
  static final int GET_CHAR = 2;
  static final int CLEAR_IPI = 3;
  static final int SEND_IPI = 4;
  static final int FENCE_I = 5;
  static final int SFENCE_VMA = 6;
  static final int SFENCE_VMA_ASID = 7;
  static final int SHUTDOWN = 8;

  private final int id;
  private final SbiHarts harts;
  private final Dma dma;
  private final SbiConsole console;
  private final SystemResetExtension system;

  LegacyExtension(
      int id, SbiHarts harts, Dma dma, SbiConsole console, SystemResetExtension system) {
    this.id = id;
    this.harts = harts;
    this.dma = dma;
    this.console = console;
    this.system = system;
  }

  @Override
  public int id() {
    return id;
  }

  @Override
  public String name() {
    return "legacy " + id;
  }

  /** The error of the result is what goes to {@code a0}. */
  @Override
  public SbiResult call(SbiCall call) {
    RiscvCpu hart = call.hart();
    return switch (id) {
      case SET_TIMER -> TimeExtension.setTimer(harts, call);
      case PUT_CHAR ->
          console.write(new byte[] {(byte) call.argument(0)}) == 1
              ? SbiResult.SUCCESS
              : SbiResult.FAILED;
      case GET_CHAR -> new SbiResult(console.read(), 0, true);
      case CLEAR_IPI -> {
        hart.clearSupervisorSoftware();
        yield SbiResult.SUCCESS;
      }
      case SEND_IPI -> onMask(call, targets -> IpiExtension.send(harts.of(hart), targets));
      case FENCE_I -> onMask(call, targets -> RfenceExtension.fenceI(harts.of(hart), targets));
      case SFENCE_VMA, SFENCE_VMA_ASID ->
          onMask(
              call,
              targets -> {
                RfenceExtension.count(harts.of(hart), targets, id == SFENCE_VMA_ASID);
                return RfenceExtension.sfenceVma(
                    targets, call.argument(1), RfenceExtension.size(call, 2));
              });
      case SHUTDOWN -> {
        system.shutDown(hart, false);
        yield SbiResult.NEVER;
      }
      default -> SbiResult.NOT_SUPPORTED;
    };
  }

  /** Acts on the harts of the mask that argument 0 points to; a null pointer names all. */
  private SbiResult onMask(SbiCall call, Function<List<SbiHart>, SbiResult> action) {
    long pointer = call.argument(0);
    if (pointer == 0) {
      return action.apply(harts.available(-1));
    }
    var found = new PageTranslation();
    long mask = 0;
    int bytes = call.hart().model().xlen() / 8;
    for (int i = 0; i < bytes; i++) {
      if (!readable(call.hart(), pointer + i, found)) {
        return fault(call.hart(), found.faultCause, pointer + i);
      }
      try {
        mask |= (long) dma.read8(found.physical) << (8 * i);
      } catch (DmaFault e) {
        return fault(call.hart(), call.hart().accessFaultCause(Access.READ), pointer + i);
      }
    }
    return action.apply(harts.available(mask));
  }

  /** The supervisor gets the fault of its pointer, at the call. */
  private static SbiResult fault(RiscvCpu hart, int cause, long address) {
    hart.setPc(hart.pc() - 4);
    hart.redirect(cause, address);
    return SbiResult.NEVER;
  }

  private static boolean readable(RiscvCpu hart, long virtual, PageTranslation found) {
    return hart.translate(virtual, 1, Access.READ, RiscvMode.dataMmuIndex(hart.mode()), found);
  }
}
