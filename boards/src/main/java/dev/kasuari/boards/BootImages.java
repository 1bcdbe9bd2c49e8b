package dev.kasuari.boards;

import dev.kasuari.boot.Architecture;
import dev.kasuari.boot.BootException;
import dev.kasuari.boot.BootFile;
import dev.kasuari.boot.Fdt;
import dev.kasuari.boot.FdtNode;
import dev.kasuari.boot.FdtRenderer;
import dev.kasuari.boot.KeptFile;
import dev.kasuari.boot.KernelImage;
import dev.kasuari.boot.MemoryWriter;
import dev.kasuari.boot.Placement;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.memory.FlatRange;
import dev.kasuari.machine.memory.RamBlock;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a board finds in its RAM after every reset: kernel or firmware, initial RAM disk and
 * devicetree, as {@code -kernel}, {@code -initrd}, {@code -append} and {@code -dtb} say. A board
 * decides where they are and who starts.
 */
final class BootImages {
  /** More than the properties that name the initrd take. */
  private static final int INITRD_PROPERTIES = 256;

  /** Decides where a kernel and what belongs to it go. */
  @FunctionalInterface
  interface Placer {
    /** For an initial RAM disk and a devicetree of so many bytes. */
    Placement place(long initrdSize, long dtbSize) throws BootException;
  }

  /** What is written to RAM at every reset. */
  @FunctionalInterface
  private interface Piece {
    void write();
  }

  /** A kernel or firmware, and the address the machine preferred for it. */
  private record Loaded(KernelImage image, long preferred) {}

  private final Machine machine;
  private final Placement.Ram memory;
  private final RamBlock ram;
  private final List<Piece> pieces = new ArrayList<>();

  /** What is there already when the machine is reset first. */
  private final List<Piece> afterFirst = new ArrayList<>();

  private final List<Loaded> images = new ArrayList<>();
  private @Nullable Fdt tree;

  /** Into a machine's main memory, which begins at an address. */
  BootImages(Machine machine, long ramBase, RamBlock ram) {
    this.machine = machine;
    this.ram = ram;
    memory = new Placement.Ram(ramBase, ram.size());
  }

  Placement.Ram memory() {
    return memory;
  }

  /** The devicetree as software finds it. */
  Fdt deviceTree() {
    return Objects.requireNonNull(tree, "load() makes the devicetree");
  }

  /** The kernel that is to be started, or null if there is none. */
  @Nullable KernelImage kernel(BootOptions options, Architecture architecture)
      throws BootException {
    String file = options.kernel();
    return file == null
        ? null
        : KernelImage.of(machine.own(BootFile.keep("-kernel", file)), architecture)
            .inMemoryFrom(memory.base());
  }

  // ---- placing ---------------------------------------------------------------------------------

  /**
   * Places a kernel with its initial RAM disk and devicetree, and keeps all three.
   *
   * @throws BootException if they do not fit; the message names their options
   */
  Placement place(BootOptions options, KernelImage kernel, Placer placer) throws BootException {
    KeptFile initrd = initrd(options);
    Fdt described = describe(options);
    byte[] dtb = described.write();
    Placement place;
    try {
      place = placer.place(size(initrd), dtb.length + INITRD_PROPERTIES);
    } catch (BootException e) {
      throw new BootException(files(options) + ": " + e.getMessage(), e);
    }
    keep("-kernel " + options.kernel(), kernel, place.kernel());
    finish(place, initrd, described, dtb);
    return place;
  }

  /** What was to be placed, for a complaint. */
  private static String files(BootOptions options) {
    String kernel = "-kernel " + options.kernel();
    return options.initrd() == null ? kernel : kernel + " -initrd " + options.initrd();
  }

  /** Places initial RAM disk and devicetree beside what lies at known addresses. */
  Placement placeBeside(BootOptions options, long start, long end) throws BootException {
    KeptFile initrd = initrd(options);
    Fdt described = describe(options);
    byte[] dtb = described.write();
    Placement place =
        Placement.place(memory, start, end, size(initrd), dtb.length + INITRD_PROPERTIES);
    finish(place, initrd, described, dtb);
    return place;
  }

  /** Keeps a devicetree alone, for software that looks for it at an address. */
  void placeDtb(BootOptions options, long address) throws BootException {
    Fdt made = describe(options);
    keep(address, made.write());
  }

  /** Makes a devicetree that nobody is given, for whoever asks the machine for it. */
  Fdt describe(BootOptions options) throws BootException {
    String file = options.dtb();
    Fdt made =
        file == null
            ? FdtRenderer.render(machine.describe())
            : Fdt.read("-dtb " + file, BootFile.read("-dtb", file));
    FdtNode chosen = made.root().node("chosen");
    String append = options.append();
    if (append != null) {
      chosen.strings("bootargs", append);
    }
    tree = made;
    return made;
  }

  /** Keeps the devicetree, which becomes longer if it has to name an initial RAM disk. */
  private void finish(Placement place, @Nullable KeptFile initrd, Fdt described, byte[] dtb)
      throws BootException {
    if (initrd == null) {
      keep(place.dtb(), dtb);
      return;
    }
    keep(place.initrd(), initrd);
    FdtNode chosen = described.root().node("chosen");
    chosen.longs("linux,initrd-start", place.initrd());
    chosen.longs("linux,initrd-end", place.initrdEnd());
    keep(place.dtb(), described.write());
  }

  /** The initial RAM disk, or null if there is none. */
  private @Nullable KeptFile initrd(BootOptions options) throws BootException {
    String file = options.initrd();
    return file == null ? null : machine.own(BootFile.keep("-initrd", file));
  }

  private static long size(@Nullable KeptFile file) {
    return file == null ? 0 : file.size();
  }

  private MemorySegment at(long address, long size) {
    return ram.segment().asSlice(address - memory.base(), size);
  }

  // ---- what is in memory at reset --------------------------------------------------------------

  /**
   * Keeps a kernel or firmware that goes to {@code preferred} if it can be moved. Of what it has
   * below main memory, flash and other memory of the board take what is theirs.
   *
   * @param name for messages, such as {@code -kernel Image}
   * @throws BootException if it would start where there is no memory
   */
  void keep(String name, KernelImage image, long preferred) throws BootException {
    long entry = image.entry(preferred);
    if (!memory.contains(entry) && !takesPrograms(elsewhere(entry))) {
      throw new BootException(
          "%s: would start at 0x%x, but memory starts at 0x%x: it was linked for another board"
              .formatted(name, entry, memory.base()));
    }
    var keeper = new Keeper();
    image.load(preferred, keeper);
    if (keeper.dropped > 0) {
      machine
          .log()
          .always(
              "WARNING: %s: %d bytes go where there is no memory".formatted(name, keeper.dropped));
    }
    images.add(new Loaded(image, preferred));
  }

  private final class Keeper implements MemoryWriter {
    private long dropped;

    @Override
    public void write(long address, byte[] data, int offset, int length) {
      if (memory.contains(address)) {
        keep(address, data, offset, length);
      } else {
        dropped += keepElsewhere(address, data, offset, length);
      }
    }

    @Override
    public void write(long address, KeptFile file) throws BootException {
      if (memory.contains(address)) {
        keep(address, file);
      } else {
        MemoryWriter.super.write(address, file);
      }
    }
  }

  private FlatRange elsewhere(long address) {
    return machine.memory().view(true).find(address);
  }

  private static boolean takesPrograms(FlatRange range) {
    return range.kind() == FlatRange.Kind.RAM || range.kind() == FlatRange.Kind.ROM_DEVICE;
  }

  /** Keeps bytes for memory that is not main memory; how many there is none for. */
  private long keepElsewhere(long address, byte[] data, int offset, int length) {
    long dropped = 0;
    for (int done = 0; done < length; ) {
      FlatRange range = elsewhere(address + done);
      int left = length - done;
      int there =
          range.contains(address + done, left) ? left : (int) (range.last() - address) + 1 - done;
      RamBlock block = range.ram();
      if (block != null && takesPrograms(range)) {
        MemorySegment to = block.segment().asSlice(range.regionOffset(address + done), there);
        MemorySegment bytes = MemorySegment.ofArray(data).asSlice(offset + done, there);
        pieces.add(() -> to.copyFrom(bytes));
      } else {
        dropped += there;
      }
      done += there;
    }
    return dropped;
  }

  /** Keeps bytes for an address in RAM. */
  void keep(long address, byte[] data) {
    keep(address, data, 0, data.length);
  }

  private void keep(long address, byte[] data, int offset, int length) {
    MemorySegment bytes = MemorySegment.ofArray(data).asSlice(offset, length);
    pieces.add(() -> at(address, length).copyFrom(bytes));
  }

  private void keep(long address, KeptFile file) throws BootException {
    MemorySegment at = at(address, file.size());
    file.load(at);
    afterFirst.add(() -> file.putBack(at));
  }

  /** Writes all of it at every reset from now on. */
  void writeAtReset() {
    machine.onReset(() -> {
      pieces.forEach(Piece::write);
      pieces.addAll(afterFirst);
      afterFirst.clear();
    });
  }

  /**
   * Where in RAM a symbol of the kernel, or else of the firmware, is; empty before {@code load}.
   *
   * @throws BootException if a file's symbols cannot be read
   */
  OptionalLong symbol(String name) throws BootException {
    for (Loaded loaded : images) {
      OptionalLong found = loaded.image().symbol(name, loaded.preferred());
      if (found.isPresent() && memory.contains(found.getAsLong())) {
        return found;
      }
    }
    return OptionalLong.empty();
  }
}
