package dev.kasuari.boards;

import dev.kasuari.hw.intc.Gic2;
import dev.kasuari.hw.intc.Gic2m;
import dev.kasuari.hw.intc.Gic3;
import dev.kasuari.hw.intc.Gic3Its;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.InterruptSpecifier;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Placement;
import dev.kasuari.machine.SysBus;
import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.ArmTimer;
import java.util.List;
import java.util.Objects;

/**
 * The interrupt controller of {@code virt}, of either version, wired to the processing elements.
 */
sealed interface ArmGic {
  /** What it is called in the devicetree. */
  HardwareNode node();

  /** The input of shared interrupt 32 + {@code number}. */
  IrqLine spi(int number);

  /** The input of interrupt 16 + {@code number} of a processing element. */
  IrqLine ppi(int cpu, int number);

  /** Gives all interrupts to the non-secure world, which starts without firmware of the other. */
  void startNonsecure();

  /** A shared interrupt that software is told is edge-triggered. */
  default IrqLine edge(int number) {
    return spi(number).describe(new InterruptSpecifier(node(), List.of(0, number, 1)));
  }

  /** What the devicetree calls a private interrupt, which all have. */
  default InterruptSpecifier ppiSpecifier(int number) {
    return Objects.requireNonNull(ppi(0, number).specifier());
  }

  /** The private interrupt of a hypervisor's guests. */
  int MAINTENANCE_PPI = 9;

  /** The private interrupt of the performance monitors. */
  int MONITORS_PPI = 7;

  /** Shared interrupts. */
  int SPIS = 256;

  long DISTRIBUTOR = 0x0800_0000;

  /** The one that the properties of the board name, with its wires. */
  static ArmGic of(SysBus m, List<ArmCpu> cpus, ArmVirtOptions properties) {
    ArmGic gic =
        properties.gic3() ? Version3.wire(m, cpus, properties) : Version2.wire(m, cpus, properties);
    for (ArmCpu cpu : cpus) {
      for (ArmTimer timer : ArmTimer.values()) {
        cpu.timerOutput(timer).connect(gic.ppi(cpu.index(), timer.ppi()));
      }
      cpu.monitorsOutput().connect(gic.ppi(cpu.index(), MONITORS_PPI));
    }
    return gic;
  }

  /** With everything in memory. */
  record Version2(Gic2 gic) implements ArmGic {
    private static final long CPU_INTERFACE = 0x0801_0000;
    private static final long MESSAGES = 0x0802_0000;
    private static final long HYPERVISOR = 0x0803_0000;
    private static final long GUEST = 0x0804_0000;
    private static final int FIRST_MESSAGE = 48; // among the shared interrupts
    private static final int MESSAGE_COUNT = 64;

    static Version2 wire(SysBus m, List<ArmCpu> cpus, ArmVirtOptions properties) {
      boolean guests = properties.virtualization();
      Gic2 gic = Gic2.of(cpus.size(), SPIS, properties.secure(), guests);
      Placement<Gic2> placed = m.map(DISTRIBUTOR, gic).at("cpu", CPU_INTERFACE);
      if (guests) {
        placed.at("hyp", HYPERVISOR).at("vcpu", GUEST);
      }
      for (ArmCpu cpu : cpus) {
        String index = "[" + cpu.index() + "]";
        placed
            .irq("irq" + index, cpu.irqInput())
            .irq("fiq" + index, cpu.fiqInput())
            .irq("virq" + index, cpu.virtualIrqInput())
            .irq("vfiq" + index, cpu.virtualFiqInput())
            .irq("maintenance" + index, gic.ppi(cpu.index(), MAINTENANCE_PPI));
      }
      Placement<Gic2m> frame =
          gic.frames().map(MESSAGES, Gic2m.of(32 + FIRST_MESSAGE, MESSAGE_COUNT));
      for (int i = 0; i < MESSAGE_COUNT; i++) {
        frame.irq("irq[" + i + "]", gic.spi(FIRST_MESSAGE + i));
      }
      return new Version2(gic);
    }

    @Override
    public HardwareNode node() {
      return gic.node();
    }

    @Override
    public void startNonsecure() {
      gic.startNonsecure();
    }

    @Override
    public IrqLine spi(int number) {
      return gic.spi(number);
    }

    @Override
    public IrqLine ppi(int cpu, int number) {
      return gic.ppi(cpu, number);
    }
  }

  /** With a half in the processing elements. */
  record Version3(Gic3 gic) implements ArmGic {
    private static final long ITS = 0x0808_0000;
    private static final long REDISTRIBUTORS = 0x080a_0000;
    private static final long REDISTRIBUTORS_SIZE = 0xf6_0000;

    static Version3 wire(SysBus m, List<ArmCpu> cpus, ArmVirtOptions properties) {
      Gic3 gic =
          Gic3.of(
              new Gic3.Props(
                  cpus.size(),
                  32 + SPIS,
                  properties.secure(),
                  properties.virtualization(),
                  false,
                  properties.its(),
                  16,
                  REDISTRIBUTORS_SIZE));
      Placement<Gic3> placed = m.map(DISTRIBUTOR, gic);
      Gic3.mapRedistributors(placed, REDISTRIBUTORS);
      for (ArmCpu cpu : cpus) {
        IrqLine maintenance = cpu.connectGic(gic.cpu(cpu.index()));
        maintenance.connect(gic.ppi(cpu.index(), MAINTENANCE_PPI));
      }
      if (properties.its()) {
        gic.frames().map(ITS, Gic3Its.of().connect(gic.lpis()));
      }
      return new Version3(gic);
    }

    @Override
    public HardwareNode node() {
      return gic.node();
    }

    @Override
    public void startNonsecure() {
      gic.startNonsecure();
    }

    @Override
    public IrqLine spi(int number) {
      return gic.spi(number);
    }

    @Override
    public IrqLine ppi(int cpu, int number) {
      return gic.ppi(cpu, number);
    }
  }
}
