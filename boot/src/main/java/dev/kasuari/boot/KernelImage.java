package dev.kasuari.boot;

import java.util.OptionalLong;

/**
 * What to put into memory to start a kernel or a firmware: either linked to addresses of its own,
 * or to be put where the machine likes.
 */
public sealed interface KernelImage {
  /** What kind of file it was, for people, such as {@code gzip-compressed RISC-V Linux Image}. */
  String format();

  /**
   * An ELF executable: linked to addresses, unless it is {@link ElfImage#movable}.
   *
   * @param from what ends before or at this address is not in the machine's main memory
   */
  record Linked(String format, ElfImage elf, long from) implements KernelImage {
    private long offset(long preferred) {
      return elf.movable() ? preferred : 0;
    }

    @Override
    public KernelImage inMemoryFrom(long address) {
      return elf.movable() ? this : new Linked(format, elf, address);
    }

    @Override
    public long start(long preferred) {
      return offset(preferred) + elf.start(from).orElse(preferred);
    }

    @Override
    public long end(long preferred) {
      return offset(preferred) + elf.end(from).orElse(preferred);
    }

    @Override
    public long entry(long preferred) {
      return offset(preferred) + elf.physicalEntry();
    }

    @Override
    public void load(long preferred, MemoryWriter memory) throws BootException {
      elf.load(offset(preferred), memory);
    }

    @Override
    public OptionalLong symbol(String name, long preferred) throws BootException {
      OptionalLong found = elf.symbol(name);
      return found.isPresent()
          ? OptionalLong.of(offset(preferred) + found.getAsLong())
          : OptionalLong.empty();
    }
  }

  /** The bytes of an image, which may still be in their file. */
  @FunctionalInterface
  interface Contents {
    /**
     * Writes all of them.
     *
     * @throws BootException if they cannot be read
     */
    void load(long address, MemoryWriter memory) throws BootException;
  }

  /**
   * Runs wherever it is put, its first byte first.
   *
   * @param contents what is put there
   * @param memorySize bytes it uses from its start, at least its length
   * @param textOffset where it wants to be from the start of memory; 0 if it does not say
   */
  record Movable(String format, Contents contents, long memorySize, long textOffset)
      implements KernelImage {
    @Override
    public long start(long preferred) {
      return preferred;
    }

    @Override
    public long end(long preferred) {
      return preferred + memorySize;
    }

    @Override
    public long entry(long preferred) {
      return preferred;
    }

    @Override
    public void load(long preferred, MemoryWriter memory) throws BootException {
      contents.load(preferred, memory);
    }
  }

  /**
   * The same for a machine whose main memory begins at {@code address}. {@link #start} and {@link
   * #end} are those of what lies there; what was linked to lie below is loaded, too: code in flash,
   * or headers and notes where linkers put them unless told otherwise.
   */
  default KernelImage inMemoryFrom(long address) {
    return this;
  }

  /** The lowest physical address it uses if the machine prefers this one. */
  long start(long preferred);

  /** The physical address behind all it uses. */
  long end(long preferred);

  /** Where it starts to run, physical. */
  long entry(long preferred);

  /**
   * Writes it, once. The caller has checked that what is between start and end lies in memory.
   *
   * @throws BootException if it cannot be read
   */
  void load(long preferred, MemoryWriter memory) throws BootException;

  /**
   * The physical address of what is called {@code name} in its symbol table, empty if there is none
   * such.
   *
   * @throws BootException if there is a table and it is damaged
   */
  default OptionalLong symbol(String name, long preferred) throws BootException {
    return OptionalLong.empty();
  }

  /**
   * Understands a kernel for a machine of this architecture.
   *
   * @param name for messages, such as {@code -kernel Image}
   * @throws BootException if it is for another architecture, truncated, damaged, or something else
   *     than a kernel
   */
  static KernelImage of(String name, byte[] file, Architecture machine) throws BootException {
    return KernelFormats.sniff(Bytes.little(name, file), machine);
  }

  /**
   * Understands the file a user gave as {@code -kernel}, which is read when the image is loaded,
   * unless all of it was needed to understand it; the caller closes it.
   *
   * @throws BootException as {@link #of(String, byte[], Architecture)}, or if it cannot be read
   */
  static KernelImage of(KeptFile file, Architecture machine) throws BootException {
    return KernelFormats.sniff(Bytes.little(file), machine);
  }

  /** Reads a firmware, which is an ELF executable or raw code. */
  static KernelImage readFirmware(String option, String file, Architecture machine)
      throws BootException {
    return firmware(option + " " + file, BootFile.read(option, file), machine);
  }

  /** Understands a firmware, which is an ELF executable or raw code. */
  static KernelImage firmware(String name, byte[] file, Architecture machine) throws BootException {
    Bytes in = Bytes.little(name, file);
    if (ElfImage.matches(in)) {
      ElfImage elf = ElfImage.parse(name, file).require(name, machine);
      return new Linked("ELF firmware", elf, 0);
    }
    return new Movable("raw firmware", in::load, in.length(), 0);
  }
}
