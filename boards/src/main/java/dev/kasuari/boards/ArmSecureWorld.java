package dev.kasuari.boards;

import dev.kasuari.hw.gpio.GpioPower;
import dev.kasuari.hw.gpio.Pl061;
import dev.kasuari.hw.serial.Pl011;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamBlock;

/**
 * What {@code virt} has for the secure world alone: memory, a serial port, and pins by which its
 * firmware resets the machine or switches it off. The non-secure world finds nothing there.
 */
final class ArmSecureWorld {
  /** The path of its serial port in the devicetree. */
  static final String CONSOLE = "/pl011@9040000";

  private static final long UART = 0x0904_0000;
  private static final long GPIO = 0x090b_0000;
  private static final long RAM = 0x0e00_0000;
  private static final long RAM_SIZE = 16 << 20;
  private static final int UART_SPI = 8;
  private static final int GPIO_SPI = 0;
  private static final int POWEROFF_PIN = 0;
  private static final int RESTART_PIN = 1;

  private final Machine machine;
  private final HardwareNode root;

  ArmSecureWorld(Machine machine, HardwareNode root) {
    this.machine = machine;
    this.root = root;
  }

  /**
   * Says that software in the non-secure world is to leave something alone, as Linux's devicetree
   * binding {@code arm/secure} does.
   */
  static HardwareNode own(HardwareNode node) {
    return node.strings("status", "disabled").strings("secure-status", "okay");
  }

  void addDevices(BoardOptions options, ArmGic gic, HardwareNode clock) {
    SysBus m = machine.sysBus();
    addRam();
    m.map(UART, Pl011.of(options.serial(1)))
        .secureOnly()
        .describe(ArmSecureWorld::own)
        .irq("irq", gic.spi(UART_SPI))
        .clock("uartclk", clock)
        .clock("apb_pclk", clock);
    addPower(m, gic, clock);
  }

  private void addRam() {
    RamBlock ram = machine.ram().allocate("virt.secure-ram", RAM_SIZE);
    MemoryRegion region = MemoryRegion.ram(ram);
    region.setSecureOnly(true);
    machine.locked(() -> machine.root().add(RAM, region));
    own(
        root.child("secram")
            .strings("device_type", "memory")
            .reg(new HardwareNode.Range(RAM, RAM_SIZE)));
  }

  private void addPower(SysBus m, ArmGic gic, HardwareNode clock) {
    GpioPower power = m.add(GpioPower.of()).device();
    Pl061 gpio =
        m.map(GPIO, Pl061.of())
            .secureOnly()
            .describe(ArmSecureWorld::own)
            .irq("irq", gic.spi(GPIO_SPI))
            .irq("out[" + POWEROFF_PIN + "]", power.input("shutdown"))
            .irq("out[" + RESTART_PIN + "]", power.input("reset"))
            .clock("apb_pclk", clock)
            .device();
    describePin("gpio-poweroff", gpio, POWEROFF_PIN);
    describePin("gpio-restart", gpio, RESTART_PIN);
  }

  private void describePin(String name, Pl061 gpio, int pin) {
    var cells =
        new HardwareNode.Cell[] {
          new HardwareNode.Cell.Reference(gpio.node()),
          new HardwareNode.Cell.U32(pin),
          new HardwareNode.Cell.U32(0)
        };
    own(root.child(name).compatible(name).cells("gpios", cells));
  }
}
