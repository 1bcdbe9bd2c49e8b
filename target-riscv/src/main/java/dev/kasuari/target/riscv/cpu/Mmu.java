package dev.kasuari.target.riscv.cpu;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.PageTranslation;
import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.FlatRange;
import dev.kasuari.machine.memory.RamBlock;

/**
 * {@code satp} and the page walk of Sv32, Sv39, Sv48 and Sv57, with Svnapot and Svpbmt and with the
 * checks of physical memory protection on page tables and on the page itself. Source: privileged,
 * sections 12.1.11 and 12.3 to 12.8.
 *
 * <p>What kind of memory a page is said to be makes no difference here: all of it is coherent, and
 * a device is where the bus has one.
 */
final class Mmu {
  private static final long VALID = 1;
  private static final long READ = 1 << 1;
  private static final long WRITE = 1 << 2;
  private static final long EXECUTE = 1 << 3;
  private static final long USER = 1 << 4;
  private static final long ACCESSED = 1 << 6;
  private static final long DIRTY = 1 << 7;

  /** What kind of memory the page is said to be, of Svpbmt. */
  private static final long MEMORY_TYPE = 3L << 61;

  /** The page is part of a contiguous range, of Svnapot. */
  private static final long CONTIGUOUS = 1L << 63;

  /** The upper bits, which must be zero but for what the extensions define. */
  private static final long UPPER = -1L << 54;

  private static final int PTE_PPN_SHIFT = 10;
  private static final int PAGE_SHIFT = 12;

  /** The one contiguous range there is: 64 KiB, as the page number's low bits say. */
  private static final int RANGE_SHIFT = 16;

  private static final long RANGE_PAGES = (1L << (RANGE_SHIFT - PAGE_SHIFT)) - 1;
  private static final long RANGE_CODE = 1L << (RANGE_SHIFT - PAGE_SHIFT - 1);

  private static final int BARE = 0;

  /** A bit that is 0 in all modes of {@code satp}. */
  private static final long TRANSLATED = 1L << 62;

  private static final int SV39 = 8;

  /**
   * How the widths of addresses and registers lay out {@code satp} and page tables.
   *
   * @param modeShift where {@code satp} has the mode
   * @param asidShift and the address space
   * @param asidBits how many bits that has
   * @param ppnBits bits of page numbers, in {@code satp} and in entries
   * @param levelBits bits of the virtual address that index a table
   * @param pteBytes bytes of an entry
   */
  private record Layout(
      int modeShift, int asidShift, int asidBits, int ppnBits, int levelBits, int pteBytes) {
    static final Layout RV32 = new Layout(31, 22, 9, 22, 10, 4);
    static final Layout RV64 = new Layout(60, 44, 16, 44, 9, 8);

    long ppn(long value) {
      return value & (1L << ppnBits) - 1;
    }
  }

  /** How one try at a walk ended. */
  private enum Outcome {
    DONE,
    FAULT,
    /** Another hart changed the entry between reading and updating it. */
    AGAIN
  }

  private final RiscvCpu cpu;
  private final GuestState state;
  private final Pmp pmp;
  private final AddressSpace memory;
  private final Log log;
  private final Layout layout;
  private final int widestLevels;
  private final boolean contiguousRanges;
  private final BusAccess bus;

  /** Bytes of the access that is being translated. */
  private int bytes;

  // What the walk under way has read last.
  private long pteAddress;
  private long pte;

  Mmu(RiscvCpu cpu, Pmp pmp, AddressSpace memory, Log log) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.pmp = pmp;
    this.memory = memory;
    this.log = log;
    this.layout = cpu.model().xlen() == 32 ? Layout.RV32 : Layout.RV64;
    this.widestLevels = cpu.model().pageTableLevels();
    this.contiguousRanges = cpu.model().has(RiscvOption.SVNAPOT);
    this.bus = new BusAccess().from(cpu.index(), false, true);
  }

  // ---- satp ------------------------------------------------------------------------------------

  void declare(CsrFile csrs) {
    if (cpu.model().has(RiscvOption.S)) {
      csrs.add(
          0x180,
          "satp",
          this::reachable,
          () -> state.get(RiscvState.SATP),
          (value, mask) -> writeSatp(value));
    }
  }

  private boolean reachable() {
    return cpu.privilege() != Privilege.SUPERVISOR || !cpu.status().has(Status.TVM);
  }

  /** A write with a mode that is not there has no effect at all. */
  void writeSatp(long value) {
    int levels = levels(value);
    boolean exists = levels == 0 || (levels >= 2 && levels <= widestLevels);
    if (exists && widestLevels > 0 && value != state.get(RiscvState.SATP)) {
      state.set(RiscvState.SATP, value);
      cpu.useAddressSpace();
    }
  }

  /**
   * What tells translations apart: all of {@code satp}. Software may rely on less, but some changes
   * the table of an address space without a fence, and gets what it wants elsewhere.
   */
  long addressSpace() {
    long satp = state.get(RiscvState.SATP);
    return satp >>> layout.modeShift == BARE ? 0 : (satp & Long.MAX_VALUE) | TRANSLATED;
  }

  /** The address space that a register names; the bits above are ignored. */
  long asid(long register) {
    return register & (1L << layout.asidBits) - 1;
  }

  /** Whether a register names the address space that {@link #addressSpace} has told. */
  boolean isOf(long asid, long addressSpace) {
    return asid(asid) == asid(addressSpace >>> layout.asidShift);
  }

  /** Levels of page table that a value of {@code satp} stands for; 1 or less than 0 for none. */
  private int levels(long satp) {
    int mode = (int) (satp >>> layout.modeShift);
    if (mode == BARE) {
      return 0;
    }
    if (layout.pteBytes == 4) {
      return 2;
    }
    return mode < SV39 ? -1 : mode - SV39 + 3;
  }

  // ---- translation -----------------------------------------------------------------------------

  /** See {@link RiscvCpu#translate}. */
  boolean translate(long virtual, int size, Access access, int mmuIndex, PageTranslation out) {
    out.reset();
    bytes = size;
    int levels = mmuIndex == RiscvMode.MMU_MACHINE ? 0 : levels(state.get(RiscvState.SATP));
    boolean found;
    if (levels == 0) {
      found = permit(virtual, virtual, access, mmuIndex, Pmp.ALL, out);
    } else {
      Outcome outcome = walk(virtual, access, mmuIndex, levels, out);
      while (outcome == Outcome.AGAIN) {
        outcome = walk(virtual, access, mmuIndex, levels, out);
      }
      found = outcome == Outcome.DONE;
    }
    if (log.on(LogCategory.MMU)) {
      trace(virtual, access, mmuIndex, levels, out, found);
    }
    return found;
  }

  private void trace(
      long virtual, Access access, int mmuIndex, int levels, PageTranslation out, boolean found) {
    String how = levels == 0 ? "" : " pte 0x%x at 0x%x".formatted(pte, pteAddress);
    String result =
        found
            ? "0x%x, page of %d%s"
                .formatted(out.physical, out.pageSize, out.uncached ? ", uncached" : "")
            : TrapCause.exception(out.faultCause);
    log.write(
        LogCategory.MMU,
        () ->
            "hart%d: mmu%d %s 0x%x -> %s%s"
                .formatted(cpu.index(), mmuIndex, access, virtual, result, how));
  }

  private Outcome walk(long virtual, Access access, int mmuIndex, int levels, PageTranslation out) {
    int unused = Long.SIZE - (PAGE_SHIFT + layout.levelBits * levels);
    // With XLEN 32 the address is zero-extended, and has no bits above those that are translated.
    if (layout.pteBytes == 8 && virtual << unused >> unused != virtual) {
      return pageFault(virtual, access, out);
    }
    long table = layout.ppn(state.get(RiscvState.SATP)) << PAGE_SHIFT;
    for (int level = levels - 1; level >= 0; level--) {
      long index = virtual >>> shift(level) & (1 << layout.levelBits) - 1;
      if (!load(table + index * layout.pteBytes)) {
        return accessFault(virtual, access, out);
      }
      boolean leaf = (pte & (READ | EXECUTE)) != 0;
      boolean valid = (pte & VALID) != 0 && (pte & (READ | WRITE)) != WRITE;
      if (!valid || (pte & UPPER & ~allowedUpper(leaf, level)) != 0) {
        return pageFault(virtual, access, out);
      }
      if (leaf) {
        return leaf(virtual, access, mmuIndex, level, out);
      }
      if ((pte & (DIRTY | ACCESSED | USER)) != 0) {
        return pageFault(virtual, access, out);
      }
      table = layout.ppn(pte >>> PTE_PPN_SHIFT) << PAGE_SHIFT;
    }
    return pageFault(virtual, access, out);
  }

  /** Where the part of a virtual address begins that indexes a table of that level. */
  private int shift(int level) {
    return PAGE_SHIFT + layout.levelBits * level;
  }

  /** The upper bits that the entry just read may have set. */
  private long allowedUpper(boolean leaf, int level) {
    if (!leaf) {
      return 0;
    }
    boolean typed = Environment.typesMemory(state) && (pte & MEMORY_TYPE) != MEMORY_TYPE;
    return (typed ? MEMORY_TYPE : 0) | (contiguousRanges && level == 0 ? CONTIGUOUS : 0);
  }

  private Outcome leaf(long virtual, Access access, int mmuIndex, int level, PageTranslation out) {
    int permissions = permissions(mmuIndex);
    long page = layout.ppn(pte >>> PTE_PPN_SHIFT);
    boolean range = (pte & CONTIGUOUS) != 0;
    long size = 1L << (range ? RANGE_SHIFT : shift(level));
    long base = (range ? page & ~RANGE_PAGES : page) << PAGE_SHIFT;
    boolean aligned = range ? (page & RANGE_PAGES) == RANGE_CODE : (base & (size - 1)) == 0;
    if ((permissions & needed(access)) == 0 || !aligned) {
      return pageFault(virtual, access, out);
    }
    long wanted = ACCESSED | (access == Access.WRITE ? DIRTY : 0);
    boolean update = (pte & wanted) != wanted;
    if (update && !Environment.updatesPageTables(state)) {
      return pageFault(virtual, access, out);
    }
    long physical = base | (virtual & (size - 1));
    // D must not be set for a store that is not allowed in the end: look before updating.
    boolean dirty = ((pte | wanted) & DIRTY) != 0;
    int usable = dirty ? permissions : permissions & ~Pmp.WRITE;
    if (!permit(virtual, physical, access, mmuIndex, usable, out)) {
      return Outcome.FAULT;
    }
    out.pageSize = size;
    return update ? update(virtual, access, wanted, out) : Outcome.DONE;
  }

  /** What the entry lets the regime do, as bits of {@link Pmp}. */
  private int permissions(int mmuIndex) {
    boolean userPage = (pte & USER) != 0;
    boolean userRegime = mmuIndex == RiscvMode.MMU_USER;
    boolean data = userPage == userRegime || (userPage && mmuIndex == RiscvMode.MMU_SUPERVISOR_SUM);
    long readBits = cpu.status().has(Status.MXR) ? READ | EXECUTE : READ;
    return (data && (pte & readBits) != 0 ? Pmp.READ : 0)
        | (data && (pte & WRITE) != 0 ? Pmp.WRITE : 0)
        | (userPage == userRegime && (pte & EXECUTE) != 0 ? Pmp.EXECUTE : 0);
  }

  private static int needed(Access access) {
    return switch (access) {
      case READ -> Pmp.READ;
      case WRITE -> Pmp.WRITE;
      case EXECUTE -> Pmp.EXECUTE;
    };
  }

  /** Puts together the answer for a physical address, if its protection allows the access. */
  private boolean permit(
      long virtual,
      long physical,
      Access access,
      int mmuIndex,
      int permissions,
      PageTranslation out) {
    int privilege =
        switch (mmuIndex) {
          case RiscvMode.MMU_MACHINE -> Privilege.MACHINE;
          case RiscvMode.MMU_USER -> Privilege.USER;
          default -> Privilege.SUPERVISOR;
        };
    int allowed = pmp.page(physical, privilege);
    if (allowed == Pmp.DIVIDED) {
      allowed = pmp.permissions(physical, bytes, privilege);
      out.uncached = true;
    }
    allowed &= permissions;
    if ((allowed & needed(access)) == 0) {
      accessFault(virtual, access, out);
      return false;
    }
    out.physical = physical;
    out.readable = (allowed & Pmp.READ) != 0;
    out.writable = (allowed & Pmp.WRITE) != 0;
    out.executable = (allowed & Pmp.EXECUTE) != 0;
    return true;
  }

  private static Outcome pageFault(long virtual, Access access, PageTranslation out) {
    out.faultCause =
        switch (access) {
          case READ -> TrapCause.LOAD_PAGE_FAULT;
          case WRITE -> TrapCause.STORE_PAGE_FAULT;
          case EXECUTE -> TrapCause.INSTRUCTION_PAGE_FAULT;
        };
    out.faultValue = virtual;
    return Outcome.FAULT;
  }

  private Outcome accessFault(long virtual, Access access, PageTranslation out) {
    out.faultCause = cpu.accessFaultCause(access);
    out.faultValue = virtual;
    return Outcome.FAULT;
  }

  // ---- page table entries in memory ------------------------------------------------------------

  private long littleEndian(long value) {
    if (RawMemory.littleEndian()) {
      return value;
    }
    return Long.reverseBytes(value) >>> (Long.SIZE - 8 * layout.pteBytes);
  }

  private long littleEndianEntry(long host) {
    return littleEndian(
        layout.pteBytes == 4
            ? RawMemory.getIntVolatile(host) & 0xffff_ffffL
            : RawMemory.getLongVolatile(host));
  }

  /** Reads a page table entry as S-mode may; false is an access fault. */
  private boolean load(long address) {
    pteAddress = address;
    pte = 0;
    if ((pmp.permissions(address, layout.pteBytes, Privilege.SUPERVISOR) & Pmp.READ) == 0) {
      return false;
    }
    FlatRange range = memory.view().find(address);
    if (range.readsMemory() && range.contains(address, layout.pteBytes)) {
      pte = littleEndianEntry(range.hostAddress(address));
      return true;
    }
    boolean answered = memory.access(bus.asRead(address, layout.pteBytes)) == BusResult.OK;
    pte = bus.value();
    return answered;
  }

  /** Sets bits of the entry that was read last, if it is still the same. */
  private Outcome update(long virtual, Access access, long bits, PageTranslation out) {
    FlatRange range = memory.view().find(pteAddress);
    RamBlock ram = range.ram();
    boolean writable =
        (pmp.permissions(pteAddress, layout.pteBytes, Privilege.SUPERVISOR) & Pmp.WRITE) != 0;
    if (!writable
        || ram == null
        || !range.writesMemory()
        || !range.contains(pteAddress, layout.pteBytes)) {
      return accessFault(virtual, access, out);
    }
    long expected = littleEndian(pte);
    long host = range.hostAddress(pteAddress);
    long seen =
        RawMemory.compareAndExchange(host, layout.pteBytes, expected, littleEndian(pte | bits));
    if (seen != expected) {
      out.reset();
      return Outcome.AGAIN;
    }
    ram.dirty().written(range.regionOffset(pteAddress), layout.pteBytes);
    pte |= bits;
    return Outcome.DONE;
  }
}
