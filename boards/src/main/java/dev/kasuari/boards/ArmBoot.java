package dev.kasuari.boards;

import dev.kasuari.boot.Architecture;
import dev.kasuari.boot.BootException;
import dev.kasuari.boot.BootFile;
import dev.kasuari.boot.Fdt;
import dev.kasuari.boot.KernelImage;
import dev.kasuari.boot.Placement;
import dev.kasuari.hw.nvram.CfiFlash;
import dev.kasuari.hw.nvram.FwCfg;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.Psci;
import java.nio.charset.StandardCharsets;

/**
 * How an Arm board starts. A kernel starts as Linux's boot protocol for arm64 says, at EL2 if there
 * is one, with the board's own {@link Psci} beneath it; an ELF program and firmware in flash start
 * at the highest level there is, with the devicetree at the beginning of RAM.
 */
final class ArmBoot {
  private static final String NOTHING_TO_START =
      "Kasuari: there is nothing to start. Give a kernel (-kernel FILE) or a firmware (-bios FILE)."
          + "\r\n";

  private final Machine machine;
  private final ArmCpus cpus;
  private final ArmGic gic;
  private final boolean secure;
  private final CharBackend console;
  private final CfiFlash flash;
  private final FwCfg fwCfg;
  private final BootImages images;

  ArmBoot(
      Machine machine,
      ArmCpus cpus,
      ArmGic gic,
      boolean secure,
      CharBackend console,
      CfiFlash flash,
      FwCfg fwCfg,
      long ramBase,
      RamBlock ram) {
    this.machine = machine;
    this.cpus = cpus;
    this.gic = gic;
    this.secure = secure;
    this.console = console;
    this.flash = flash;
    this.fwCfg = fwCfg;
    images = new BootImages(machine, ramBase, ram);
  }

  Fdt deviceTree() {
    return images.deviceTree();
  }

  void load(BootOptions options) throws BootException {
    KernelImage kernel = images.kernel(options, Architecture.AARCH64);
    String bios = options.bios();
    if (bios != null && !bios.equals("none") && !bios.equals("default")) {
      fillFlash(bios);
      withFirmware(options);
    } else if (flash.drive() != null) {
      withFirmware(options);
    } else if (kernel != null) {
      withKernel(options, kernel);
    } else {
      withNothing(options);
    }
    images.writeAtReset();
  }

  private void withKernel(BootOptions options, KernelImage kernel) throws BootException {
    boolean linux = kernel instanceof KernelImage.Movable;
    int nonSecure = cpus.model().hasHypervisor() ? 2 : 1;
    int level = linux ? nonSecure : cpus.model().levels();
    boolean firmware = addFirmware(level, false);
    if (linux && secure) {
      gic.startNonsecure();
    }
    Placement place =
        images.place(
            options,
            kernel,
            (initrd, dtb) -> Placement.arm64(images.memory(), kernel, initrd, dtb));
    long entry = kernel.entry(place.kernel());
    start(firmware, cpu -> cpu.startAt(level, entry, place.dtb()));
  }

  private void fillFlash(String bios) throws BootException {
    if (flash.drive() != null) {
      throw new BootException(
          "-bios %s: The contents of the first flash device may be specified with -bios or with"
                  .formatted(bios)
              + " -drive if=pflash... but you cannot use both options at once");
    }
    byte[] code = BootFile.read("-bios", bios);
    if (code.length > flash.memory().size()) {
      throw new BootException(
          "-bios %s: has %d bytes, and the flash has room for %d"
              .formatted(bios, code.length, flash.memory().size()));
    }
    flash.memory().put(0, code);
  }

  private void withFirmware(BootOptions options) throws BootException {
    boolean firmware = addFirmware(cpus.model().levels(), true);
    long base = images.memory().base();
    images.placeDtb(options, base);
    OfferedKernel.offer(fwCfg, options);
    start(firmware, cpu -> {});
  }

  private void withNothing(BootOptions options) throws BootException {
    addFirmware(cpus.model().levels(), true);
    images.describe(options);
    for (ArmCpu cpu : cpus.all()) {
      cpu.setStart(cpu.parking()::stop);
    }
    machine.onReset(() -> {
      byte[] text = NOTHING_TO_START.getBytes(StandardCharsets.US_ASCII);
      console.write(text, 0, text.length, () -> {});
    });
  }

  // ---- PSCI ------------------------------------------------------------------------------------

  private Psci.Conduit conduit() {
    return cpus.model().hasHypervisor() ? Psci.Conduit.SMC : Psci.Conduit.HVC;
  }

  /**
   * Describes the built-in firmware, unless what starts is at its level or above, or has brought
   * its own.
   *
   * @return whether there is one
   */
  private boolean addFirmware(int level, boolean ofItsOwn) {
    Psci.Conduit conduit = conduit();
    if (conduit.level() <= level || (secure && ofItsOwn)) {
      return false;
    }
    HardwareNode node = machine.hardware().child("psci");
    node.compatible("arm,psci-1.0", "arm,psci-0.2", "arm,psci")
        .strings("method", conduit == Psci.Conduit.HVC ? "hvc" : "smc")
        .u32("cpu_suspend", Psci.CPU_SUSPEND | Psci.WIDE)
        .u32("cpu_off", Psci.CPU_OFF)
        .u32("cpu_on", Psci.CPU_ON | Psci.WIDE)
        .u32("migrate", Psci.MIGRATE | Psci.WIDE);
    cpus.describeFirmware();
    return true;
  }

  /** What a processing element does to begin. */
  private interface Start {
    void begin(ArmCpu cpu);
  }

  private void start(boolean firmware, Start start) {
    if (firmware) {
      ArmCpu first = cpus.all().getFirst();
      new Psci(machine, cpus.all(), conduit(), () -> start.begin(first));
      return;
    }
    for (ArmCpu cpu : cpus.all()) {
      cpu.setStart(() -> start.begin(cpu));
    }
  }
}
