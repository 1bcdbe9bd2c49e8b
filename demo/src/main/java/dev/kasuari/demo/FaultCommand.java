package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

import java.util.List;

/** fault: does what must not be done, one way or another, and goes on after the trap. */
final class FaultCommand extends Part {
  /**
   * Its function is called {@code fault_KIND}. It must not return, or must return 1 in {@code a0}.
   */
  private record Fault(String kind, String what) {}

  private static final List<Fault> FAULTS =
      List.of(
          new Fault("load", "reads through a null pointer"),
          new Fault("store", "writes into the kernel's text, which may only be read and executed"),
          new Fault("exec", "jumps into a variable, which may only be read and written"),
          new Fault("stack", "calls itself until the stack runs into its guard page"),
          new Fault("page", "takes a page, maps it, uses it, unmaps it, and reads it once more"),
          new Fault("access", "reads a physical address where the machine has nothing"),
          new Fault("misaligned", "does an atomic addition at an odd address"),
          new Fault("illegal", "writes the clock, a register that can only be read"),
          new Fault("breakpoint", "runs into an ebreak, and then on"),
          new Fault("fatal", "reads through a null pointer when no fault is expected: the end"));

  /** What "fault all" leaves out. */
  private static final int FATAL = 1;

  private static final int ROW = 12;

  /** The first page of physical addresses. */
  private static final long NOTHING = PageTables.DIRECT_MAP;

  FaultCommand(Program program) {
    super(program);
  }

  @Override
  void define() {
    fault();
    list();
    run();
    simpleFaults();
    fatal();
    stack();
    page();
    access();
    table(
        "faults",
        () -> {
          for (Fault fault : FAULTS) {
            offset(text(fault.kind), 0);
            offset(text(fault.what), 4);
            offset(symbol("fault_" + fault.kind), 8);
          }
        });
  }

  private void fault() {
    function("command_fault", S0, S1, S2, S3);
    mv(S0, A0);
    lbu(T0, 0, S0);
    beqz(T0, ".list");
    la(A1, text("all"));
    call("streq");
    mv(S3, A0);
    la(S1, "faults");
    li(S2, FAULTS.size() - FATAL);
    bnez(S3, ".next");
    li(S2, FAULTS.size());
    label(".next");
    bnez(S3, ".run");
    mv(A0, S0);
    loadOffset(A1, 0, S1);
    call("streq");
    beqz(A0, ".skip");
    label(".run");
    mv(A0, S1);
    call("run_fault");
    beqz(S3, ".done");
    label(".skip");
    addi(S1, S1, ROW);
    addi(S2, S2, -1);
    bnez(S2, ".next");
    bnez(S3, ".done");
    printf("fault %s: no such kind. ", S0);
    label(".list");
    tail("list_faults");
    label(".done");
    ret();
  }

  private void list() {
    function("list_faults", S0, S1);
    printf("Type fault and a kind, or fault all:\n");
    la(S0, "faults");
    li(S1, FAULTS.size());
    label(".next");
    loadOffset(A1, 0, S0);
    loadOffset(A2, 4, S0);
    printf("  %-12s%s\n", A1, A2);
    addi(S0, S0, ROW);
    addi(S1, S1, -1);
    bnez(S1, ".next");
    ret();
  }

  /**
   * run_fault(a0: row): notes where to go on after the trap, and does it. It saves all registers
   * that belong to its caller, as what it calls may change them and never return.
   */
  private void run() {
    function("run_fault", S0, S1, S2, S3, S4, S5, S6, S7, S8, S9, S10, S11);
    mv(S0, A0);
    loadOffset(A1, 0, S0);
    loadOffset(A2, 4, S0);
    printf("fault %s: %s\n", A1, A2);
    sd(SP, Hart.RECOVER_SP, TP);
    la(T0, ".landed");
    sd(T0, Hart.RECOVER_PC, TP);
    loadOffset(T0, 8, S0);
    callr(T0);
    sd(ZERO, Hart.RECOVER_PC, TP);
    bnez(A0, ".good");
    printf("No trap came, which is WRONG.\n");
    ret();
    label(".landed"); // the trap handler jumps here; only sp and tp are what they were
    li(A0, NOTHING);
    call("unmap_page");
    label(".good");
    printf("Caught. The kernel goes on.\n");
    ret();
  }

  /** Those that need no preparation. */
  private void simpleFaults() {
    leaf("fault_load");
    ld(A0, 0, ZERO);
    li(A0, 0);
    ret();

    leaf("fault_store");
    la(T0, "image_start");
    sd(ZERO, 0, T0);
    li(A0, 0);
    ret();

    leaf("fault_exec");
    la(T0, "sector");
    li(A0, 0);
    jr(T0);

    leaf("fault_misaligned");
    la(T0, "sector");
    addi(T0, T0, 1);
    li(T1, 1);
    amoaddD(ZERO, T1, T0);
    li(A0, 0);
    ret();

    leaf("fault_illegal");
    csrw(Csr.TIME, ZERO);
    li(A0, 0);
    ret();

    leaf("fault_breakpoint");
    ebreak(); // the trap handler reports it, and steps over it
    li(A0, 1);
    ret();
  }

  private void fatal() {
    leaf("fault_fatal");
    sd(ZERO, Hart.RECOVER_PC, TP);
    ld(A0, 0, ZERO);
    ret();
  }

  private void stack() {
    functionWithLocals("fault_stack", 256);
    call("fault_stack");
    ret();
  }

  /** The page is seen at two addresses; then at one no more, which the hart must notice. */
  private void page() {
    function("fault_page", S0, S1);
    call("alloc_page");
    mv(S0, A0);
    beqz(S0, ".wrong");
    li(A0, PageTables.SCRATCH);
    ld(T0, "direct_map");
    sub(A1, S0, T0);
    li(A2, Program.PAGE);
    li(A3, PageTables.READ_WRITE);
    call("map_range");
    li(S1, PageTables.SCRATCH);
    sd(S1, 8, S1);
    ld(T0, 8, S0);
    bne(T0, S1, ".wrong");
    mv(A0, S1);
    call("unmap_page");
    mv(A0, S0);
    call("free_page");
    ld(T0, 8, S1);
    label(".wrong");
    li(A0, 0);
    ret();
  }

  private void access() {
    function("fault_access");
    li(A0, NOTHING - PageTables.DIRECT_MAP);
    li(A1, Program.PAGE);
    call("map_device");
    lw(T0, 0, A0);
    li(A0, 0);
    ret();
  }
}
