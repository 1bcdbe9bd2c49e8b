package dev.kasuari.hw.intc;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.InterruptPort;
import dev.kasuari.machine.InterruptSpecifier;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Placement;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Arm generic interrupt controller, version 3: the distributor and the redistributors. The other
 * half is in the CPUs. Source: ARM IHI 0069. Affinity routing is always on, there are five bits of
 * priority, and a shared interrupt goes to the one CPU that GICD_IROUTER names.
 *
 * <p>Regions {@code dist} and, for each CPU c, {@code redist[c]}. Inputs {@code spi[n]} for
 * interrupt 32 + n, and {@code ppi[16 * c + n]} for interrupt 16 + n of CPU c. Ports {@code cpu[c]}
 * of type {@link InterruptPort}, whose groups are 0, 1 for group 1 of the non-secure world and 2
 * for group 1 of the secure one; and {@code lpi} of type {@link LpiPort}.
 */
@DeviceModel(name = "arm-gicv3", bus = SysBus.class)
public final class Gic3 extends Device<Gic3.Props, Gic3.State> {
  /** The most CPUs. */
  public static final int MAX_CPUS = 64;

  /** The number of the first interrupt that is a message. */
  public static final int FIRST_LPI = 8192;

  /** Bytes of a redistributor. */
  public static final long REDISTRIBUTOR = 0x2_0000;

  /** Bits of a priority that are there. */
  static final int PRIORITY_MASK = 0xf8;

  /** Bits of an interrupt's number. */
  static final int ID_BITS = 16;

  private static final int PPIS = 16;
  private static final int FIRST_SPI = 32;

  /**
   * What can be chosen.
   *
   * @param numCpu CPUs
   * @param numIrq interrupts, with the 32 that each CPU has of its own; a multiple of 32
   * @param hasSecurityExtensions whether accesses from the non-secure world see less
   * @param hasVirtualizationExtensions whether the CPUs raise interrupt 25 for a hypervisor, which
   *     software is told then
   * @param irqResetNonsecure whether all interrupts are of the non-secure world after a reset, for
   *     machines that start there without firmware
   * @param hasLpi whether there are interrupts that are messages
   * @param clusterSize how many CPUs have an address in common
   * @param redistSize bytes that software is told the redistributors have; 0 for what they have
   */
  public record Props(
      @Options.Name("num-cpu") @Options.Default("1") @Options.Range(min = 1, max = MAX_CPUS)
          int numCpu,
      @Options.Name("num-irq") @Options.Default("288") @Options.Range(min = 64, max = 992)
          int numIrq,
      @Options.Name("has-security-extensions") @Options.Default("off")
          boolean hasSecurityExtensions,
      @Options.Name("has-virtualization-extensions") @Options.Default("off")
          boolean hasVirtualizationExtensions,
      @Options.Default("off") boolean irqResetNonsecure,
      @Options.Name("has-lpi") @Options.Default("on") boolean hasLpi,
      @Options.Default("16") @Options.Range(min = 1, max = 16) int clusterSize,
      @Options.Size @Options.Default("0") long redistSize) {}

  /** What changes. */
  public static final class State {
    /** Groups that are forwarded, a bit for each. */
    int enabledGroups;

    /** The secure world has made itself and the other one. */
    boolean securityDisabled;

    final Gic3Bank.State shared = new Gic3Bank.State(30);

    /** Addresses of CPUs, as the guest has written them. */
    final long[] routes = new long[960];

    final Gic3Redistributor.State[] cpus = cpus();

    private static Gic3Redistributor.State[] cpus() {
      var cpus = new Gic3Redistributor.State[MAX_CPUS];
      for (int i = 0; i < MAX_CPUS; i++) {
        cpus[i] = new Gic3Redistributor.State();
      }
      return cpus;
    }
  }

  private Gic3Bank shared;
  private Gic3Redistributor[] cpus;
  private CpuPort[] ports;
  private Gic3Best[] best;
  private GicFrames frames;
  private Wiring wiring;
  private boolean startsNonsecure;

  /** For so many CPUs and shared interrupts, in one world, with messages. */
  public static Gic3 of(int cpus, int spis) {
    return Gic3Type.TYPE.create(new Props(cpus, 32 + spis, false, false, false, true, 16, 0));
  }

  /** As described. */
  public static Gic3 of(Props props) {
    return Gic3Type.TYPE.create(props);
  }

  /** The input of shared interrupt 32 + {@code number}. */
  public IrqLine spi(int number) {
    return input("spi[" + number + "]");
  }

  /** The input of interrupt 16 + {@code number} of a CPU. */
  public IrqLine ppi(int cpu, int number) {
    return input("ppi[" + (cpu * PPIS + number) + "]");
  }

  /** Where the CPU's half is connected. */
  public InterruptPort cpu(int index) {
    return port("cpu[" + index + "]", InterruptPort.class);
  }

  /** Where a translator of messages hands over the interrupts. */
  public LpiPort lpis() {
    return port("lpi", LpiPort.class);
  }

  /** Where translators of messages are plugged in. */
  public GicFrames frames() {
    return frames;
  }

  /** Maps the redistributors one behind the other. */
  public static void mapRedistributors(Placement<Gic3> gic, long address) {
    for (int i = 0; i < gic.device().props().numCpu(); i++) {
      gic.at("redist[" + i + "]", address + i * REDISTRIBUTOR);
    }
  }

  @Override
  protected void realize(Wiring w) {
    int count = props().numCpu();
    int spis = props().numIrq() - FIRST_SPI;
    if (spis % 32 != 0) {
      throw new OptionException(
          "%s: num-irq=%d: give a multiple of 32".formatted(id(), props().numIrq()));
    }
    wiring = w;
    shared = new Gic3Bank(FIRST_SPI, spis / 32, 0, new Around(-1));
    cpus = new Gic3Redistributor[count];
    ports = new CpuPort[count];
    best = new Gic3Best[count];
    w.region("dist", 0x1_0000, new Gic3DistributorRegisters(this).declare());
    for (int i = 0; i < count; i++) {
      cpus[i] = new Gic3Redistributor(this, i, new Around(i), w.dma(), w.log());
      best[i] = new Gic3Best();
      ports[i] = new CpuPort(i);
      w.region("redist[" + i + "]", REDISTRIBUTOR, cpus[i].declare());
      w.port("cpu[" + i + "]", InterruptPort.class, ports[i]);
    }
    w.port("lpi", LpiPort.class, new Lpis());
    w.interruptInputs(
        "spi", spis, n -> List.of(0, n, 4), (n, level) -> shared.drive(FIRST_SPI + n, level));
    w.interruptInputs(
        "ppi",
        count * PPIS,
        n -> List.of(1, n % PPIS, 4),
        (n, level) -> cpus[n / PPIS].bank().drive(16 + n % PPIS, level));
    frames = w.bus(new GicFrames(w));
  }

  /** What a bank, the CPU's or the shared one, needs to know. */
  private final class Around implements Gic3Bank.Surroundings {
    private final int cpu;

    Around(int cpu) {
      this.cpu = cpu;
    }

    @Override
    public Gic3Bank.State state() {
      return cpu < 0 ? Gic3.this.state().shared : Gic3.this.state().cpus[cpu].bank;
    }

    @Override
    public boolean nonSecure(BusAccess access) {
      return Gic3.this.nonSecure(access);
    }

    @Override
    public boolean oneWorld() {
      return Gic3.this.oneWorld();
    }
  }

  // What the registers see.

  State visibleState() {
    return state();
  }

  Gic3Bank shared() {
    return shared;
  }

  boolean oneWorld() {
    return !props().hasSecurityExtensions() || state().securityDisabled;
  }

  boolean nonSecure(BusAccess access) {
    return !oneWorld() && !access.secure();
  }

  /** The address of a CPU among all, as MPIDR has it. */
  long affinity(int cpu) {
    return (long) (cpu / props().clusterSize()) << 8 | cpu % props().clusterSize();
  }

  /** The CPU of that address, or -1. */
  int cpuOf(long affinity) {
    int cpu = (int) (affinity >>> 8 & 0xff) * props().clusterSize() + (int) (affinity & 0xff);
    boolean there = (affinity & 0xff) < props().clusterSize() && cpu < props().numCpu();
    return there && (affinity & 0xff_00ff_0000L) == 0 ? cpu : -1;
  }

  private Gic3Bank bankOf(int cpu, int id) {
    return id < FIRST_SPI ? cpus[cpu].bank() : shared;
  }

  @Override
  protected void outputs() {
    int groups = state().enabledGroups;
    for (int i = 0; i < cpus.length; i++) {
      int cpu = i;
      best[i].begin(ports[i].accepted);
      cpus[i].bank().offer(groups, id -> cpu, best);
    }
    shared.offer(groups, id -> cpuOf(state().routes[id - FIRST_SPI]), best);
    for (int i = 0; i < cpus.length; i++) {
      cpus[i].offerMessages(groups, best[i]);
      ports[i].tell(best[i]);
    }
  }

  /** A CPU's way in. */
  private final class CpuPort implements InterruptPort {
    private final int cpu;
    private final Gic3Best told = new Gic3Best();
    private @Nullable Listener listener;
    private int accepted;

    CpuPort(int cpu) {
      this.cpu = cpu;
      told.begin(0);
    }

    void tell(Gic3Best now) {
      if (!now.same(told)) {
        told.copy(now);
        repeat();
      }
    }

    private void repeat() {
      Listener to = listener;
      if (to != null) {
        to.pending(told.id(), told.priority(), told.group());
      }
    }

    @Override
    public void connect(Listener newListener) {
      listener = newListener;
      repeat();
    }

    @Override
    public void accept(int groups) {
      if (groups != accepted) {
        wiring.enter(() -> accepted = groups);
      }
    }

    @Override
    public void acknowledge(int id) {
      if (id >= FIRST_LPI) {
        wiring.enter(() -> cpus[cpu].setPending(id, false));
      } else if (bankOf(cpu, id).has(id)) {
        wiring.enter(() -> bankOf(cpu, id).acknowledge(id));
      }
    }

    @Override
    public void deactivate(int id) {
      if (bankOf(cpu, id).has(id)) {
        wiring.enter(() -> bankOf(cpu, id).deactivate(id));
      }
    }

    @Override
    public int groupOf(int id) {
      return bankOf(cpu, id).has(id) ? bankOf(cpu, id).group(id) : Gic3Bank.GROUP_1_NON_SECURE;
    }

    @Override
    public void send(Message message) {
      wiring.enter(() -> Gic3.this.send(cpu, message));
    }
  }

  /** Reaches those to whom the number is of the group that was meant (IHI 0069, table 4-14). */
  private void send(int from, InterruptPort.Message message) {
    for (int i = 0; i < cpus.length; i++) {
      boolean meant = message.others() ? i != from : isMember(i, message);
      int group = cpus[i].bank().group(message.id() & 0xf);
      boolean reached = message.privileged() || oneWorld() || group == Gic3Bank.GROUP_1_NON_SECURE;
      if (meant && reached && group == message.group()) {
        cpus[i].bank().makePending(message.id() & 0xf);
      }
    }
  }

  private boolean isMember(int cpu, InterruptPort.Message message) {
    long affinity = affinity(cpu);
    long number = (affinity & 0xff) - message.first();
    return (affinity & ~0xffL) == message.cluster()
        && number >= 0
        && number < 32
        && (message.members() & 1 << number) != 0;
  }

  /** Messages that a translator has understood. */
  private final class Lpis implements LpiPort {
    @Override
    public int cpus() {
      return cpus.length;
    }

    @Override
    public void setPending(int cpu, int id, boolean on) {
      wiring.enter(() -> cpus[cpu].setPending(id, on));
    }

    @Override
    public void invalidate(int cpu) {
      wiring.enter(cpus[cpu]::rescan);
    }

    @Override
    public void move(int from, int to, int id) {
      wiring.enter(() -> {
        if (cpus[from].isPending(id)) {
          cpus[from].setPending(id, false);
          cpus[to].setPending(id, true);
        }
      });
    }

    @Override
    public void moveAll(int from, int to) {
      wiring.enter(() -> cpus[from].moveAll(cpus[to]));
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
    shared.giveAway();
    for (Gic3Redistributor cpu : cpus) {
      cpu.bank().giveAway();
    }
  }

  @Override
  protected void onRestore() {
    shared.checked();
    for (Gic3Redistributor cpu : cpus) {
      cpu.bank().checked();
    }
  }

  @Override
  public void describe(HardwareNode n) {
    long size = props().redistSize();
    n.named("intc")
        .compatible("arm,gic-v3")
        .reg(
            new HardwareNode.Range(region("dist").absoluteAddress(), region("dist").size()),
            new HardwareNode.Range(
                region("redist[0]").absoluteAddress(),
                size == 0 ? props().numCpu() * REDISTRIBUTOR : size))
        .u32("#redistributor-regions", 1)
        .u32("#interrupt-cells", 3)
        .flag("interrupt-controller")
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .flag("ranges");
    if (props().hasVirtualizationExtensions()) {
      n.interrupts(List.of(new InterruptSpecifier(n, List.of(1, 9, 4))));
    }
  }
}
