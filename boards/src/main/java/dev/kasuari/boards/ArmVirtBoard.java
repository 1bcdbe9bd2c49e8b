package dev.kasuari.boards;

import dev.kasuari.boot.BootException;
import dev.kasuari.boot.Fdt;
import dev.kasuari.hw.gpio.GpioKey;
import dev.kasuari.hw.gpio.Pl061;
import dev.kasuari.hw.nvram.BootOrder;
import dev.kasuari.hw.nvram.CfiFlash;
import dev.kasuari.hw.nvram.FwCfg;
import dev.kasuari.hw.rtc.Pl031;
import dev.kasuari.hw.serial.Pl011;
import dev.kasuari.hw.virtio.VirtioMmio;
import dev.kasuari.machine.Bus;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.InterruptSpecifier;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Placement;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.target.arm.cpu.ArmTimer;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code virt} of Arm: a board of no maker, for software that finds everything in the devicetree.
 */
final class ArmVirtBoard implements Board {
  private static final long FLASH = 0;
  private static final long FLASH_BANK = 0x0400_0000;
  private static final long UART = 0x0900_0000;
  private static final long RTC = 0x0901_0000;
  private static final long FW_CFG = 0x0902_0000;
  private static final long GPIO = 0x0903_0000;
  private static final long VIRTIO = 0x0a00_0000;
  private static final int VIRTIO_SIZE = 0x200;
  private static final int VIRTIO_SLOTS = 32;
  private static final long RAM = 0x4000_0000;
  private static final long LOW_END = 1L << 32;

  // Shared interrupts, from 0.
  private static final int UART_SPI = 1;
  private static final int RTC_SPI = 2;
  private static final int GPIO_SPI = 7;
  private static final int VIRTIO_SPI = 16; // of the first slot

  private static final int POWER_KEY_PIN = 3;
  private static final int CLOCK_HZ = 24_000_000;

  private final Machine machine;
  private final List<Bus> buses = new ArrayList<>();
  private final ArmBoot boot;

  ArmVirtBoard(Machine machine, BoardOptions options, ArmVirtOptions properties) {
    this.machine = machine;
    check(options, properties);
    CharBackend serial = options.serial();
    HardwareNode root = describeRoot(properties);
    RamBlock ram = machine.ram().allocate("virt.ram", options.ram());
    machine.locked(() -> machine.root().add(RAM, MemoryRegion.ram(ram)));
    root.child("memory")
        .strings("device_type", "memory")
        .reg(new HardwareNode.Range(RAM, ram.size()));

    var cpus = new ArmCpus(machine, options, properties);
    SysBus m = machine.sysBus();
    m.describeIn(root);
    ArmGic gic = ArmGic.of(m, cpus.all(), properties);
    root.references("interrupt-parent", gic.node());
    describeTimer(root, gic);
    if (cpus.all().getFirst().model().hasMonitors()) {
      root.child("pmu")
          .compatible("arm,armv8-pmuv3")
          .interrupts(List.of(gic.ppiSpecifier(ArmGic.MONITORS_PPI)));
    }

    HardwareNode clock = describeClock(root);
    CfiFlash flash = addFlash(m, options, properties);
    m.map(UART, Pl011.of(serial))
        .irq("irq", gic.spi(UART_SPI))
        .clock("uartclk", clock)
        .clock("apb_pclk", clock);
    m.map(RTC, Pl031.of()).irq("irq", gic.spi(RTC_SPI)).clock("apb_pclk", clock);
    FwCfg fwCfg = m.map(FW_CFG, FwCfg.of()).device();
    fwCfg
        .set16(FwCfg.Item.NB_CPUS, options.cpus())
        .set16(FwCfg.Item.MAX_CPUS, options.cpus())
        .set16(FwCfg.Item.NOGRAPHIC, 1)
        .set64(FwCfg.Item.RAM_SIZE, options.ram());
    addPowerKey(m, gic, clock);
    if (properties.secure()) {
      new ArmSecureWorld(machine, root).addDevices(options, gic, clock);
    }
    addVirtioSlots(m, gic);
    BootOrder.offer(machine, fwCfg);
    boot = new ArmBoot(machine, cpus, gic, properties.secure(), serial, flash, fwCfg, RAM, ram);
  }

  private static void check(BoardOptions options, ArmVirtOptions properties) {
    if (!properties.highmem() && RAM + options.ram() > LOW_END) {
      throw new OptionException(
          "-M virt,highmem=off: there is room for 3 GiB of RAM below 4 GiB: use a smaller -m");
    }
  }

  private HardwareNode describeRoot(ArmVirtOptions properties) {
    HardwareNode root =
        machine
            .hardware()
            .u32("#address-cells", 2)
            .u32("#size-cells", 2)
            .compatible("linux,dummy-virt")
            .strings("model", "linux,dummy-virt");
    describeChosen(root.child("chosen"), "/pl011@9000000", properties);
    if (properties.secure()) {
      describeChosen(root.child("secure-chosen"), ArmSecureWorld.CONSOLE, properties);
    }
    return root;
  }

  private void describeChosen(HardwareNode chosen, String console, ArmVirtOptions properties) {
    chosen.strings("stdout-path", console);
    if (properties.dtbRandomness()) {
      byte[] seed = new byte[32];
      machine.locked(() -> {
        machine.random().nextBytes(seed);
        chosen.u64("kaslr-seed", machine.random().nextLong());
      });
      chosen.bytes("rng-seed", seed);
    }
  }

  private static HardwareNode describeClock(HardwareNode root) {
    return root.child("apb-pclk")
        .compatible("fixed-clock")
        .u32("#clock-cells", 0)
        .u32("clock-frequency", CLOCK_HZ)
        .strings("clock-output-names", "clk24mhz");
  }

  private static void describeTimer(HardwareNode root, ArmGic gic) {
    var interrupts = new ArrayList<InterruptSpecifier>();
    for (ArmTimer timer :
        List.of(
            ArmTimer.SECURE_PHYSICAL,
            ArmTimer.PHYSICAL,
            ArmTimer.VIRTUAL,
            ArmTimer.HYPERVISOR_PHYSICAL)) {
      interrupts.add(gic.ppiSpecifier(timer.ppi()));
    }
    root.child("timer")
        .compatible("arm,armv8-timer", "arm,armv7-timer")
        .flag("always-on")
        .interrupts(interrupts);
  }

  /** Two banks, of which the first holds firmware, and is the secure world's if there is one. */
  private static CfiFlash addFlash(SysBus m, BoardOptions options, ArmVirtOptions properties) {
    CfiFlash first = CfiFlash.of(options.flash().get(0), FLASH_BANK);
    CfiFlash second = CfiFlash.of(options.flash().get(1), FLASH_BANK);
    Placement<CfiFlash> placed = m.map(FLASH, first);
    m.map(FLASH + FLASH_BANK, second);
    if (properties.secure()) {
      placed.secureOnly().describe(node -> ArmSecureWorld.own(node.named("secflash")));
      return first;
    }
    return first.followedBy(second);
  }

  private static void addPowerKey(SysBus m, ArmGic gic, HardwareNode clock) {
    Pl061 gpio =
        m.map(GPIO, Pl061.of()).irq("irq", gic.spi(GPIO_SPI)).clock("apb_pclk", clock).device();
    m.add(GpioKey.power()).irq("key", gpio.input(POWER_KEY_PIN));
  }

  /**
   * In the order of their addresses, which is that of the devicetree; devices without a {@code bus}
   * fill them in that order, by which Linux names disks as they were given.
   */
  private void addVirtioSlots(SysBus m, ArmGic gic) {
    for (int slot = 0; slot < VIRTIO_SLOTS; slot++) {
      IrqLine input = gic.edge(VIRTIO_SPI + slot);
      var transport = VirtioMmio.of(new VirtioMmio.Props(slot, false, VIRTIO_SIZE, true));
      m.map(VIRTIO + (long) slot * VIRTIO_SIZE, transport).irq("irq", input);
      buses.add(transport.virtioBus());
    }
  }

  @Override
  public List<Bus> buses() {
    return List.copyOf(buses);
  }

  @Override
  public void load(BootOptions options) throws BootException {
    boot.load(options);
  }

  @Override
  public Fdt deviceTree() {
    return boot.deviceTree();
  }
}
