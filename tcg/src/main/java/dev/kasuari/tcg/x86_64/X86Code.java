package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.HostCode;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.listing.Objdump;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A unit in machine code, and what is needed to find one's way back from an address in it. */
final class X86Code implements CompiledCode {
  /**
   * What is changed in the code while it runs, as offsets in it.
   *
   * @param pollBranch the branch at the entry that is taken to leave
   * @param chain0 the distance of the jump of chaining slot 0, or −1
   * @param home0 where that jump leads while it is not chained
   * @param chain1 the same for slot 1
   * @param home1 the same for slot 1
   */
  record Patches(int pollBranch, int chain0, int home0, int chain1, int home1) {}

  /** EM_X86_64 of the System V ABI. */
  private static final int ELF_MACHINE = 62;

  private static final byte NOP = (byte) 0x90;

  private final CodeSpace space;
  private final int number;
  private final IrUnit unit;
  private final int pageOffset;
  private final long entry;
  private final int size;
  private final Sites sites;
  private final Patches patches;
  private final int[] opStarts;
  private final int[] instructions;
  private @Nullable TranslationBlock block;

  /**
   * @param number names it in the space
   * @param pageOffset where in its page the unit begins
   * @param entry host address of its first instruction
   * @param size bytes
   * @param opStarts offset of each operation's code, or −1; slow paths come after all of them
   * @param instructions the guest instruction that each operation belongs to
   */
  X86Code(
      CodeSpace space,
      int number,
      IrUnit unit,
      int pageOffset,
      long entry,
      int size,
      Sites sites,
      Patches patches,
      int[] opStarts,
      int[] instructions) {
    this.space = space;
    this.number = number;
    this.unit = unit;
    this.pageOffset = pageOffset;
    this.entry = entry;
    this.size = size;
    this.sites = sites;
    this.patches = patches;
    this.opStarts = opStarts;
    this.instructions = instructions;
  }

  int number() {
    return number;
  }

  IrUnit unit() {
    return unit;
  }

  /** Where in its page the unit begins. */
  int pageOffset() {
    return pageOffset;
  }

  long entry() {
    return entry;
  }

  int size() {
    return size;
  }

  /** The block whose code this is. */
  TranslationBlock block() {
    TranslationBlock known = block;
    if (known == null) {
      throw new IllegalStateException("code that belongs to no block");
    }
    return known;
  }

  @Override
  public void attach(TranslationBlock to) {
    block = to;
  }

  // ---- patches ---------------------------------------------------------------------------------

  @Override
  public void link(int slot, @Nullable CompiledCode to) {
    int at = slot == 0 ? patches.chain0 : patches.chain1;
    if (at < 0) {
      return;
    }
    int home = slot == 0 ? patches.home0 : patches.home1;
    long target = to instanceof X86Code code ? code.entry : entry + home;
    space.patchDistance(entry + at, target);
  }

  @Override
  public void retire() {
    space.patchAlways(entry + patches.pollBranch);
  }

  // ---- sites -----------------------------------------------------------------------------------

  /** Number of the site that would return to an address. */
  int site(long address) {
    int index = sites.at((int) (address - entry));
    if (index < 0) {
      throw new IllegalStateException("no exit at 0x" + Long.toHexString(address));
    }
    return index;
  }

  /** The operation for which code leaves at a site. */
  int operation(int site) {
    return sites.operation(site);
  }

  /** Completes the guest state as of a site, from the registers in the exit record. */
  void recover(int site, long state) {
    sites.recover(site, state);
  }

  /** True if the address lies in this code. */
  boolean contains(long address) {
    return address >= entry && address < entry + size;
  }

  /** The operation whose code an address lies in, for reports; the last one for a slow path. */
  int operationAround(long address) {
    int offset = (int) (address - entry);
    int found = 0;
    int last = 0;
    for (int i = 0; i < opStarts.length; i++) {
      if (opStarts[i] >= last && opStarts[i] <= offset) {
        found = i;
        last = opStarts[i];
      }
    }
    return found;
  }

  @Override
  public HostCode hostCode() {
    byte[] code = new byte[size];
    RawMemory.get(entry, code, 0, size);
    // The number of the code, behind each exit, is no instruction.
    for (int site = 0; site < sites.count(); site++) {
      int end = sites.end(site);
      Arrays.fill(code, Math.min(end, size), Math.min(end + Integer.BYTES, size), NOP);
    }
    return new HostCode(unit, ELF_MACHINE, entry, code, opStarts);
  }

  @Override
  public String listing() {
    return new Objdump().listing(hostCode());
  }

  /** The guest instruction that an operation belongs to, 0 for what comes before the first. */
  int instruction(int operation) {
    return Math.max(instructions[operation], 0);
  }
}
