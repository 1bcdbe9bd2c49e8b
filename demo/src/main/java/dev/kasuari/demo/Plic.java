package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * The platform-level interrupt controller: which device calls which hart. Each hart and privilege
 * mode is a context; the devicetree says which number it has. Source: RISC-V PLIC Specification
 * 1.0.
 */
final class Plic extends Part {
  private static final int ENABLE = 0x2000;
  private static final int ENABLE_CONTEXT = 0x80;
  private static final int THRESHOLD = 0x20_0000;
  private static final int CONTEXT = 0x1000;
  private static final int CLAIM = 4;

  Plic(Program program) {
    super(program);
  }

  @Override
  void define() {
    init();
    contexts();
    enable();
    contextAddress();
    handle();
    variable("plic", 8); // virtual address, 0 if there is none
    variable("interrupts_spurious", 8);
  }

  private void init() {
    function("plic_init");
    ld(A0, "plic_base");
    beqz(A0, ".done");
    ld(A1, "plic_size");
    call("map_device");
    sd(A0, "plic", T0);
    call("plic_find_contexts");
    ld(A0, "uart_irq");
    mv(A1, TP);
    call("plic_enable");
    label(".done");
    ret();
  }

  /**
   * plic_find_contexts(): the n-th pair of "interrupts-extended" is context n: a hart's handle, and
   * which of its interrupts the context raises.
   */
  private void contexts() {
    function("plic_find_contexts", S0, S1, S2, S3);
    ld(S0, "plic_contexts");
    ld(S1, "plic_contexts_length");
    add(S1, S1, S0);
    li(S2, 0);
    label(".next");
    bgeu(S0, S1, ".done");
    mv(A0, S0);
    call("be32");
    mv(S3, A0);
    addi(A0, S0, 4);
    call("be32");
    addi(A0, A0, -Csr.EXTERNAL_INTERRUPT);
    bnez(A0, ".skip");
    la(T0, "harts");
    ld(T1, "hart_count");
    label(".hart");
    ld(T2, Hart.INTC, T0);
    bne(T2, S3, ".other");
    sd(S2, Hart.PLIC_CONTEXT, T0);
    label(".other");
    addi(T0, T0, Hart.SIZE);
    addi(T1, T1, -1);
    bnez(T1, ".hart");
    label(".skip");
    addi(S0, S0, 8);
    addi(S2, S2, 1);
    j(".next");
    label(".done");
    ret();
  }

  /** plic_enable(a0: interrupt, a1: hart that gets it) -> a0: 1, or 0 if it cannot. */
  private void enable() {
    leaf("plic_enable");
    ld(T0, "plic");
    beqz(T0, ".no");
    beqz(A0, ".no");
    ld(T1, Hart.PLIC_CONTEXT, A1);
    bltz(T1, ".no");
    slli(T2, A0, 2);
    add(T2, T2, T0);
    li(A2, 1);
    sw(A2, 0, T2); // its priority

    li(T2, ENABLE_CONTEXT);
    mul(T2, T2, T1);
    add(T2, T2, T0);
    srli(A3, A0, 5); // 32 interrupts to a word
    slli(A3, A3, 2);
    add(T2, T2, A3);
    li(A3, ENABLE);
    add(T2, T2, A3);
    andi(A0, A0, 31);
    sll(A2, A2, A0);
    lw(A3, 0, T2);
    or(A3, A3, A2);
    sw(A3, 0, T2);

    slli(T1, T1, 12);
    add(T0, T0, T1);
    li(T1, THRESHOLD);
    add(T0, T0, T1);
    sw(ZERO, 0, T0);
    li(A0, 1);
    ret();
    label(".no");
    li(A0, 0);
    ret();
  }

  private void contextAddress() {
    leaf("plic_claim_address"); // () -> a0
    ld(A0, "plic");
    ld(T0, Hart.PLIC_CONTEXT, TP);
    li(T1, CONTEXT);
    mul(T0, T0, T1);
    add(A0, A0, T0);
    li(T0, THRESHOLD + CLAIM);
    add(A0, A0, T0);
    ret();
  }

  /** handle_external(): the external interrupt; asks who called until nobody does any more. */
  private void handle() {
    function("handle_external", S0, S1);
    call("plic_claim_address");
    mv(S0, A0);
    label(".next");
    lwu(S1, 0, S0);
    beqz(S1, ".done");
    ld(T0, Hart.EXTERNALS, TP);
    addi(T0, T0, 1);
    sd(T0, Hart.EXTERNALS, TP);
    ld(T0, "uart_irq");
    beq(S1, T0, ".uart");
    ld(T0, "disk_irq");
    beq(S1, T0, ".disk");
    ld(T0, "interrupts_spurious");
    addi(T0, T0, 1);
    sd(T0, "interrupts_spurious", T1);
    j(".complete");
    label(".uart");
    call("uart_receive");
    j(".complete");
    label(".disk");
    call("disk_interrupt");
    label(".complete");
    sw(S1, 0, S0);
    j(".next");
    label(".done");
    ret();
  }
}
