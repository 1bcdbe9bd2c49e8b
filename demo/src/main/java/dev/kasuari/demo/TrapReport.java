package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/** Says in words what an exception was, where, and what is at the address in question. */
final class TrapReport extends Part {
  private static final String[] CAUSES = {
    "instruction address misaligned",
    "instruction access fault",
    "illegal instruction",
    "breakpoint",
    "load address misaligned",
    "load access fault",
    "store or AMO address misaligned",
    "store or AMO access fault",
    "environment call from U-mode",
    "environment call from S-mode",
    "reserved cause",
    "environment call from M-mode",
    "instruction page fault",
    "load page fault",
    "reserved cause",
    "store or AMO page fault",
  };

  private static final int ILLEGAL_INSTRUCTION = 2;

  TrapReport(Program program) {
    super(program);
  }

  @Override
  void define() {
    report();
    describeCode();
    symbolOf();
    table(
        "cause_names",
        () -> {
          for (String cause : CAUSES) {
            offset(text(cause), 0);
          }
        });
  }

  /** report_trap(a0: saved state) */
  private void report() {
    function("report_trap", S0);
    mv(S0, A0);
    ld(A0, Traps.FRAME_SCAUSE, S0);
    mv(A1, A0);
    la(T0, "cause_names");
    li(T1, CAUSES.length);
    bgeu(A0, T1, ".other");
    slli(A0, A0, 2);
    add(T0, T0, A0);
    loadOffset(A1, 0, T0);
    j(".known");
    label(".other");
    la(A1, text("a cause beyond those of the manual"));
    label(".known");
    ld(A3, Traps.FRAME_SCAUSE, S0);
    ld(A2, Hart.ID, TP);
    printf("  trap     %s on hart %u\n  scause   %u\n", A1, A2, A3);
    ld(A1, Traps.FRAME_SEPC, S0);
    printf("  sepc     0x%016x  ", A1);
    ld(A0, Traps.FRAME_SEPC, S0);
    call("describe_code");
    ld(A1, Traps.FRAME_STVAL, S0);
    printf("\n  stval    0x%016x", A1);
    ld(A0, Traps.FRAME_STVAL, S0);
    ld(T0, Traps.FRAME_SCAUSE, S0);
    addi(T0, T0, -ILLEGAL_INSTRUCTION);
    beqz(T0, ".instruction");
    addi(T0, T0, ILLEGAL_INSTRUCTION - Traps.BREAKPOINT);
    or(T0, T0, A0);
    beqz(T0, ".status"); // a breakpoint has an address or, like this one, none
    printf("  ");
    ld(A0, Traps.FRAME_STVAL, S0);
    call("describe_address");
    j(".status");
    label(".instruction");
    printf("  the instruction, or 0 if the hart does not tell");
    label(".status");
    ld(A1, Traps.FRAME_SSTATUS, S0);
    andi(T0, A1, Csr.SSTATUS_SPIE);
    la(A3, text("on"));
    bnez(T0, ".on");
    la(A3, text("off"));
    label(".on");
    andi(T0, A1, Csr.SSTATUS_SPP);
    la(A2, text("S"));
    bnez(T0, ".supervisor");
    la(A2, text("U"));
    label(".supervisor");
    printf("\n  sstatus  0x%016x  from %s-mode, interrupts were %s\n", A1, A2, A3);
    ret();
  }

  /** describe_code(a0: address): function and offset, and the instruction if it can be read. */
  private void describeCode() {
    function("describe_code", S0);
    mv(S0, A0);
    call("symbol_of");
    bnez(A0, ".symbol");
    mv(A0, S0);
    call("describe_address");
    ret();
    label(".symbol");
    mv(A2, A1);
    mv(A1, A0);
    printf("%s+0x%x, instruction ", A1, A2);
    lhu(A1, 0, S0);
    andi(T0, A1, 3);
    addi(T0, T0, -3);
    beqz(T0, ".long");
    printf("0x%04x", A1);
    ret();
    label(".long");
    lhu(T0, 2, S0);
    slli(T0, T0, 16);
    or(A1, A1, T0);
    printf("0x%08x", A1);
    ret();
  }

  /** symbol_of(a0: address) -> a0: name of the function, or 0; a1: bytes from its start. */
  private void symbolOf() {
    leaf("symbol_of");
    la(T0, "image_start");
    bltu(A0, T0, ".none");
    la(T0, "text_end");
    bgeu(A0, T0, ".none");
    la(T0, "symbol_table");
    la(T1, "symbol_table_end");
    li(T3, 0);
    label(".next");
    bgeu(T0, T1, ".last");
    loadOffset(T2, 0, T0);
    bgtu(T2, A0, ".last");
    mv(T3, T0);
    addi(T0, T0, 8);
    j(".next");
    label(".last");
    beqz(T3, ".none");
    loadOffset(T2, 0, T3);
    sub(A1, A0, T2);
    loadOffset(A0, 4, T3);
    ret();
    label(".none");
    li(A0, 0);
    ret();
  }
}
