package dev.kasuari.target.riscv.sbi;

import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.target.riscv.cpu.Firmware;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.TrapCause;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The built-in firmware of a machine. After a reset the first hart starts the supervisor and the
 * others are stopped until it starts them.
 */
public final class Sbi implements Firmware {
  private static final int A0 = 10;
  private static final int A1 = 11;
  private static final int A6 = 16;
  private static final int A7 = 17;
  private static final int BOOT_HART = 0;

  private final Machine machine;
  private final SbiHarts harts;
  private final Map<Integer, SbiExtension> extensions = new HashMap<>();
  private long entry;
  private long opaque;

  /**
   * Firmware for these harts, which it takes over at their next reset.
   *
   * @param harts all harts of the machine, at most 64, by index
   */
  public Sbi(Machine machine, List<RiscvCpu> harts, SbiConsole console) {
    if (harts.isEmpty() || harts.size() > Long.SIZE) {
      throw new IllegalArgumentException("SBI for " + harts.size() + " harts: not 1 to 64");
    }
    this.machine = machine;
    this.harts = new SbiHarts(harts);
    AddressSpace memory = machine.memory();
    Dma dma = memory.dma(BusAccess.NOBODY);
    var system = new SystemResetExtension(machine);
    add(new BaseExtension(extensions::containsKey));
    add(new TimeExtension(this.harts));
    add(new IpiExtension(this.harts));
    add(new RfenceExtension(this.harts));
    add(new PerformanceExtension(this.harts));
    add(new HsmExtension(this.harts, memory));
    add(system);
    add(new DebugConsoleExtension(memory, dma, console));
    for (int id = LegacyExtension.SET_TIMER; id <= LegacyExtension.SHUTDOWN; id++) {
      add(new LegacyExtension(id, this.harts, dma, console, system));
    }
    harts.forEach(hart -> hart.setFirmware(this));
  }

  private void add(SbiExtension extension) {
    extensions.put(extension.id(), extension);
  }

  /**
   * Says where the supervisor begins after a reset.
   *
   * @param entry physical address of its first instruction
   * @param opaque what it finds in {@code a1}: the physical address of the devicetree
   */
  public void boot(long entry, long opaque) {
    this.entry = entry;
    this.opaque = opaque;
  }

  @Override
  public void reset(RiscvCpu hart) {
    boolean first = hart.index() == BOOT_HART;
    harts.of(hart).reset(first);
    if (first) {
      hart.startSupervisor(entry, hart.index(), opaque);
    } else {
      hart.parking().stop();
    }
  }

  @Override
  public boolean exception(RiscvCpu hart, int cause, long value) {
    if (cause == TrapCause.ECALL_FROM_S) {
      call(hart);
    } else {
      fatal(hart, cause, value);
    }
    return true;
  }

  private void call(RiscvCpu hart) {
    long at = hart.pc();
    int id = (int) hart.x(A7);
    var call = new SbiCall(hart, (int) hart.x(A6));
    SbiExtension extension = extensions.get(id);
    trace(call, id, extension == null ? "unknown" : extension.name());
    // First, as a call may put the hart somewhere else.
    hart.setPc(at + 4);
    SbiResult result = extension == null ? SbiResult.NOT_SUPPORTED : extension.call(call);
    if (result.equals(SbiResult.NOT_SUPPORTED)) {
      machine
          .log()
          .write(
              LogCategory.UNIMP,
              () ->
                  "hart%d: no SBI function %d of extension 0x%x, asked for at 0x%x"
                      .formatted(hart.index(), call.function(), id, at));
    }
    if (result.returns()) {
      hart.setX(A0, result.error());
      if (!(extension instanceof LegacyExtension)) {
        hart.setX(A1, result.value());
      }
    }
  }

  private void trace(SbiCall call, int id, String name) {
    if (machine.log().on(LogCategory.INT)) {
      machine
          .log()
          .write(
              LogCategory.INT,
              () ->
                  "hart%d: SBI call %s (0x%x) function %d, a0 0x%x a1 0x%x a2 0x%x"
                      .formatted(
                          call.hart().index(),
                          name,
                          id,
                          call.function(),
                          call.argument(0),
                          call.argument(1),
                          call.argument(2)));
    }
  }

  /**
   * The supervisor brought its hart to where only M-mode software could help, and there is none.
   */
  private void fatal(RiscvCpu hart, int cause, long value) {
    String what =
        "hart%d: %s (value 0x%x) at pc 0x%x cannot be handled: there is no software in M-mode"
            .formatted(hart.index(), TrapCause.exception(cause), value, hart.pc());
    machine.log().always(what + "\n" + hart.describe());
    hart.parking().stop();
    machine.requestShutdown(new Shutdown(Shutdown.Cause.GUEST_PANIC, 1, what));
  }
}
