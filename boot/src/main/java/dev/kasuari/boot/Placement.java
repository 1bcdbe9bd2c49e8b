package dev.kasuari.boot;

import org.jspecify.annotations.Nullable;

/**
 * Where kernel, initrd and devicetree go in memory. All addresses are physical; a size of 0 means
 * that there is none of it. The places are those that users of QEMU's {@code virt} know; where
 * those would collide in a small memory, closer ones are tried before giving up.
 *
 * @param kernel the kernel's lowest address
 * @param kernelEnd behind all memory that the kernel says it uses
 * @param initrd its first byte; equal to {@code initrdEnd} if there is none
 * @param initrdEnd behind its last byte
 * @param dtb the devicetree's first byte
 */
public record Placement(long kernel, long kernelEnd, long initrd, long initrdEnd, long dtb) {
  private static final long KIB = 1L << 10;
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;
  private static final long PAGE = 4 * KIB;

  /** Early boot code maps the devicetree with one large page. */
  private static final long DTB_ALIGNMENT = 2 * MIB;

  /** A 32-bit loader can reach this far; memory that starts above does not care. */
  private static final long DTB_CEILING = 3 * GIB;

  private static final long INITRD_AT_MOST = 128 * MIB;

  /** The machine's main memory: first address and bytes. */
  public record Ram(long base, long size) {
    /** The address behind its last byte. */
    public long end() {
      return base + size;
    }

    /** True if the byte of this address is in it. */
    public boolean contains(long address) {
      return Long.compareUnsigned(address - base, size) < 0;
    }
  }

  /**
   * Where a RISC-V kernel that can be moved goes: the first large page (2 MiB, or 4 MiB where
   * registers have 32 bits) behind the firmware.
   *
   * @param firmwareEnd behind the firmware, or {@code ram.base()} if there is none
   */
  public static long riscvKernel(int xlen, long firmwareEnd) {
    return alignUp(firmwareEnd, xlen == 32 ? 4 * MIB : 2 * MIB);
  }

  /**
   * Places everything for a RISC-V machine.
   *
   * @param xlen 32 or 64
   * @param firmwareEnd behind the firmware, or {@code ram.base()} if there is none
   * @param kernel what {@link KernelImage#of} made of the file
   * @param initrdSize bytes, 0 for none
   * @param dtbSize bytes
   * @throws BootException if it does not fit; the message says how much memory would do
   */
  public static Placement riscv(
      Ram ram, int xlen, long firmwareEnd, KernelImage kernel, long initrdSize, long dtbSize)
      throws BootException {
    long preferred = riscvKernel(xlen, firmwareEnd);
    if (Long.compareUnsigned(kernel.start(preferred), ram.base()) >= 0
        && Long.compareUnsigned(kernel.start(preferred), firmwareEnd) < 0) {
      throw new BootException(
          "the kernel wants to be at 0x%x, where the firmware is (up to 0x%x): use -bios none"
              .formatted(kernel.start(preferred), firmwareEnd));
    }
    return place(ram, kernel.start(preferred), kernel.end(preferred), initrdSize, dtbSize);
  }

  /**
   * Places everything for an AArch64 machine: the kernel where its header says, from a multiple of
   * 2 MiB, and not in the first page of memory, where people look for the devicetree. That is where
   * a program that is linked to addresses finds it, if it leaves room for it there.
   *
   * @throws BootException if it does not fit; the message says how much memory would do
   */
  public static Placement arm64(Ram ram, KernelImage kernel, long initrdSize, long dtbSize)
      throws BootException {
    long offset = kernel instanceof KernelImage.Movable image ? image.textOffset() : 0;
    long preferred = ram.base() + (offset < PAGE ? offset + 2 * MIB : offset);
    Placement usual =
        place(ram, kernel.start(preferred), kernel.end(preferred), initrdSize, dtbSize);
    boolean first = kernel instanceof KernelImage.Linked && usual.kernel - ram.base() >= dtbSize;
    return first ? usual.withDtb(ram.base()) : usual;
  }

  private Placement withDtb(long address) {
    return new Placement(kernel, kernelEnd, initrd, initrdEnd, address);
  }

  /**
   * Places initrd and devicetree beside a kernel (or, without one, a firmware) that lies at known
   * addresses.
   */
  public static Placement place(Ram ram, long start, long end, long initrdSize, long dtbSize)
      throws BootException {
    if (Long.compareUnsigned(start, ram.base()) < 0) {
      throw new BootException(
          "the kernel wants to be at 0x%x, but memory starts at 0x%x: it was linked for another board"
              .formatted(start, ram.base()));
    }
    Placement found = tryIn(ram, start, end, initrdSize, dtbSize);
    if (found == null) {
      throw new BootException(
          problem(ram, start, end, initrdSize) + advice(ram, start, end, initrdSize, dtbSize));
    }
    return found;
  }

  private static @Nullable Placement tryIn(
      Ram ram, long start, long end, long initrdSize, long dtbSize) {
    long ceiling = ram.base() < DTB_CEILING ? Math.min(ram.end(), DTB_CEILING) : ram.end();
    long dtb = alignDown(ceiling - dtbSize, DTB_ALIGNMENT);
    if (end > dtb || dtb < ram.base()) {
      return null;
    }
    if (initrdSize == 0) {
      return new Placement(start, end, end, end, dtb);
    }
    long usual = start + Math.min(ram.size() / 2, INITRD_AT_MOST);
    long behindKernel = alignUp(end, PAGE);
    long behindDtb = alignUp(dtb + dtbSize, DTB_ALIGNMENT);
    long[][] gaps = {
      {Math.max(usual, behindKernel), dtb}, {behindKernel, dtb}, {behindDtb, ram.end()}
    };
    for (long[] gap : gaps) {
      if (initrdSize <= gap[1] - gap[0]) {
        return new Placement(start, end, gap[0], gap[0] + initrdSize, dtb);
      }
    }
    return null;
  }

  private static String problem(Ram ram, long start, long end, long initrdSize) {
    boolean kernelFits = end <= ram.end() - DTB_ALIGNMENT;
    String what =
        kernelFits && initrdSize > 0
            ? "initrd of " + size(initrdSize)
            : "kernel of " + size(end - start) + " at 0x" + Long.toHexString(start);
    return what + " does not fit in " + size(ram.size()) + " of RAM";
  }

  /** The smallest memory, by doubling, in which everything fits. */
  private static String advice(Ram ram, long start, long end, long initrdSize, long dtbSize) {
    long size = Math.max(Long.highestOneBit(Math.max(ram.size(), 1)), 16 * MIB);
    for (; size <= 1L << 44; size *= 2) {
      if (size > ram.size() && fits(ram, size, start, end, initrdSize, dtbSize)) {
        return ": use -m " + (size >= GIB ? size / GIB + "G" : size / MIB + "M");
      }
    }
    return "";
  }

  private static boolean fits(
      Ram ram, long size, long start, long end, long initrdSize, long dtbSize) {
    return tryIn(new Ram(ram.base(), size), start, end, initrdSize, dtbSize) != null;
  }

  private static String size(long bytes) {
    if (bytes >= MIB) {
      return (bytes + MIB - 1) / MIB + " MiB";
    }
    return bytes >= KIB ? (bytes + KIB - 1) / KIB + " KiB" : bytes + " bytes";
  }

  private static long alignUp(long address, long alignment) {
    return (address + alignment - 1) & -alignment;
  }

  private static long alignDown(long address, long alignment) {
    return address & -alignment;
  }
}
