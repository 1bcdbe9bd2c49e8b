package dev.kasuari.boards;

import dev.kasuari.boot.Architecture;
import dev.kasuari.boot.BootException;
import dev.kasuari.boot.BootFile;
import dev.kasuari.boot.Fdt;
import dev.kasuari.boot.FdtNode;
import dev.kasuari.boot.FdtRenderer;
import dev.kasuari.boot.KernelImage;
import dev.kasuari.boot.Placement;
import dev.kasuari.boot.RiscvBootRom;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.sbi.Sbi;
import dev.kasuari.target.riscv.sbi.SbiConsole;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How a RISC-V board starts: what {@code -bios}, {@code -kernel}, {@code -initrd}, {@code -append}
 * and {@code -dtb} say, put into RAM at every reset, and where the first hart begins.
 *
 * <p>Three ways: the built-in SBI starts a kernel in supervisor mode; a firmware file starts in
 * machine mode and is told of the kernel as OpenSBI's {@code fw_dynamic} wants it; with {@code
 * -bios none} a kernel starts in machine mode.
 */
final class RiscvBoot {
  /** More than the properties that name the initrd take. */
  private static final int INITRD_PROPERTIES = 256;

  /** {@code wfi}, and back to it. */
  private static final byte[] WAIT_FOR_EVER = {
    0x73, 0x00, 0x50, 0x10, 0x6f, (byte) 0xf0, (byte) 0xdf, (byte) 0xff,
  };

  /** What firmware says that finds nothing to boot. */
  private static final String NOTHING_TO_START =
      "Kasuari SBI: there is nothing to start. Give a kernel (-kernel FILE) or a firmware of your own"
          + " (-bios FILE).\r\n";

  /** Bytes written to an address at every reset. */
  private record Piece(long address, MemorySegment bytes) {}

  /** A kernel or firmware, and the address the machine preferred for it. */
  private record Loaded(KernelImage image, long preferred) {}

  private final Machine machine;
  private final List<RiscvCpu> harts;
  private final SbiConsole console;
  private final long ramBase;
  private final RamBlock ram;
  private final RamBlock rom;
  private final int xlen;
  private final List<Piece> pieces = new ArrayList<>();
  private final List<Loaded> images = new ArrayList<>();
  private @Nullable Fdt tree;

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
    this.ram = ram;
    this.rom = rom;
    this.xlen = harts.getFirst().model().xlen();
  }

  Fdt deviceTree() {
    return Objects.requireNonNull(tree, "load() makes the devicetree");
  }

  private Architecture architecture() {
    return xlen == 32 ? Architecture.RISCV32 : Architecture.RISCV64;
  }

  private Placement.Ram memory() {
    return new Placement.Ram(ramBase, ram.size());
  }

  void load(BootOptions options) throws BootException {
    String bios = options.bios();
    KernelImage kernel =
        options.kernel() == null
            ? null
            : KernelImage.read("-kernel", options.kernel(), architecture());
    if (bios == null || bios.equals("default")) {
      withBuiltInSbi(options, kernel);
    } else if (bios.equals("none")) {
      bare(options, kernel);
    } else {
      withFirmware(options, bios, kernel);
    }
    machine.onReset(this::writeAll);
  }

  private void withBuiltInSbi(BootOptions options, @Nullable KernelImage kernel)
      throws BootException {
    if (kernel == null) {
      tree = describe(options, null);
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
      tree = describe(options, null);
      writeRom(ramBase, 0, 0);
      return;
    }
    Placement place = place(options, ramBase, kernel);
    writeRom(kernel.entry(place.kernel()), place.dtb(), 0);
  }

  private void withFirmware(BootOptions options, String bios, @Nullable KernelImage kernel)
      throws BootException {
    KernelImage firmware = KernelImage.readFirmware("-bios", bios, architecture());
    long end = firmware.end(ramBase);
    if (Long.compareUnsigned(end, memory().end()) > 0) {
      throw new BootException(
          "-bios %s: needs memory up to 0x%x, and there is none from 0x%x on: use a larger -m"
              .formatted(bios, end, memory().end()));
    }
    Placement place =
        kernel == null
            ? placeBeside(options, firmware.start(ramBase), end)
            : place(options, end, kernel);
    keep(firmware, ramBase);
    long next = kernel == null ? 0 : kernel.entry(place.kernel());
    writeRom(firmware.entry(ramBase), place.dtb(), next);
  }

  // ---- placing ---------------------------------------------------------------------------------

  /** Places and keeps kernel, initrd and devicetree. */
  private Placement place(BootOptions options, long firmwareEnd, KernelImage kernel)
      throws BootException {
    byte[] initrd = initrd(options);
    int dtbSize = describe(options, null).write().length + INITRD_PROPERTIES;
    Placement place;
    try {
      place = Placement.riscv(memory(), xlen, firmwareEnd, kernel, initrd.length, dtbSize);
    } catch (BootException e) {
      throw new BootException(files(options) + ": " + e.getMessage(), e);
    }
    keep(kernel, place.kernel());
    finish(options, place, initrd);
    return place;
  }

  /** What was to be placed, for a complaint. */
  private static String files(BootOptions options) {
    String kernel = "-kernel " + options.kernel();
    return options.initrd() == null ? kernel : kernel + " -initrd " + options.initrd();
  }

  private Placement placeBeside(BootOptions options, long start, long end) throws BootException {
    byte[] initrd = initrd(options);
    int dtbSize = describe(options, null).write().length + INITRD_PROPERTIES;
    Placement place = Placement.place(memory(), start, end, initrd.length, dtbSize);
    finish(options, place, initrd);
    return place;
  }

  private void finish(BootOptions options, Placement place, byte[] initrd) throws BootException {
    if (initrd.length > 0) {
      keep(place.initrd(), initrd, 0, initrd.length);
    }
    Fdt made = describe(options, initrd.length > 0 ? place : null);
    tree = made;
    byte[] dtb = made.write();
    keep(place.dtb(), dtb, 0, dtb.length);
  }

  private static byte[] initrd(BootOptions options) throws BootException {
    String file = options.initrd();
    return file == null ? new byte[0] : BootFile.read("-initrd", file);
  }

  // ---- the devicetree --------------------------------------------------------------------------

  private Fdt describe(BootOptions options, @Nullable Placement place) throws BootException {
    String file = options.dtb();
    Fdt fdt =
        file == null
            ? FdtRenderer.render(machine.describe())
            : Fdt.read("-dtb " + file, BootFile.read("-dtb", file));
    FdtNode chosen = fdt.root().node("chosen");
    String append = options.append();
    if (append != null) {
      chosen.strings("bootargs", append);
    }
    if (place != null) {
      chosen.longs("linux,initrd-start", place.initrd());
      chosen.longs("linux,initrd-end", place.initrdEnd());
    }
    return fdt;
  }

  /**
   * Where in RAM a symbol of the kernel, or else of the firmware, is; empty before {@link #load}.
   *
   * @throws BootException if a file's symbols cannot be read
   */
  OptionalLong symbol(String name) throws BootException {
    for (Loaded loaded : images) {
      OptionalLong found = loaded.image().symbol(name, loaded.preferred());
      if (found.isPresent() && memory().contains(found.getAsLong())) {
        return found;
      }
    }
    return OptionalLong.empty();
  }

  // ---- what is in memory at reset --------------------------------------------------------------

  private void keep(KernelImage image, long preferred) {
    image.load(preferred, this::keep);
    images.add(new Loaded(image, preferred));
  }

  private void keep(long address, byte[] data, int offset, int length) {
    pieces.add(new Piece(address, MemorySegment.ofArray(data).asSlice(offset, length)));
  }

  private void writeRom(long start, long dtb, long next) {
    byte[] code =
        RiscvBootRom.contents(xlen, start, dtb, RiscvBootRom.DynamicInfo.supervisor(next));
    rom.put(0, code);
  }

  private void writeAll() {
    for (Piece piece : pieces) {
      long at = piece.address() - ramBase;
      ram.segment().asSlice(at).copyFrom(piece.bytes());
    }
  }
}
