package dev.kasuari.demo;

import static dev.kasuari.demo.Devicetree.value;
import static dev.kasuari.target.riscv.asm.Reg.*;

/** What the devicetree says about memory: where it is, and what of it belongs to somebody else. */
final class MemoryMap extends Part {
  /** A row of {@code memory_ranges} and {@code reserved}: start, end, and whose it is. */
  static final int RANGE_START = 0;

  static final int RANGE_END = 8;
  static final int RANGE_NAME = 16;
  static final int RANGE = 24;
  static final int MAX_RANGES = 8;

  MemoryMap(Program program) {
    super(program);
  }

  @Override
  void define() {
    visitMemory();
    initialRamdisk();
    addRange();
    headerReservations();
    chooseMemory();
    variable("memory_ranges", MAX_RANGES * RANGE + 8); // at the end, how many there are
    variable("reserved", MAX_RANGES * RANGE + 8);
    variable("memory_start", 8); // of what the page allocator has, virtual
    variable("memory_end", 8);
  }

  /** Memory, and what is reserved in it: the children of "reserved-memory". */
  private void visitMemory() {
    function("visit_memory", S0, S1);
    la(T0, "node");
    ld(A0, value("device_type"), T0);
    beqz(A0, ".reserved");
    la(A1, text("memory"));
    call("streq");
    beqz(A0, ".done");
    la(S1, "memory_ranges");
    j(".ranges");
    label(".reserved");
    ld(T0, "node_depth");
    li(T1, 3);
    bne(T0, T1, ".done");
    la(T0, "node_names");
    ld(A0, 16, T0); // the parent's
    la(A1, text("reserved-memory"));
    call("streq");
    beqz(A0, ".done");
    la(S1, "reserved");
    label(".ranges");
    li(S0, 0);
    label(".next");
    mv(A0, S0);
    call("node_reg");
    beqz(A2, ".done");
    add(A2, A0, A1);
    mv(A1, A0);
    mv(A0, S1);
    ld(A3, "node_name");
    call("add_range");
    addi(S0, S0, 1);
    j(".next");
    label(".done");
    ret();
  }

  /** reserve_ramdisk(): "chosen" says where it lies; nobody here reads it, but it is not ours. */
  private void initialRamdisk() {
    function("reserve_ramdisk", S0);
    li(A0, value("linux,initrd-start"));
    li(A1, 0);
    call("node_number");
    beqz(A0, ".done");
    mv(S0, A0);
    li(A0, value("linux,initrd-end"));
    li(A1, 0);
    call("node_number");
    mv(A2, A0);
    mv(A1, S0);
    la(A0, "reserved");
    la(A3, text("initial ramdisk"));
    call("add_range");
    label(".done");
    ret();
  }

  /** add_range(a0: ranges, a1: start, a2: end, a3: name): physical addresses. */
  private void addRange() {
    leaf("add_range");
    ld(T0, MAX_RANGES * RANGE, A0);
    li(T1, MAX_RANGES);
    bgeu(T0, T1, ".done");
    addi(T1, T0, 1);
    sd(T1, MAX_RANGES * RANGE, A0);
    li(T1, RANGE);
    mul(T0, T0, T1);
    add(A0, A0, T0);
    sd(A1, RANGE_START, A0);
    sd(A2, RANGE_END, A0);
    sd(A3, RANGE_NAME, A0);
    label(".done");
    ret();
  }

  /** reserve_devicetree(a0: devicetree): itself, and the reservations in its header. */
  private void headerReservations() {
    function("reserve_devicetree", S0, S1);
    mv(S0, A0);
    ld(T0, "direct_map");
    sub(A1, S0, T0);
    ld(A2, "dtb_size");
    add(A2, A2, A1);
    la(A0, "reserved");
    la(A3, text("devicetree"));
    call("add_range");
    addi(A0, S0, Devicetree.HEADER_RESERVED);
    call("be32");
    add(S0, S0, A0);
    label(".next"); // pairs of start and size; the last is empty
    mv(A0, S0);
    li(A1, 2);
    call("read_cells");
    mv(S1, A0);
    mv(A0, A1);
    li(A1, 2);
    call("read_cells");
    mv(S0, A1);
    beqz(A0, ".done");
    add(A2, S1, A0);
    mv(A1, S1);
    la(A0, "reserved");
    la(A3, text("firmware"));
    call("add_range");
    j(".next");
    label(".done");
    ret();
  }

  /** choose_memory(): the rest of the range in which the kernel is, from the next 2 MiB. */
  private void chooseMemory() {
    function("choose_memory");
    la(T0, "image_start");
    li(T5, PageTables.DIRECT_MAP);
    sub(T0, T0, T5);
    la(T1, "memory_ranges");
    ld(T2, MAX_RANGES * RANGE, T1);
    label(".next");
    beqz(T2, ".none");
    ld(T3, RANGE_START, T1);
    ld(T4, RANGE_END, T1);
    addi(T1, T1, RANGE);
    addi(T2, T2, -1);
    bltu(T0, T3, ".next");
    bgeu(T0, T4, ".next");
    la(T0, "image_end");
    li(T1, PageTables.MEGAPAGE - 1);
    add(T0, T0, T1);
    not(T1, T1);
    and(T0, T0, T1);
    sd(T0, "memory_start", T1);
    li(T1, -Program.PAGE);
    and(T4, T4, T1);
    add(T4, T4, T5);
    bgeu(T4, T0, ".enough");
    mv(T4, T0);
    label(".enough");
    sd(T4, "memory_end", T1);
    ret();
    label(".none");
    panic("the devicetree has no memory at 0x%x, where the kernel runs\n", T0);
  }
}
