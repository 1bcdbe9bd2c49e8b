package dev.kasuari.boards;

import dev.kasuari.boot.BootException;
import dev.kasuari.boot.Fdt;
import dev.kasuari.hw.intc.Plic;
import dev.kasuari.hw.misc.TestFinisher;
import dev.kasuari.hw.rtc.GoldfishRtc;
import dev.kasuari.hw.serial.Ns16550;
import dev.kasuari.hw.timer.Aclint;
import dev.kasuari.hw.virtio.VirtioMmio;
import dev.kasuari.machine.Bus;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.InterruptSpecifier;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.cpu.Timebase;
import dev.kasuari.target.riscv.translate.RiscvInstructionSet;
import dev.kasuari.tcg.TcgAccelerator;
import java.util.ArrayList;
import java.util.List;

/** The wiring of {@link RiscvVirt}: what is where, in address order, and what is connected. */
final class RiscvVirtBoard implements Board {
  private static final long ROM = 0x1000;
  private static final long ROM_SIZE = 0xf000;
  private static final long RAM = 0x8000_0000L;

  private static final long VIRTIO = 0x1000_1000;
  private static final long VIRTIO_SIZE = 0x1000;
  private static final int VIRTIO_SLOTS = 8;

  private static final int VIRTIO_IRQ = 1; // of the first slot
  private static final int UART_IRQ = 10;
  private static final int RTC_IRQ = 11;

  // How a hart's own interrupt controller numbers its inputs (privileged manual, table 14).
  private static final int MACHINE_SOFTWARE = 3;
  private static final int MACHINE_TIMER = 7;
  private static final int SUPERVISOR_EXTERNAL = 9;
  private static final int MACHINE_EXTERNAL = 11;

  private final Machine machine;
  private final List<RiscvCpu> harts = new ArrayList<>();
  private final List<Bus> buses = new ArrayList<>();
  private final RiscvBoot boot;

  RiscvVirtBoard(Machine machine, BoardOptions options) {
    this.machine = machine;
    SysBus m = machine.sysBus();
    RiscvModel model = model(options.cpu());
    CharBackend serial = serial(options);

    RamBlock rom = machine.ram().allocate("virt.rom", ROM_SIZE);
    RamBlock ram = machine.ram().allocate("virt.ram", options.ram());
    var finisher = TestFinisher.of();
    var aclint = Aclint.of(options.cpus(), Timebase.DEFAULT_FREQUENCY);
    var plic = Plic.of(Plic.machineAndSupervisor(options.cpus()));

    map(ROM, MemoryRegion.rom(rom));
    m.map(0x0010_0000, finisher);
    var rtc = m.map(0x0010_1000, GoldfishRtc.of());
    m.map(0x0200_0000, aclint);
    m.map(0x0c00_0000, plic);
    rtc.irq("alarm", plic.input(RTC_IRQ));
    m.map(0x1000_0000, Ns16550.of(serial)).irq("irq", plic.input(UART_IRQ));
    addVirtioSlots(plic);
    map(RAM, MemoryRegion.ram(ram));

    addHarts(options, model, new Timebase(aclint::mtime, aclint.frequency()));
    describeHarts(model);
    for (RiscvCpu hart : harts) {
      int i = hart.index();
      aclint.connect("msip[" + i + "]", hart.machineSoftwareInput());
      aclint.connect("mtip[" + i + "]", hart.machineTimerInput());
      plic.connect("hart" + i + ".M", hart.machineExternalInput());
      plic.connect("hart" + i + ".S", hart.supervisorExternalInput());
    }
    aclint.onTimeChange(() -> harts.forEach(RiscvCpu::timeChanged));
    describeBoard(options, finisher);
    boot = new RiscvBoot(machine, harts, new SerialSbiConsole(serial), RAM, ram, rom);
  }

  private static RiscvModel model(String cpu) {
    try {
      return parseModel(cpu);
    } catch (IllegalArgumentException e) {
      throw new OptionException(String.valueOf(e.getMessage()), e);
    }
  }

  private static RiscvModel parseModel(String cpu) {
    String[] parts = cpu.split(",", -1);
    RiscvModel model = RiscvModel.named(parts[0]);
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      String property = equals < 0 ? parts[i] : parts[i].substring(0, equals);
      model = model.with(property, equals < 0 ? "on" : parts[i].substring(equals + 1));
    }
    return model.checked();
  }

  private static CharBackend serial(BoardOptions options) {
    if (options.serials().isEmpty()) {
      throw new OptionException("the board has one serial port: -serial none is not there yet");
    }
    return options.serials().getFirst();
  }

  private void map(long address, MemoryRegion region) {
    machine.locked(() -> machine.root().add(address, region));
  }

  private void addHarts(BoardOptions options, RiscvModel model, Timebase time) {
    var accelerator = new TcgAccelerator(machine, new RiscvInstructionSet(), options.backEnd());
    for (int i = 0; i < options.cpus(); i++) {
      RiscvCpu hart = machine.own(new RiscvCpu(i, model, machine, time));
      hart.setResetVector(ROM);
      harts.add(hart);
      accelerator.add(hart);
    }
    machine.addExecution(accelerator);
  }

  /**
   * From the last to the first, as QEMU does: so devices without a {@code bus} fill them, and in
   * that order the devicetree lists them, by which Linux names disks in the order they were given.
   */
  private void addVirtioSlots(Plic plic) {
    for (int slot = VIRTIO_SLOTS - 1; slot >= 0; slot--) {
      VirtioMmio transport = VirtioMmio.of(slot);
      machine
          .sysBus()
          .map(VIRTIO + slot * VIRTIO_SIZE, transport)
          .irq("irq", plic.input(VIRTIO_IRQ + slot));
      buses.add(transport.virtioBus());
    }
  }

  // ---- what no device describes ----------------------------------------------------------------

  private void describeHarts(RiscvModel model) {
    HardwareNode cpus =
        machine
            .hardware()
            .child("cpus")
            .u32("#address-cells", 1)
            .u32("#size-cells", 0)
            .u32("timebase-frequency", (int) Timebase.DEFAULT_FREQUENCY);
    HardwareNode cluster = new HardwareNode("cluster0");
    for (RiscvCpu hart : harts) {
      HardwareNode cpu =
          cpus.child("cpu")
              .unit(hart.index())
              .strings("device_type", "cpu")
              .u32("reg", hart.index())
              .strings("status", "okay")
              .compatible("riscv")
              .strings("riscv,isa-base", model.isaBase())
              .strings("riscv,isa-extensions", model.isaExtensions().toArray(String[]::new))
              .strings("riscv,isa", model.isaString())
              .strings("mmu-type", model.mmuType());
      HardwareNode intc =
          cpu.child("interrupt-controller")
              .u32("#interrupt-cells", 1)
              .flag("interrupt-controller")
              .compatible("riscv,cpu-intc");
      number(hart.machineSoftwareInput(), intc, MACHINE_SOFTWARE);
      number(hart.machineTimerInput(), intc, MACHINE_TIMER);
      number(hart.machineExternalInput(), intc, MACHINE_EXTERNAL);
      number(hart.supervisorExternalInput(), intc, SUPERVISOR_EXTERNAL);
      cluster.child("core" + hart.index()).references("cpu", cpu);
    }
    cpus.child("cpu-map").add(cluster);
  }

  private static void number(IrqLine input, HardwareNode controller, int number) {
    input.describe(new InterruptSpecifier(controller, List.of(number)));
  }

  private void describeBoard(BoardOptions options, TestFinisher finisher) {
    HardwareNode root =
        machine
            .hardware()
            .u32("#address-cells", 2)
            .u32("#size-cells", 2)
            .compatible("riscv-virtio")
            .strings("model", "riscv-virtio,kasuari");
    machine
        .sysBus()
        .node()
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .compatible("simple-bus")
        .flag("ranges");
    root.child("memory")
        .strings("device_type", "memory")
        .reg(new HardwareNode.Range(RAM, options.ram()));
    syscon(root.child("poweroff"), "syscon-poweroff", finisher, 0x5555);
    syscon(root.child("reboot"), "syscon-reboot", finisher, 0x7777);
    byte[] seed = new byte[32];
    machine.locked(() -> machine.random().nextBytes(seed));
    root.child("chosen").strings("stdout-path", "/soc/serial@10000000").bytes("rng-seed", seed);
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

  @Override
  public void load(BootOptions options) throws BootException {
    boot.load(options);
  }

  @Override
  public Fdt deviceTree() {
    return boot.deviceTree();
  }
}
