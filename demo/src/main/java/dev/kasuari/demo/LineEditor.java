package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/** read_line(): reads into {@code line}, and lets the typist correct what was typed. */
final class LineEditor extends Part {
  private static final int CTRL_C = 3;
  private static final int BELL = 7;
  private static final int BACKSPACE = 8;
  private static final int CTRL_U = 0x15;
  private static final int ESCAPE = 0x1b;
  private static final int DELETE = 0x7f;

  LineEditor(Program program) {
    super(program);
  }

  @Override
  void define() {
    readLine();
    erase();
    escape();
    remember();
    variable("last_line", Shell.LINE);
    variable("last_character", 8);
  }

  /** {@code s0} is where the next character goes, here and in what is called from here. */
  private void readLine() {
    function("read_line", S0, S1);
    la(S0, "line");
    label(".next");
    call("getchar");
    ld(T1, "last_character");
    sd(A0, "last_character", T2);
    li(T0, '\r');
    beq(A0, T0, ".end");
    li(T0, '\n');
    bne(A0, T0, ".edit");
    li(T0, '\r'); // of the pair, the carriage return has ended the line
    beq(T1, T0, ".next");
    label(".end");
    li(A0, '\n');
    call("putchar");
    sb(ZERO, 0, S0);
    call("remember_line");
    ret();

    label(".edit");
    for (int key : new int[] {BACKSPACE, DELETE, CTRL_U, CTRL_C, ESCAPE}) {
      li(T0, key);
      beq(A0, T0, "." + (key == DELETE ? BACKSPACE : key));
    }
    li(T0, ' ');
    bltu(A0, T0, ".bell");
    la(T0, "line");
    sub(T0, S0, T0);
    addi(T0, T0, -(Shell.LINE - 1));
    beqz(T0, ".bell");
    sb(A0, 0, S0);
    addi(S0, S0, 1);
    j(".echo");
    label(".bell");
    li(A0, BELL);
    label(".echo");
    call("putchar");
    j(".next");

    label("." + BACKSPACE);
    call("erase_character");
    j(".next");
    label("." + CTRL_U);
    call("erase_character");
    bnez(A0, "." + CTRL_U);
    j(".next");
    label("." + CTRL_C);
    printf("^C\n");
    la(T0, "line");
    sb(ZERO, 0, T0);
    ret();
    label("." + ESCAPE);
    call("escape_sequence");
    j(".next");
  }

  /** erase_character() -> a0: 0 if there is none. */
  private void erase() {
    function("erase_character");
    la(T0, "line");
    sub(A0, S0, T0);
    beqz(A0, ".done");
    addi(S0, S0, -1);
    printf("\b \b");
    li(A0, 1);
    label(".done");
    ret();
  }

  /** escape_sequence(): cursor up brings the last line back; any other is swallowed. */
  private void escape() {
    function("escape_sequence", S1);
    call("getchar");
    li(T0, '[');
    bne(A0, T0, ".done");
    label(".parameter");
    call("getchar");
    li(T0, '@'); // the first of the characters that end a sequence
    bltu(A0, T0, ".parameter");
    li(T0, 'A');
    bne(A0, T0, ".done");
    label(".erase");
    call("erase_character");
    bnez(A0, ".erase");
    la(S1, "last_line");
    label(".next");
    lbu(A0, 0, S1);
    beqz(A0, ".done");
    sb(A0, 0, S0);
    addi(S0, S0, 1);
    addi(S1, S1, 1);
    call("putchar");
    j(".next");
    label(".done");
    ret();
  }

  /** remember_line(): unless it is empty. */
  private void remember() {
    leaf("remember_line");
    la(A1, "line");
    lbu(T0, 0, A1);
    beqz(T0, ".done");
    la(A0, "last_line");
    li(A2, Shell.LINE);
    j("memcpy");
    label(".done");
    ret();
  }
}
