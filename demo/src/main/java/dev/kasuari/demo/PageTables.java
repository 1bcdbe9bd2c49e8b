package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * Sv39: three levels of tables with 512 entries each; a leaf is a page of 4 KiB, 2 MiB or 1 GiB.
 *
 * <p>All of physical memory, as far as it is mapped, appears at one distance from where it is: the
 * direct map, in the upper half of the address space. The lower half stays empty, so that a null
 * pointer faults. Nothing is both writable and executable, and below each stack is a page that is
 * not mapped.
 *
 * <p>Source: RISC-V volume II, "Sv39: Page-Based 39-bit Virtual-Memory System".
 */
final class PageTables extends Part {
  /** Virtual minus physical address: the start of the upper half. */
  static final long DIRECT_MAP = 0xffff_ffc0_0000_0000L;

  static final int VALID = 1;
  static final int READ = 1 << 1;
  static final int WRITE = 1 << 2;
  static final int EXECUTE = 1 << 3;
  private static final int GLOBAL = 1 << 5;
  private static final int ACCESSED = 1 << 6;
  private static final int DIRTY = 1 << 7;

  /** Accessed and dirty are set from the start: hardware need not, and nobody here asks. */
  private static final int COMMON = VALID | GLOBAL | ACCESSED;

  static final int READ_EXECUTE = COMMON | READ | EXECUTE;
  static final int READ_ONLY = COMMON | READ;
  static final int READ_WRITE = COMMON | READ | WRITE | DIRTY;

  /** A page that belongs to nobody: the last of the address space. */
  static final long SCRATCH = -Program.PAGE;

  static final int MEGAPAGE = 1 << 21;

  /** Tables that exist before there is a page allocator. */
  private static final int POOL = 24;

  PageTables(Program program) {
    super(program);
  }

  @Override
  void define() {
    buildPageTables();
    mapImage();
    mapMemory();
    mapDevice();
    mapRange();
    mapLeaf();
    newTable();
    findLeaf();
    unmapPage();
    fenceAllHarts();
    pages("root_table", 1);
    pages("table_pool", POOL);
    pages("tables_end", 0);
    variable("tables_used", 8);
    variable("direct_map", 8); // DIRECT_MAP once paging is on, 0 before
  }

  /** build_page_tables(a0: devicetree, physical): what is needed to go on with paging on. */
  private void buildPageTables() {
    function("build_page_tables", S0);
    mv(S0, A0);
    addi(A0, S0, Devicetree.HEADER_TOTAL_SIZE);
    call("be32");
    sd(A0, "dtb_size", T0);
    mv(A1, A0);
    mv(A0, S0);
    li(A2, READ_ONLY);
    call("map_pages");
    mapImage("image_start", "text_end", READ_EXECUTE);
    mapImage("text_end", "bss_start", READ_ONLY);
    mapImage("bss_start", "image_end", READ_WRITE);
    la(S0, "stacks");
    label(".guard");
    li(T0, DIRECT_MAP);
    add(A0, S0, T0);
    call("unmap_page");
    li(T0, Stacks.SIZE);
    add(S0, S0, T0);
    la(T0, "stacks_end");
    bltu(S0, T0, ".guard");
    ret();
  }

  private void mapImage(String from, String to, int flags) {
    la(A0, from);
    la(A1, to);
    li(A2, flags);
    call("map_image");
  }

  /** map_image(a0: start, a1: end, a2: flags): a part of the image; runs at physical addresses. */
  private void mapImage() {
    leaf("map_image");
    mv(A3, A2);
    sub(A2, A1, A0);
    mv(A1, A0);
    li(T0, DIRECT_MAP);
    add(A0, A0, T0);
    j("map_range");
  }

  /** map_memory(): the memory above the kernel, whose size the devicetree has told by now. */
  private void mapMemory() {
    function("map_memory");
    ld(A0, "memory_start");
    ld(A2, "memory_end");
    sub(A2, A2, A0);
    li(T0, DIRECT_MAP);
    sub(A1, A0, T0);
    li(A3, READ_WRITE);
    call("map_range");
    ret();
  }

  /** map_device(a0: physical address, a1: size) -> a0: virtual address. */
  private void mapDevice() {
    leaf("map_device");
    li(A2, READ_WRITE);
    j("map_pages");

    function("map_pages", S0); // (a0: physical address, a1: size, a2: flags) -> a0: virtual address
    mv(A3, A2);
    li(T0, DIRECT_MAP);
    add(S0, A0, T0);
    li(T1, -Program.PAGE);
    add(A2, A0, A1); // whole pages that hold all of it
    addi(A2, A2, -1);
    and(A2, A2, T1);
    and(A1, A0, T1);
    sub(A2, A2, A1);
    sub(A2, A2, T1);
    add(A0, A1, T0);
    call("map_range");
    mv(A0, S0);
    ret();
  }

  /**
   * map_range(a0: virtual, a1: physical, a2: size, a3: flags), all multiples of a page. Each leaf
   * is the largest that fits. What is mapped already stays as it is.
   */
  private void mapRange() {
    function("map_range", S0, S1, S2, S3, S4);
    mv(S0, A0);
    mv(S1, A1);
    add(S2, A0, A2);
    mv(S3, A3);
    label(".next");
    sub(T3, S2, S0); // what remains
    beqz(T3, ".done");
    li(S4, 30); // log2 of the leaf's size
    label(".fit");
    li(T0, 1);
    sll(T0, T0, S4);
    bgtu(T0, T3, ".smaller");
    addi(T1, T0, -1);
    or(T2, S0, S1);
    and(T2, T2, T1);
    bnez(T2, ".smaller");
    mv(A0, S0);
    mv(A1, S1);
    mv(A2, S4);
    mv(A3, S3);
    call("map_leaf");
    sub(T3, S2, S0);
    beqz(A0, ".smaller");
    li(T0, 1);
    sll(T0, T0, S4);
    add(S0, S0, T0);
    add(S1, S1, T0);
    j(".next");
    label(".smaller");
    addi(S4, S4, -9);
    j(".fit");
    label(".done");
    tail("fence_all_harts");
  }

  /**
   * map_leaf(a0: virtual, a1: physical, a2: log2 of the size, a3: flags) -> a0: 0 if there is a
   * table with smaller leaves already.
   */
  private void mapLeaf() {
    function("map_leaf", S0, S1, S2, S3, S4, S5);
    mv(S0, A0);
    mv(S1, A1);
    mv(S2, A2);
    mv(S3, A3);
    la(S4, "root_table");
    li(S5, 30);
    label(".level");
    srl(T0, S0, S5);
    andi(T0, T0, 511);
    slli(T0, T0, 3);
    add(S4, S4, T0); // the entry
    ld(T1, 0, S4);
    beq(S5, S2, ".leaf");
    bnez(T1, ".exists");
    call("new_table"); // -> a0, a1: its entry, its address
    sd(A0, 0, S4);
    mv(S4, A1);
    j(".descend");
    label(".exists");
    andi(T0, T1, READ | WRITE | EXECUTE);
    bnez(T0, ".mapped"); // by a larger leaf
    srli(T1, T1, 10);
    slli(T1, T1, 12);
    ld(T0, "direct_map");
    add(S4, T1, T0);
    label(".descend");
    addi(S5, S5, -9);
    j(".level");

    label(".leaf");
    bnez(T1, ".taken");
    srli(T0, S1, 2); // the page number is above ten bits of flags
    or(T0, T0, S3);
    sd(T0, 0, S4);
    label(".mapped");
    li(A0, 1);
    ret();
    label(".taken");
    andi(A0, T1, READ | WRITE | EXECUTE);
    ret();
  }

  /** new_table() -> a0: an entry that points to a new table, a1: the table's address. */
  private void newTable() {
    function("new_table");
    ld(T0, "tables_used");
    addi(T1, T0, 1);
    sd(T1, "tables_used", T2);
    li(T1, POOL);
    bgeu(T0, T1, ".allocate");
    la(A0, "table_pool");
    slli(T0, T0, 12);
    add(A0, A0, T0);
    j(".entry");
    label(".allocate");
    call("alloc_page");
    bnez(A0, ".entry");
    panic("no memory for a page table\n");
    label(".entry");
    mv(A1, A0);
    ld(T0, "direct_map");
    sub(A0, A0, T0);
    srli(A0, A0, 12);
    slli(A0, A0, 10);
    addi(A0, A0, VALID);
    ret();
  }

  /**
   * find_leaf(a0: virtual) -> a0: address of the valid leaf that maps it, or 0; a1: log2 of size.
   */
  private void findLeaf() {
    leaf("find_leaf");
    srai(T0, A0, 38); // all bits above are copies of bit 38
    addi(T1, T0, 1);
    sltiu(T1, T1, 2);
    beqz(T1, ".none");
    la(T0, "root_table");
    li(A1, 30);
    label(".level");
    srl(T1, A0, A1);
    andi(T1, T1, 511);
    slli(T1, T1, 3);
    add(T0, T0, T1);
    ld(T1, 0, T0);
    andi(T2, T1, VALID);
    beqz(T2, ".none");
    andi(T2, T1, READ | WRITE | EXECUTE);
    bnez(T2, ".found");
    srli(T1, T1, 10);
    slli(T1, T1, 12);
    ld(T0, "direct_map");
    add(T0, T0, T1);
    addi(A1, A1, -9);
    li(T1, 12);
    bge(A1, T1, ".level");
    label(".none");
    li(T0, 0);
    label(".found");
    mv(A0, T0);
    ret();
  }

  /** unmap_page(a0: virtual): the page, 4 KiB large, is mapped no more. */
  private void unmapPage() {
    function("unmap_page");
    call("find_leaf");
    beqz(A0, ".done");
    sd(ZERO, 0, A0);
    tail("fence_all_harts");
    label(".done");
    ret();
  }

  /** fence_all_harts(): what has been written to the tables is what every hart uses from now on. */
  private void fenceAllHarts() {
    leaf("fence_all_harts");
    sfenceVma();
    ld(T0, "harts_online");
    li(T1, 2);
    bltu(T0, T1, ".alone");
    li(A0, 0);
    li(A1, -1); // all harts
    li(A2, 0);
    li(A3, -1); // all addresses
    sbi(Sbi.RFENCE, Sbi.RFENCE_SFENCE_VMA);
    label(".alone");
    ret();
  }
}
