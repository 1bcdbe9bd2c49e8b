package dev.kasuari.boards;

import dev.kasuari.hw.intc.Plic;
import dev.kasuari.hw.misc.TestFinisher;
import dev.kasuari.hw.nvram.BootOrder;
import dev.kasuari.hw.nvram.CfiFlash;
import dev.kasuari.hw.nvram.FwCfg;
import dev.kasuari.hw.rtc.GoldfishRtc;
import dev.kasuari.hw.serial.Ns16550;
import dev.kasuari.hw.virtio.VirtioMmio;
import dev.kasuari.machine.Bus;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.SysBus;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * {@code virt} of RISC-V: a board of no maker, for software that finds everything in the
 * devicetree.
 */
final class RiscvVirtBoard extends RiscvBoard {
  private static final long VIRTIO = 0x1000_1000;
  private static final long FW_CFG = 0x1010_0000;
  private static final long FLASH = 0x2000_0000;
  private static final long FLASH_BANK = 0x0200_0000;
  private static final long VIRTIO_SIZE = 0x1000;
  private static final int VIRTIO_SLOTS = 8;

  private static final int VIRTIO_IRQ = 1; // of the first slot
  private static final int UART_IRQ = 10;
  private static final int RTC_IRQ = 11;

  private final List<Bus> buses = new ArrayList<>();

  RiscvVirtBoard(Machine machine, BoardOptions options) {
    super("virt", machine, options, false);
    SysBus m = machine.sysBus();
    var finisher = TestFinisher.of();
    var plic = Plic.of(Plic.machineAndSupervisor(options.cpus()));

    m.map(0x0010_0000, finisher);
    var rtc = m.map(0x0010_1000, GoldfishRtc.of());
    m.map(0x0c00_0000, plic);
    rtc.irq("alarm", plic.input(RTC_IRQ));
    m.map(0x1000_0000, Ns16550.of(serial())).irq("irq", plic.input(UART_IRQ));
    addVirtioSlots(m, plic);
    FwCfg fwCfg = addFwCfg(m, options);
    BootOrder.offer(machine, fwCfg);
    addFlash(m, options, fwCfg);

    for (RiscvCpu hart : harts()) {
      plic.connect("hart" + hart.index() + ".M", hart.machineExternalInput());
      plic.connect("hart" + hart.index() + ".S", hart.supervisorExternalInput());
    }
    describe(machine, finisher);
  }

  /**
   * From the last to the first, as QEMU does: so devices without a {@code bus} fill them, and in
   * that order the devicetree lists them, by which Linux names disks in the order they were given.
   */
  private void addVirtioSlots(SysBus m, Plic plic) {
    for (int slot = VIRTIO_SLOTS - 1; slot >= 0; slot--) {
      VirtioMmio transport = VirtioMmio.of(slot);
      m.map(VIRTIO + slot * VIRTIO_SIZE, transport).irq("irq", plic.input(VIRTIO_IRQ + slot));
      buses.add(transport.virtioBus());
    }
  }

  private static FwCfg addFwCfg(SysBus m, BoardOptions options) {
    FwCfg fwCfg = m.map(FW_CFG, FwCfg.of()).describeIn(m.machine().hardware()).device();
    return fwCfg
        .set16(FwCfg.Item.NB_CPUS, options.cpus())
        .set16(FwCfg.Item.MAX_CPUS, options.cpus())
        .set16(FwCfg.Item.NOGRAPHIC, 1)
        .set64(FwCfg.Item.RAM_SIZE, options.ram());
  }

  /** Two banks, in which {@link RiscvBoot} looks for firmware. */
  private void addFlash(SysBus m, BoardOptions options, FwCfg fwCfg) {
    CfiFlash first = CfiFlash.of(options.flash().get(0), FLASH_BANK);
    CfiFlash second = CfiFlash.of(options.flash().get(1), FLASH_BANK);
    m.map(FLASH, first).describeIn(m.machine().hardware());
    m.map(FLASH + FLASH_BANK, second);
    first.followedBy(second);
    startIn(new FlashBoot(address(first, FLASH), address(second, FLASH + FLASH_BANK), fwCfg));
  }

  private static OptionalLong address(CfiFlash bank, long address) {
    return bank.drive() == null ? OptionalLong.empty() : OptionalLong.of(address);
  }

  private void describe(Machine machine, TestFinisher finisher) {
    HardwareNode chosen = describe("riscv-virtio", "riscv-virtio,kasuari", "/soc/serial@10000000");
    byte[] seed = new byte[32];
    machine.locked(() -> machine.random().nextBytes(seed));
    chosen.bytes("rng-seed", seed);
    HardwareNode root = machine.hardware();
    syscon(root.child("poweroff"), "syscon-poweroff", finisher, 0x5555);
    syscon(root.child("reboot"), "syscon-reboot", finisher, 0x7777);
  }

  private static void syscon(HardwareNode node, String kind, TestFinisher finisher, int value) {
    node.u32("value", value)
        .u32("offset", 0)
        .references("regmap", finisher.node())
        .compatible(kind);
  }

  @Override
  public List<Bus> buses() {
    return List.copyOf(buses);
  }
}
