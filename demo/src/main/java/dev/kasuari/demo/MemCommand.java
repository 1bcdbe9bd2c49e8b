package dev.kasuari.demo;

import static dev.kasuari.demo.MemoryMap.*;
import static dev.kasuari.target.riscv.asm.Reg.*;

/** mem: what the devicetree says of memory, how much is used, whether it works, what is mapped. */
final class MemCommand extends Part {
  private static final int TEST_PAGES = 32;

  MemCommand(Program program) {
    super(program);
  }

  @Override
  void define() {
    mem();
    ranges();
    test();
    testPages();
    testRemap();
    readScratch();
    tables();
    dumpTable();
    dumpLeaf();
    flush();
    variable("test_pages", 8 * TEST_PAGES);
    variable("scratch_sum", 8);
    // The range of equal leaves that has been found last, not printed yet.
    variable("run_start", 8);
    variable("run_end", 8); // 0 if there is none
    variable("run_flags", 8);
    variable("run_shift", 8); // log2 of the size of a leaf
    variable("run_name", 8);
    variable("run_leaves", 8);
    variable("tables_seen", 8);
    variable("leaves_bad", 8); // writable and executable
  }

  private void mem() {
    function("command_mem");
    la(A0, "memory_ranges");
    la(A1, text("memory"));
    call("print_ranges");
    la(A0, "reserved");
    la(A1, text("reserved"));
    call("print_ranges");
    ld(A1, "pages_total");
    ld(A2, "pages_used");
    sub(A3, A1, A2);
    printf("pages     %u of 4 KiB, %u used, %u free\n", A1, A2, A3);
    call("test_memory");
    call("test_remap");
    call("dump_tables");
    ret();
  }

  /** print_ranges(a0: ranges, a1: what they are) */
  private void ranges() {
    function("print_ranges", S0, S1, S2);
    mv(S0, A0);
    mv(S2, A1);
    ld(S1, MAX_RANGES * RANGE, S0);
    label(".next");
    beqz(S1, ".done");
    mv(A1, S2);
    ld(A2, RANGE_START, S0);
    ld(A3, RANGE_END, S0);
    sub(A4, A3, A2);
    addi(A3, A3, -1);
    ld(A5, RANGE_NAME, S0);
    printf("%-9s 0x%08x-0x%08x  %z, %s\n", A1, A2, A3, A4, A5);
    addi(S0, S0, RANGE);
    addi(S1, S1, -1);
    j(".next");
    label(".done");
    ret();
  }

  /** test_memory(): every page gets its own pattern before the first is looked at again. */
  private void test() {
    function("test_memory", S0, S1, S2);
    li(S2, 0); // words that are wrong
    la(S0, "test_pages");
    li(S1, TEST_PAGES);
    label(".allocate");
    call("alloc_page");
    sd(A0, 0, S0);
    beqz(A0, ".none");
    addi(S0, S0, 8);
    addi(S1, S1, -1);
    bnez(S1, ".allocate");
    li(A0, 0);
    call("fill_pages");
    li(A0, 0);
    call("check_pages");
    add(S2, S2, A0);
    li(A0, -1);
    call("fill_pages");
    li(A0, -1);
    call("check_pages");
    add(S2, S2, A0);
    li(A1, TEST_PAGES);
    mv(A2, S2);
    printf("test      %u pages filled and read back twice, %u words wrong\n", A1, A2);
    j(".free");
    label(".none");
    printf("test      not enough memory for it\n");
    label(".free");
    la(T0, "test_pages");
    bleu(S0, T0, ".done");
    addi(S0, S0, -8);
    ld(A0, 0, S0);
    call("free_page");
    j(".free");
    label(".done");
    ret();
  }

  /** The pattern is a word's address, exclusive-or a0. */
  private void testPages() {
    for (boolean check : new boolean[] {false, true}) {
      leaf(check ? "check_pages" : "fill_pages"); // (a0: mask) -> a0: words that are wrong
      la(T0, "test_pages");
      li(T1, TEST_PAGES);
      li(A1, 0);
      label(".page");
      ld(T2, 0, T0);
      li(T4, Program.PAGE);
      add(T4, T4, T2);
      label(".word");
      xor(T3, T2, A0);
      if (check) {
        ld(T5, 0, T2);
        xor(T5, T5, T3);
        snez(T5, T5);
        add(A1, A1, T5);
      } else {
        sd(T3, 0, T2);
      }
      addi(T2, T2, 8);
      bltu(T2, T4, ".word");
      addi(T0, T0, 8);
      addi(T1, T1, -1);
      bnez(T1, ".page");
      mv(A0, A1);
      ret();
    }
  }

  /**
   * test_remap(): all harts read a page at an address, which holds 1; then another page is put
   * there, which holds 2, and they read again. A hart that has not been told would still see the 1.
   */
  private void testRemap() {
    function("test_remap", S0, S1);
    call("alloc_page");
    mv(S0, A0);
    call("alloc_page");
    mv(S1, A0);
    beqz(S0, ".done");
    beqz(S1, ".free");
    li(T0, 1);
    sd(T0, 0, S0);
    li(T0, 2);
    sd(T0, 0, S1);
    sd(ZERO, "scratch_sum", T0);
    for (int page : new int[] {S0, S1}) {
      li(A0, PageTables.SCRATCH);
      ld(T0, "direct_map");
      sub(A1, page, T0);
      li(A2, Program.PAGE);
      li(A3, PageTables.READ_ONLY);
      call("map_range");
      la(A0, "read_scratch");
      call("call_on_all");
      li(A0, PageTables.SCRATCH);
      call("unmap_page");
    }
    ld(A1, "harts_online");
    ld(T0, "scratch_sum");
    li(T1, 3);
    mul(T1, T1, A1);
    la(A2, text("all see the new one"));
    beq(T0, T1, ".report");
    la(A2, text("NOT all see the new one"));
    label(".report");
    printf("test      a page changes places with another, before %u harts: %s\n", A1, A2);
    mv(A0, S1);
    call("free_page");
    label(".free");
    mv(A0, S0);
    call("free_page");
    label(".done");
    ret();
  }

  /** read_scratch(): on every hart. */
  private void readScratch() {
    leaf("read_scratch");
    li(T0, PageTables.SCRATCH);
    ld(T0, 0, T0);
    la(T1, "scratch_sum");
    amoaddD(ZERO, T0, T1);
    ret();
  }

  /** dump_tables(): all that is mapped, in ranges of leaves that are alike. */
  private void tables() {
    function("dump_tables");
    for (String variable : new String[] {"run_end", "tables_seen", "leaves_bad"}) {
      sd(ZERO, variable, T0);
    }
    la(A0, "root_table");
    ld(T0, "direct_map");
    sub(A1, A0, T0);
    printf("paging    Sv39, root table at 0x%x:\n", A1);
    la(A0, "root_table");
    li(A1, 0);
    li(A2, 30);
    call("dump_table");
    call("dump_flush");
    ld(A1, "tables_seen");
    printf("          %u tables; ", A1);
    ld(A1, "leaves_bad");
    bnez(A1, ".bad");
    printf("nothing is both writable and executable\n");
    ret();
    label(".bad");
    printf("%u leaves are writable AND executable, which is WRONG\n", A1);
    ret();
  }

  /** dump_table(a0: table, a1: virtual address of its first entry, a2: log2 of a leaf's size) */
  private void dumpTable() {
    function("dump_table", S0, S1, S2, S3);
    mv(S0, A0);
    mv(S1, A1);
    mv(S2, A2);
    li(S3, 512);
    ld(T0, "tables_seen");
    addi(T0, T0, 1);
    sd(T0, "tables_seen", T1);
    label(".next");
    ld(T0, 0, S0);
    andi(T1, T0, PageTables.VALID);
    beqz(T1, ".skip");
    slli(A1, S1, 25); // the bits above the 39th are copies of it
    srai(A1, A1, 25);
    mv(A2, S2);
    andi(T1, T0, PageTables.READ | PageTables.WRITE | PageTables.EXECUTE);
    bnez(T1, ".leaf");
    srli(T0, T0, 10);
    slli(T0, T0, 12);
    ld(A0, "direct_map");
    add(A0, A0, T0);
    addi(A2, A2, -9);
    call("dump_table");
    j(".skip");
    label(".leaf");
    mv(A0, T0);
    call("dump_leaf");
    label(".skip");
    addi(S0, S0, 8);
    li(T0, 1);
    sll(T0, T0, S2);
    add(S1, S1, T0);
    addi(S3, S3, -1);
    bnez(S3, ".next");
    ret();
  }

  /** dump_leaf(a0: entry, a1: virtual address, a2: log2 of its size) */
  private void dumpLeaf() {
    function("dump_leaf", S0, S1, S2, S3);
    andi(S0, A0, PageTables.READ | PageTables.WRITE | PageTables.EXECUTE);
    mv(S1, A1);
    mv(S2, A2);
    andi(T0, S0, PageTables.WRITE | PageTables.EXECUTE);
    addi(T0, T0, -(PageTables.WRITE | PageTables.EXECUTE));
    bnez(T0, ".good");
    ld(T0, "leaves_bad");
    addi(T0, T0, 1);
    sd(T0, "leaves_bad", T1);
    label(".good");
    mv(A0, S1);
    call("region_name");
    mv(S3, A0);
    ld(T0, "run_end");
    beqz(T0, ".start");
    ld(T1, "run_flags");
    bne(T1, S0, ".other");
    ld(T1, "run_shift");
    bne(T1, S2, ".other");
    ld(T1, "run_name");
    bne(T1, S3, ".other");
    beq(T0, S1, ".extend");
    mv(A0, S1);
    call("in_stacks"); // the stacks are one range in spite of their guard pages
    bnez(A0, ".extend");
    label(".other");
    call("dump_flush");
    label(".start");
    sd(S1, "run_start", T0);
    sd(S0, "run_flags", T0);
    sd(S2, "run_shift", T0);
    sd(S3, "run_name", T0);
    sd(ZERO, "run_leaves", T0);
    label(".extend");
    li(T0, 1);
    sll(T0, T0, S2);
    add(T0, T0, S1);
    sd(T0, "run_end", T1);
    ld(T0, "run_leaves");
    addi(T0, T0, 1);
    sd(T0, "run_leaves", T1);
    ret();
  }

  /** dump_flush(): prints the range. */
  private void flush() {
    function("dump_flush");
    ld(A2, "run_end");
    beqz(A2, ".done");
    ld(A0, "run_flags");
    call("access_of");
    mv(A3, A0);
    ld(A1, "run_start");
    ld(A2, "run_end");
    addi(A2, A2, -1);
    ld(A4, "run_leaves");
    li(A5, 1);
    ld(T0, "run_shift");
    sll(A5, A5, T0);
    ld(A6, "run_name");
    printf("  0x%x-0x%x  %s %5u x %z  %s\n", A1, A2, A3, A4, A5, A6);
    label(".done");
    ret();
  }
}
