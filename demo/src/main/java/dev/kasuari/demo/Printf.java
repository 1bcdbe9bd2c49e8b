package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * printf(a0: format, a1..a7: values). A directive is a percent sign, then {@code -} to fill up on
 * the right or {@code 0} to fill up with zeros, the least width, and
 *
 * <ul>
 *   <li>{@code s} a text, {@code c} a character,
 *   <li>{@code u} an unsigned number, {@code d} a signed one, {@code x} a hexadecimal one,
 *   <li>{@code z} a number of bytes, in the largest unit that divides it,
 *   <li>{@code %} a percent sign.
 * </ul>
 *
 * What one call prints stays together, whatever the other harts print.
 */
final class Printf extends Part {
  private static final int ARGUMENTS = 8;
  private static final int DIGITS = 24;

  Printf(Program program) {
    super(program);
  }

  @Override
  void define() {
    lockedPrintf();
    vprintf();
    directive();
    padded();
    number();
    size();
    variable("console_lock", 8);
    table(
        "size_units",
        () -> {
          for (String unit : new String[] {" bytes", " KiB", " MiB", " GiB", " TiB"}) {
            offset(text(unit), 0);
          }
        });
  }

  private void lockedPrintf() {
    functionWithLocals("printf", 8 * ARGUMENTS);
    for (int n = 0; n < ARGUMENTS; n++) {
      sd(A0 + n, 8 * n, SP);
    }
    ld(T0, "panicking"); // nobody else prints any more, and who held the lock may be dead
    bnez(T0, ".print");
    la(A0, "console_lock");
    call("acquire");
    label(".print");
    ld(A0, 0, SP);
    addi(A1, SP, 8);
    call("vprintf");
    ld(T0, "panicking");
    bnez(T0, ".done");
    la(A0, "console_lock");
    call("release");
    label(".done");
    ret();
  }

  /** vprintf(a0: format, a1: values) */
  private void vprintf() {
    function("vprintf", S0, S1);
    mv(S0, A0);
    mv(S1, A1);
    label(".next");
    lbu(A0, 0, S0);
    addi(S0, S0, 1);
    beqz(A0, ".done");
    li(T0, '%');
    beq(A0, T0, ".directive");
    call("putchar");
    j(".next");
    label(".directive");
    mv(A0, S0);
    mv(A1, S1);
    call("print_directive");
    mv(S0, A0);
    mv(S1, A1);
    j(".next");
    label(".done");
    ret();
  }

  /** print_directive(a0: after the percent sign, a1: values) -> a0, a1: what follows. */
  private void directive() {
    function("print_directive", S0, S1, S2, S3);
    mv(S0, A0);
    mv(S1, A1);
    li(S2, 0); // width; negative to fill up on the right
    li(S3, ' ');
    lbu(T0, 0, S0);
    li(T1, '0');
    bne(T0, T1, ".left");
    mv(S3, T1);
    addi(S0, S0, 1);
    label(".left");
    addi(T2, T0, -'-');
    bnez(T2, ".width");
    addi(S0, S0, 1);
    label(".width");
    lbu(T0, 0, S0);
    addi(T1, T0, -'0');
    li(A3, 10);
    bgeu(T1, A3, ".sign");
    mul(S2, S2, A3);
    add(S2, S2, T1);
    addi(S0, S0, 1);
    j(".width");
    label(".sign");
    bnez(T2, ".kind");
    neg(S2, S2);
    label(".kind");
    addi(S0, S0, 1);
    li(T1, '%');
    mv(A0, T0);
    beq(T0, T1, ".character");
    ld(A0, 0, S1);
    addi(S1, S1, 8);
    mv(A1, S2);
    mv(A2, S3);
    for (char kind : new char[] {'s', 'u', 'd', 'x', 'z'}) {
      li(T1, kind);
      beq(T0, T1, "." + kind);
    }
    label(".character");
    call("putchar");
    j(".done");
    label(".s");
    call("print_padded");
    j(".done");
    label(".d");
    bgez(A0, ".u");
    neg(A0, A0);
    li(A4, '-');
    j(".decimal");
    label(".u");
    li(A4, 0);
    label(".decimal");
    li(A3, 10);
    call("print_number");
    j(".done");
    label(".x");
    li(A3, 16);
    li(A4, 0);
    call("print_number");
    j(".done");
    label(".z");
    call("print_size");
    label(".done");
    mv(A0, S0);
    mv(A1, S1);
    ret();
  }

  /** print_padded(a0: text, a1: width, a2: what to fill up with on the left) */
  private void padded() {
    function("print_padded", S0, S1, S2);
    mv(S0, A0);
    mv(S1, A1);
    mv(S2, A2);
    call("strlen");
    bltz(S1, ".right");
    sub(S1, S1, A0); // how many to put before
    label(".before");
    blez(S1, ".filled");
    mv(A0, S2);
    call("putchar");
    addi(S1, S1, -1);
    j(".before");
    label(".filled");
    li(S1, 0);
    j(".text");
    label(".right");
    add(S1, S1, A0); // how many to put after, negative
    label(".text");
    lbu(A0, 0, S0);
    beqz(A0, ".after");
    call("putchar");
    addi(S0, S0, 1);
    j(".text");
    label(".after");
    bgez(S1, ".done");
    li(A0, ' ');
    call("putchar");
    addi(S1, S1, 1);
    j(".after");
    label(".done");
    ret();
  }

  /** print_number(a0: number, a1: width, a2: fill, a3: base, a4: sign or 0) */
  private void number() {
    functionWithLocals("print_number", DIGITS);
    addi(T0, SP, DIGITS - 1); // digits are found from the last to the first
    sb(ZERO, 0, T0);
    label(".digit");
    remu(T1, A0, A3);
    divu(A0, A0, A3);
    li(T2, 10);
    bltu(T1, T2, ".decimal");
    addi(T1, T1, 'a' - '0' - 10);
    label(".decimal");
    addi(T1, T1, '0');
    addi(T0, T0, -1);
    sb(T1, 0, T0);
    bnez(A0, ".digit");
    beqz(A4, ".print");
    addi(T0, T0, -1);
    sb(A4, 0, T0);
    label(".print");
    mv(A0, T0);
    call("print_padded");
    ret();
  }

  /** print_size(a0: bytes, a1: width of the number) */
  private void size() {
    function("print_size", S0);
    la(S0, "size_units");
    label(".unit");
    beqz(A0, ".print");
    andi(T0, A0, 1023);
    bnez(T0, ".print");
    srli(A0, A0, 10);
    addi(S0, S0, 4);
    j(".unit");
    label(".print");
    li(A2, ' ');
    li(A3, 10);
    li(A4, 0);
    call("print_number");
    loadOffset(A0, 0, S0);
    li(A1, 0);
    call("print_padded");
    ret();
  }
}
