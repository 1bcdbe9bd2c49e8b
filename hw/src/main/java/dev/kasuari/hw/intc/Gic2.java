package dev.kasuari.hw.intc;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.InterruptSpecifier;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.util.List;

/**
 * Arm generic interrupt controller, version 2, as the GIC-400 has it: five bits of priority, four
 * list registers. Source: ARM IHI 0048B.b; for what that leaves open, ARM DDI 0471 (GIC-400).
 *
 * <p>Regions {@code dist} and {@code cpu}, with the virtualization extensions {@code hyp} and
 * {@code vcpu}. Inputs {@code spi[n]} for interrupt 32 + n, and {@code ppi[16 * c + n]} for
 * interrupt 16 + n of CPU c. Outputs {@code irq[c]}, {@code fiq[c]}, {@code virq[c]}, {@code
 * vfiq[c]} and {@code maintenance[c]}. Who asks for a banked register is the access's requester.
 */
@DeviceModel(name = "arm_gic", bus = SysBus.class)
public final class Gic2 extends Device<Gic2.Props, Gic2.State> {
  /** As many CPUs as the architecture has. */
  public static final int MAX_CPUS = 8;

  /** What IAR answers when there is nothing. */
  static final int SPURIOUS = 1023;

  /** What IAR answers when what there is belongs to the other group. */
  static final int OTHER_GROUP = 1022;

  /** Bits of a priority that are there. */
  static final int PRIORITY_MASK = 0xf8;

  /** The most urgent priority of the non-secure world, which it cannot reach beyond. */
  static final int NON_SECURE = 0x80;

  private static final int FRAME = 0x1_0000;
  private static final int PPIS = 16;

  /**
   * What can be chosen.
   *
   * @param numCpu CPUs
   * @param numIrq interrupts, with the 32 that each CPU has of its own; a multiple of 32
   * @param hasSecurityExtensions whether accesses from the non-secure world see less
   * @param hasVirtualizationExtensions whether there is an interface for guests of a guest
   * @param irqResetNonsecure whether all interrupts are of the non-secure world after a reset, for
   *     machines that start there without firmware
   */
  public record Props(
      @Options.Name("num-cpu") @Options.Default("1") @Options.Range(min = 1, max = MAX_CPUS)
          int numCpu,
      @Options.Name("num-irq") @Options.Default("288") @Options.Range(min = 32, max = 992)
          int numIrq,
      @Options.Name("has-security-extensions") @Options.Default("off")
          boolean hasSecurityExtensions,
      @Options.Name("has-virtualization-extensions") @Options.Default("off")
          boolean hasVirtualizationExtensions,
      @Options.Default("off") boolean irqResetNonsecure) {}

  /** What changes. */
  public static final class State {
    final Gic2Distributor.State distributor = new Gic2Distributor.State();
    final Gic2Cpu.State[] cpus = {
      new Gic2Cpu.State(), new Gic2Cpu.State(), new Gic2Cpu.State(), new Gic2Cpu.State(),
      new Gic2Cpu.State(), new Gic2Cpu.State(), new Gic2Cpu.State(), new Gic2Cpu.State()
    };
    final Gic2Hyp.State[] guests = {
      new Gic2Hyp.State(), new Gic2Hyp.State(), new Gic2Hyp.State(), new Gic2Hyp.State(),
      new Gic2Hyp.State(), new Gic2Hyp.State(), new Gic2Hyp.State(), new Gic2Hyp.State()
    };
  }

  /** The levels of the inputs. They are others' state, so that a reset leaves them. */
  private final int[] levels = new int[Gic2Distributor.WORDS];

  private IrqLine[] irq;
  private IrqLine[] fiq;
  private IrqLine[] virq;
  private IrqLine[] vfiq;
  private IrqLine[] maintenance;
  private GicFrames frames;
  private Wiring wiring;
  private boolean startsNonsecure;

  /** For so many CPUs and shared interrupts, without security and virtualization. */
  public static Gic2 of(int cpus, int spis) {
    return of(cpus, spis, false, false);
  }

  /** For so many CPUs and shared interrupts. */
  public static Gic2 of(int cpus, int spis, boolean security, boolean virtualization) {
    return Gic2Type.TYPE.create(new Props(cpus, 32 + spis, security, virtualization, false));
  }

  /** As described. */
  public static Gic2 of(Props props) {
    return Gic2Type.TYPE.create(props);
  }

  /** The input of shared interrupt 32 + {@code number}. */
  public IrqLine spi(int number) {
    return input("spi[" + number + "]");
  }

  /** The input of interrupt 16 + {@code number} of a CPU. */
  public IrqLine ppi(int cpu, int number) {
    return input("ppi[" + (cpu * PPIS + number) + "]");
  }

  /** Where {@link Gic2m} frames are plugged in. */
  public GicFrames frames() {
    return frames;
  }

  @Override
  protected void realize(Wiring w) {
    if (props().numIrq() % 32 != 0) {
      throw new OptionException(
          "%s: num-irq=%d: give a multiple of 32".formatted(id(), props().numIrq()));
    }
    int cpus = props().numCpu();
    wiring = w;
    w.region("dist", FRAME, new Gic2DistributorRegisters(this).declare());
    w.region("cpu", FRAME, new Gic2CpuRegisters(this).declare());
    if (props().hasVirtualizationExtensions()) {
      var virtual = new Gic2HypRegisters(this);
      w.region("hyp", FRAME, virtual.declareHypervisors());
      w.region("vcpu", FRAME, virtual.declareGuests());
    }
    w.interruptInputs(
        "spi", props().numIrq() - 32, n -> List.of(0, n, 4), (n, level) -> drive(0, 32 + n, level));
    int everyCpu = (1 << cpus) - 1;
    w.interruptInputs(
        "ppi",
        cpus * PPIS,
        n -> List.of(1, n % PPIS, everyCpu << 8 | 4),
        (n, level) -> drive(n / PPIS, 16 + n % PPIS, level));
    irq = w.irqs("irq", cpus);
    fiq = w.irqs("fiq", cpus);
    virq = w.irqs("virq", cpus);
    vfiq = w.irqs("vfiq", cpus);
    maintenance = w.irqs("maintenance", cpus);
    frames = w.bus(new GicFrames(w));
  }

  private void drive(int cpu, int id, boolean level) {
    distributor().drive(cpu, id, level);
  }

  Gic2Distributor distributor() {
    return new Gic2Distributor(state().distributor, levels, props());
  }

  Gic2Cpu cpu(int index) {
    return new Gic2Cpu(index, state().cpus[index], distributor());
  }

  Gic2Hyp guest(int index) {
    return new Gic2Hyp(index, state().guests[index], distributor());
  }

  /** Who asks; what is no CPU is taken for the first. */
  int cpuOf(BusAccess access) {
    int index = access.requester();
    return index < 0 || index >= props().numCpu() ? 0 : index;
  }

  /** True if only what belongs to the non-secure world is to be seen. */
  boolean nonSecure(BusAccess access) {
    return props().hasSecurityExtensions() && !access.secure();
  }

  @Override
  protected void outputs() {
    for (int i = 0; i < props().numCpu(); i++) {
      Gic2Cpu cpu = cpu(i);
      int id = cpu.signalled();
      boolean fast = id != SPURIOUS && cpu.isFast(id);
      irq[i].set(id != SPURIOUS && !fast);
      fiq[i].set(fast);
      if (props().hasVirtualizationExtensions()) {
        Gic2Hyp guest = guest(i);
        int register = guest.signalled();
        boolean fastGuest = register >= 0 && guest.isFast(register);
        virq[i].set(register >= 0 && !fastGuest);
        vfiq[i].set(fastGuest);
        maintenance[i].set(guest.needsMaintenance());
      }
    }
  }

  /**
   * All interrupts are the non-secure world's, now and after each reset, as firmware leaves them
   * that this board does without.
   */
  public void startNonsecure() {
    startsNonsecure = true;
    wiring.enter(this::giveAway);
  }

  @Override
  protected void onReset(State before) {
    if (startsNonsecure || props().irqResetNonsecure()) {
      giveAway();
    }
  }

  private void giveAway() {
    distributor().giveAway();
    for (Gic2Cpu.State cpu : state().cpus) {
      cpu.pmr = NON_SECURE;
    }
  }

  @Override
  protected void onRestore() {
    distributor().checked();
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("intc")
        .compatible("arm,cortex-a15-gic")
        .reg()
        .u32("#interrupt-cells", 3)
        .flag("interrupt-controller")
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .flag("ranges");
    if (props().hasVirtualizationExtensions() && maintenance[0].connected()) {
      n.interrupts(List.of(new InterruptSpecifier(n, List.of(1, 9, 4))));
    }
  }
}
