package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/** Texts end with a zero byte. Numbers in a devicetree are big-endian. */
final class Strings extends Part {
  Strings(Program program) {
    super(program);
  }

  @Override
  void define() {
    length();
    equal();
    prefix();
    find();
    copy();
    skipSpaces();
    number();
    be32();
  }

  /** strlen(a0: text) -> a0 */
  private void length() {
    leaf("strlen");
    mv(T0, A0);
    label(".next");
    lbu(T1, 0, T0);
    beqz(T1, ".end");
    addi(T0, T0, 1);
    j(".next");
    label(".end");
    sub(A0, T0, A0);
    ret();
  }

  /** streq(a0, a1: texts) -> a0: 1 if they are equal. */
  private void equal() {
    leaf("streq");
    label(".next");
    lbu(T0, 0, A0);
    lbu(T1, 0, A1);
    bne(T0, T1, ".differ");
    addi(A0, A0, 1);
    addi(A1, A1, 1);
    bnez(T0, ".next");
    li(A0, 1);
    ret();
    label(".differ");
    li(A0, 0);
    ret();
  }

  /** strprefix(a0: text, a1: prefix) -> a0: what follows the prefix, or 0. */
  private void prefix() {
    leaf("strprefix");
    label(".next");
    lbu(T1, 0, A1);
    beqz(T1, ".yes");
    lbu(T0, 0, A0);
    bne(T0, T1, ".no");
    addi(A0, A0, 1);
    addi(A1, A1, 1);
    j(".next");
    label(".no");
    li(A0, 0);
    label(".yes");
    ret();
  }

  /** strfind(a0: text, a1: part) -> a0: what follows the first such part, or 0. */
  private void find() {
    function("strfind", S0, S1);
    mv(S0, A0);
    mv(S1, A1);
    label(".next");
    mv(A0, S0);
    mv(A1, S1);
    call("strprefix");
    bnez(A0, ".done");
    lbu(T0, 0, S0);
    addi(S0, S0, 1);
    bnez(T0, ".next");
    label(".done");
    ret();
  }

  /** memcpy(a0: to, a1: from, a2: bytes) */
  private void copy() {
    leaf("memcpy");
    add(A2, A0, A2);
    label(".next");
    beq(A0, A2, ".done");
    lbu(T0, 0, A1);
    sb(T0, 0, A0);
    addi(A0, A0, 1);
    addi(A1, A1, 1);
    j(".next");
    label(".done");
    ret();
  }

  /** skip_spaces(a0: text) -> a0 */
  private void skipSpaces() {
    leaf("skip_spaces");
    li(T1, ' ');
    label(".next");
    lbu(T0, 0, A0);
    bne(T0, T1, ".done");
    addi(A0, A0, 1);
    j(".next");
    label(".done");
    ret();
  }

  /** parse_number(a0: text) -> a0: decimal number, or -1 if it is none; a1: what follows. */
  private void number() {
    leaf("parse_number");
    mv(A1, A0);
    li(A0, -1);
    li(T1, 10);
    li(T2, 0);
    label(".next");
    lbu(T0, 0, A1);
    addi(T0, T0, -'0');
    bgeu(T0, T1, ".done");
    mul(T2, T2, T1);
    add(T2, T2, T0);
    mv(A0, T2);
    addi(A1, A1, 1);
    j(".next");
    label(".done");
    ret();
  }

  /** be32(a0: address) -> a0: number; leaves all registers alone but t0 and t1. */
  private void be32() {
    leaf("be32");
    lbu(T0, 0, A0);
    for (int n = 1; n < 4; n++) {
      lbu(T1, n, A0);
      slli(T0, T0, 8);
      or(T0, T0, T1);
    }
    mv(A0, T0);
    ret();
  }
}
