package dev.kasuari.boards;

import dev.kasuari.boot.BootException;
import dev.kasuari.boot.Fdt;
import dev.kasuari.hw.timer.Aclint;
import dev.kasuari.machine.Bus;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import java.util.List;
import java.util.OptionalLong;

/**
 * What RISC-V boards share: a boot ROM, RAM, and harts with a CLINT, where the boards of SiFive
 * have them. A board adds its own devices, in address order, and calls {@link #describe}.
 */
abstract class RiscvBoard implements Board {
  private static final long ROM = 0x1000;
  private static final long ROM_SIZE = 0xf000;
  private static final long CLINT = 0x0200_0000;
  private static final long RAM = 0x8000_0000L;

  private final Machine machine;
  private final RamBlock ram;
  private final CharBackend serial;
  private final RiscvHarts harts;
  private final RiscvBoot boot;

  /**
   * The parts that all have.
   *
   * @param name what the memory blocks' names begin with
   * @param shared whether firmware reads the serial line too
   */
  RiscvBoard(String name, Machine machine, BoardOptions options, boolean shared) {
    this.machine = machine;
    CharBackend line = options.serial();
    SharedConsole both = new SharedConsole(line);
    serial = shared ? both : line;
    RamBlock rom = machine.ram().allocate(name + ".rom", ROM_SIZE);
    ram = machine.ram().allocate(name + ".ram", options.ram());
    var aclint = Aclint.of(options.cpus(), RiscvCpu.DEFAULT_TIMEBASE);

    map(ROM, MemoryRegion.rom(rom));
    machine.sysBus().map(CLINT, aclint);
    map(RAM, MemoryRegion.ram(ram));
    harts = new RiscvHarts(machine, options, ROM, aclint);
    boot =
        new RiscvBoot(
            machine, harts.all(), shared ? both : new SerialSbiConsole(line), RAM, ram, rom);
  }

  private void map(long address, MemoryRegion region) {
    machine.locked(() -> machine.root().add(address, region));
  }

  /** What the serial port is connected to. */
  final CharBackend serial() {
    return serial;
  }

  /** The harts, by number. */
  final List<RiscvCpu> harts() {
    return harts.all();
  }

  /**
   * Describes what no device does.
   *
   * @param compatible of the board
   * @param model of the board
   * @param console path of the device that early messages go to
   * @return {@code chosen}, to which a board may add
   */
  final HardwareNode describe(String compatible, String model, String console) {
    HardwareNode root =
        machine
            .hardware()
            .u32("#address-cells", 2)
            .u32("#size-cells", 2)
            .compatible(compatible)
            .strings("model", model);
    machine
        .sysBus()
        .node()
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .compatible("simple-bus")
        .flag("ranges");
    root.child("memory")
        .strings("device_type", "memory")
        .reg(new HardwareNode.Range(RAM, ram.size()));
    return root.child("chosen").strings("stdout-path", console);
  }

  /** Starts in flash, where there is something in it. */
  final void startIn(FlashBoot flash) {
    boot.startIn(flash);
  }

  /** The physical address of a symbol of the kernel or firmware loaded, if it is in RAM. */
  final OptionalLong symbol(String symbol) throws BootException {
    return boot.symbol(symbol);
  }

  @Override
  public List<Bus> buses() {
    return List.of();
  }

  @Override
  public void load(BootOptions options) throws BootException {
    boot.load(options);
  }

  @Override
  public final Fdt deviceTree() {
    return boot.deviceTree();
  }
}
