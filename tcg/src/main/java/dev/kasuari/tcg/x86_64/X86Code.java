package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.HostCode;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.interp.Evaluator;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Optimizer;
import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.listing.Objdump;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A unit in machine code, and what is needed to find one's way back from an address in it. */
final class X86Code implements CompiledCode {
  /** EM_X86_64 of the System V ABI. */
  private static final int ELF_MACHINE = 62;

  private static final byte NOP = (byte) 0x90;

  private final CodeSpace space;
  private final int number;
  private final CodeOptions options;
  private final Stubs stubs;
  private final List<Helper> helpers;
  private final List<VectorDesc> vectors;
  private final long[] words;
  private final int pageOffset;
  private final long entry;
  private final int size;
  private final Sites sites;

  /** What is changed in the code while it runs, as offsets in it: the branch at the entry. */
  private final int pollBranch;

  /** The distances of the jumps that are chained, or −1; and where they lead while they are not. */
  private final int chain0;

  private final int home0;
  private final int chain1;
  private final int home1;
  private @Nullable TranslationBlock block;

  /**
   * @param number names it in the space
   * @param options how it was compiled
   * @param helpers what the unit calls
   * @param vectors its operations on vectors
   * @param words what besides the program counter is put back for each guest instruction; empty if
   *     nothing ever is
   * @param pageOffset where in its page the unit begins
   * @param entry host address of its first instruction
   * @param size bytes
   * @param pollBranch offset of the branch at the entry that is taken to leave
   * @param chain0 offset of the distance of the jump of chaining slot 0, or −1
   * @param home0 where that jump leads while it is not chained
   * @param chain1 the same for slot 1
   * @param home1 the same for slot 1
   */
  X86Code(
      CodeSpace space,
      int number,
      CodeOptions options,
      Stubs stubs,
      List<Helper> helpers,
      List<VectorDesc> vectors,
      long[] words,
      int pageOffset,
      long entry,
      int size,
      Sites sites,
      int pollBranch,
      int chain0,
      int home0,
      int chain1,
      int home1) {
    this.space = space;
    this.number = number;
    this.options = options;
    this.stubs = stubs;
    this.helpers = helpers;
    this.vectors = vectors;
    this.words = words;
    this.pageOffset = pageOffset;
    this.entry = entry;
    this.size = size;
    this.sites = sites;
    this.pollBranch = pollBranch;
    this.chain0 = chain0;
    this.home0 = home0;
    this.chain1 = chain1;
    this.home1 = home1;
  }

  int number() {
    return number;
  }

  /** A function that the unit calls. */
  Helper helper(int index) {
    return helpers.get(index);
  }

  /** An operation of the unit on vectors. */
  VectorDesc vector(int index) {
    return vectors.get(index);
  }

  /** What besides the program counter is put back when a guest instruction traps. */
  long word(int instruction) {
    return words.length == 0 ? 0 : words[instruction];
  }

  /** Where in its page the unit begins. */
  int pageOffset() {
    return pageOffset;
  }

  long entry() {
    return entry;
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
    int at = slot == 0 ? chain0 : chain1;
    if (at < 0) {
      return;
    }
    int home = slot == 0 ? home0 : home1;
    long target = to instanceof X86Code code ? code.entry : entry + home;
    space.patchDistance(entry + at, target);
  }

  @Override
  public void retire() {
    space.patchAlways(entry + pollBranch);
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

  /** What Java is to do at each site. */
  Sites sites() {
    return sites;
  }

  /** True if the address lies in this code. */
  boolean contains(long address) {
    return address >= entry && address < entry + size;
  }

  @Override
  public long hostAddress() {
    return entry;
  }

  @Override
  public int hostSize() {
    return size;
  }

  /** What each instruction belongs to is found by emitting the same once more. */
  @Override
  public HostCode hostCode(IrUnit unit) {
    IrUnit optimized = Optimizer.optimize(unit, Evaluator::evaluate);
    var generator = new CodeGenerator(stubs, options);
    generator.emit(optimized, pageOffset);
    int[] opStarts = generator.a.length() == size ? generator.opStarts() : new int[0];
    byte[] code = new byte[size];
    RawMemory.get(entry, code, 0, size);
    // The number of the code, behind each exit, is no instruction.
    for (int site = 0; site < sites.count(); site++) {
      int end = sites.end(site);
      Arrays.fill(code, Math.min(end, size), Math.min(end + Integer.BYTES, size), NOP);
    }
    return new HostCode(optimized, ELF_MACHINE, entry, code, opStarts);
  }

  @Override
  public String listing(IrUnit unit) {
    return new Objdump().listing(hostCode(unit));
  }
}
