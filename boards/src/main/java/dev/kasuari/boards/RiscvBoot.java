package dev.kasuari.boards;

import dev.kasuari.boot.Architecture;
import dev.kasuari.boot.BootException;
import dev.kasuari.boot.Fdt;
import dev.kasuari.boot.KernelImage;
import dev.kasuari.boot.Placement;
import dev.kasuari.boot.RiscvBootRom;
import dev.kasuari.hw.nvram.FwCfg;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.sbi.Sbi;
import dev.kasuari.target.riscv.sbi.SbiConsole;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How a RISC-V board starts: what {@code -bios}, {@code -kernel}, {@code -initrd}, {@code -append}
 * and {@code -dtb} say, put into RAM at every reset, and where the first hart begins.
 *
 * <p>The SBI of the machine or of a file goes on, in supervisor mode, with what is in the first
 * bank of flash, and else with what is in the second; with {@code -bios none} harts start in the
 * first. So it is in QEMU since 8.1; before, they always did.
 *
 * <p>Three ways otherwise: the built-in SBI starts a kernel in supervisor mode; a firmware file
 * starts in machine mode and is told of the kernel as OpenSBI's {@code fw_dynamic} wants it; with
 * {@code -bios none} a kernel starts in machine mode.
 */
final class RiscvBoot {
  /** {@code wfi}, and back to it. */
  private static final byte[] WAIT_FOR_EVER = {
    0x73, 0x00, 0x50, 0x10, 0x6f, (byte) 0xf0, (byte) 0xdf, (byte) 0xff,
  };

  /** What firmware says that finds nothing to boot. */
  private static final String NOTHING_TO_START =
      "Kasuari SBI: there is nothing to start. Give a kernel (-kernel FILE) or a firmware of your"
          + " own (-bios FILE).\r\n";

  private final Machine machine;
  private final List<RiscvCpu> harts;
  private final SbiConsole console;
  private final long ramBase;
  private final RamBlock rom;
  private final int xlen;
  private final BootImages images;
  private FlashBoot flash = FlashBoot.NONE;

  RiscvBoot(
      Machine machine,
      List<RiscvCpu> harts,
      SbiConsole console,
      long ramBase,
      RamBlock ram,
      RamBlock rom) {
    this.machine = machine;
    this.harts = harts;
    this.console = console;
    this.ramBase = ramBase;
    this.rom = rom;
    this.xlen = harts.getFirst().model().xlen();
    images = new BootImages(machine, ramBase, ram);
  }

  Fdt deviceTree() {
    return images.deviceTree();
  }

  private Architecture architecture() {
    return xlen == 32 ? Architecture.RISCV32 : Architecture.RISCV64;
  }

  /** Starts there, where there is something. */
  void startIn(FlashBoot newFlash) {
    flash = newFlash;
  }

  void load(BootOptions given) throws BootException {
    String bios = given.bios();
    if (!"none".equals(bios)) {
      flash = flash.behindFirmware();
    }
    KernelImage kernel = images.kernel(given, architecture());
    BootOptions options = given;
    FwCfg fwCfg = flash.fwCfg();
    if (flash.next().isPresent() && fwCfg != null) {
      OfferedKernel.offer(fwCfg, given);
      options = new BootOptions(bios, null, null, given.append(), given.dtb());
      kernel = null;
    }
    if (bios == null || bios.equals("default")) {
      withBuiltInSbi(options, kernel);
    } else if (bios.equals("none")) {
      bare(options, kernel);
    } else {
      withFirmware(options, bios, kernel);
    }
    images.writeAtReset();
  }

  private void withBuiltInSbi(BootOptions options, @Nullable KernelImage kernel)
      throws BootException {
    if (flash.next().isPresent()) {
      Placement place = images.placeBeside(options, ramBase, ramBase);
      new Sbi(machine, harts, console).boot(flash.next().getAsLong(), place.dtb());
      return;
    }
    if (kernel == null) {
      images.describe(options);
      rom.put(0, WAIT_FOR_EVER);
      machine.onReset(() -> console.write(NOTHING_TO_START.getBytes(StandardCharsets.US_ASCII)));
      return;
    }
    // The kernel goes where it would be behind a firmware: in the large page after the first.
    Placement place = place(options, ramBase + 1, kernel);
    var sbi = new Sbi(machine, harts, console);
    sbi.boot(kernel.entry(place.kernel()), place.dtb());
  }

  private void bare(BootOptions options, @Nullable KernelImage kernel) throws BootException {
    if (kernel == null) {
      boolean inFlash = flash.first().isPresent();
      long dtb = inFlash ? images.placeBeside(options, ramBase, ramBase).dtb() : 0;
      if (!inFlash) {
        images.describe(options);
      }
      writeRom(flash.first().orElse(ramBase), dtb, flash.next().orElse(0));
      return;
    }
    Placement place = place(options, ramBase, kernel);
    long entry = kernel.entry(place.kernel());
    writeRom(flash.first().orElse(entry), place.dtb(), flash.first().isPresent() ? entry : 0);
  }

  private void withFirmware(BootOptions options, String bios, @Nullable KernelImage kernel)
      throws BootException {
    KernelImage firmware =
        KernelImage.readFirmware("-bios", bios, architecture()).inMemoryFrom(ramBase);
    long end = firmware.end(ramBase);
    if (Long.compareUnsigned(end, images.memory().end()) > 0) {
      throw new BootException(
          "-bios %s: needs memory up to 0x%x, and there is none from 0x%x on: use a larger -m"
              .formatted(bios, end, images.memory().end()));
    }
    Placement place =
        kernel == null
            ? images.placeBeside(options, firmware.start(ramBase), end)
            : place(options, end, kernel);
    images.keep("-bios " + bios, firmware, ramBase);
    long next = kernel == null ? flash.next().orElse(0) : kernel.entry(place.kernel());
    writeRom(firmware.entry(ramBase), place.dtb(), next);
  }

  /** Places and keeps kernel, initrd and devicetree. */
  private Placement place(BootOptions options, long firmwareEnd, KernelImage kernel)
      throws BootException {
    return images.place(
        options,
        kernel,
        (initrd, dtb) -> Placement.riscv(images.memory(), xlen, firmwareEnd, kernel, initrd, dtb));
  }

  /** As {@link BootImages#symbol}. */
  OptionalLong symbol(String name) throws BootException {
    return images.symbol(name);
  }

  private void writeRom(long start, long dtb, long next) {
    byte[] code =
        RiscvBootRom.contents(xlen, start, dtb, RiscvBootRom.DynamicInfo.supervisor(next));
    rom.put(0, code);
  }
}
