package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * Pages of memory. Those that were given back are kept in a list that runs through them; the others
 * are handed out in the order of their addresses, around what is reserved. So memory that nobody
 * asked for is never touched, however much there is.
 */
final class PageAllocator extends Part {
  PageAllocator(Program program) {
    super(program);
  }

  @Override
  void define() {
    init();
    allocate();
    fresh();
    free();
    variable("page_lock", 8);
    variable("free_list", 8);
    variable("fresh_page", 8); // the lowest page that has never been handed out
    variable("pages_total", 8);
    variable("pages_used", 8);
  }

  /** page_allocator_init(): counts what there is, reserved pages not. */
  private void init() {
    function("page_allocator_init", S0);
    ld(S0, "memory_start");
    sd(S0, "fresh_page", T0);
    ld(T0, "memory_end");
    sub(S0, T0, S0);
    srli(S0, S0, 12);
    la(T0, "reserved");
    ld(T1, MemoryMap.MAX_RANGES * MemoryMap.RANGE, T0);
    ld(T4, "memory_start");
    ld(T5, "memory_end");
    li(T6, PageTables.DIRECT_MAP);
    label(".next");
    beqz(T1, ".done");
    ld(T2, MemoryMap.RANGE_START, T0);
    ld(T3, MemoryMap.RANGE_END, T0);
    add(T2, T2, T6);
    add(T3, T3, T6);
    addi(T0, T0, MemoryMap.RANGE);
    addi(T1, T1, -1);
    bltu(T2, T4, ".next"); // the kernel's own and the firmware's are below anyway
    bgtu(T3, T5, ".next");
    srli(T2, T2, 12);
    addi(T3, T3, -1); // a page that is reserved in part is reserved
    srli(T3, T3, 12);
    addi(T3, T3, 1);
    sub(T2, T3, T2);
    sub(S0, S0, T2);
    j(".next");
    label(".done");
    sd(S0, "pages_total", T0);
    ret();
  }

  /** alloc_page() -> a0: a page full of zeros, or 0. */
  private void allocate() {
    function("alloc_page", S0);
    la(A0, "page_lock");
    call("acquire");
    ld(S0, "free_list");
    beqz(S0, ".fresh");
    ld(T0, 0, S0);
    sd(T0, "free_list", T1);
    j(".got");
    label(".fresh");
    call("next_fresh_page");
    mv(S0, A0);
    beqz(S0, ".unlock");
    label(".got");
    ld(T0, "pages_used");
    addi(T0, T0, 1);
    sd(T0, "pages_used", T1);
    label(".unlock");
    la(A0, "page_lock");
    call("release");
    beqz(S0, ".done");
    mv(T0, S0);
    li(T1, Program.PAGE);
    add(T1, T1, T0);
    label(".zero");
    sd(ZERO, 0, T0);
    addi(T0, T0, 8);
    bltu(T0, T1, ".zero");
    label(".done");
    mv(A0, S0);
    ret();
  }

  /** next_fresh_page() -> a0: a page that has never been handed out, or 0; under the lock. */
  private void fresh() {
    leaf("next_fresh_page");
    li(T6, PageTables.DIRECT_MAP);
    ld(A0, "fresh_page");
    label(".candidate");
    ld(T0, "memory_end");
    bgeu(A0, T0, ".none");
    la(T0, "reserved");
    ld(T1, MemoryMap.MAX_RANGES * MemoryMap.RANGE, T0);
    label(".range");
    beqz(T1, ".found");
    ld(T2, MemoryMap.RANGE_START, T0);
    ld(T3, MemoryMap.RANGE_END, T0);
    add(T2, T2, T6);
    add(T3, T3, T6);
    addi(T0, T0, MemoryMap.RANGE);
    addi(T1, T1, -1);
    bgeu(A0, T3, ".range");
    li(T4, Program.PAGE);
    add(T4, T4, A0);
    bgeu(T2, T4, ".range");
    addi(A0, T3, -1); // inside: go on behind it
    srli(A0, A0, 12);
    addi(A0, A0, 1);
    slli(A0, A0, 12);
    j(".candidate");
    label(".found");
    li(T0, Program.PAGE);
    add(T0, T0, A0);
    sd(T0, "fresh_page", T1);
    ret();
    label(".none");
    li(A0, 0);
    ret();
  }

  /** free_page(a0: page) */
  private void free() {
    function("free_page", S0);
    mv(S0, A0);
    la(A0, "page_lock");
    call("acquire");
    ld(T0, "free_list");
    sd(T0, 0, S0);
    sd(S0, "free_list", T0);
    ld(T0, "pages_used");
    addi(T0, T0, -1);
    sd(T0, "pages_used", T1);
    la(A0, "page_lock");
    call("release");
    ret();
  }
}
