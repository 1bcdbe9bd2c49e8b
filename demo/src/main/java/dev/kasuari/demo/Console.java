package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/** Characters out and in: through the UART if there is one, else through the firmware. */
final class Console extends Part {
  Console(Program program) {
    super(program);
  }

  @Override
  void define() {
    putchar();
    putByte();
    getchar();
  }

  /** putchar(a0: character): a new line starts at the left. */
  private void putchar() {
    function("putchar", S0);
    mv(S0, A0);
    li(T0, '\n');
    bne(A0, T0, ".put");
    li(A0, '\r');
    call("put_byte");
    label(".put");
    mv(A0, S0);
    call("put_byte");
    ret();
  }

  private void putByte() {
    leaf("put_byte");
    ld(T0, "uart");
    beqz(T0, ".firmware");
    j("uart_put");
    label(".firmware");
    j("sbi_putchar");
  }

  /**
   * getchar() -> a0: waits for a character. The hart sleeps until an interrupt brings it; where
   * nothing can interrupt, it looks at every tick.
   */
  private void getchar() {
    function("getchar", S0);
    label(".again");
    interruptsOff(S0); // nothing arrives between the last look and the sleep
    call("uart_get");
    bgez(A0, ".got");
    ld(T0, "uart");
    bnez(T0, ".uart");
    call("sbi_getchar");
    bgez(A0, ".got");
    j(".sleep");
    label(".uart");
    ld(T0, "plic");
    bnez(T0, ".sleep");
    call("uart_receive");
    call("uart_get");
    bgez(A0, ".got");
    label(".sleep");
    wfi(); // an interrupt wakes the hart although it does not take it yet
    interruptsOn();
    j(".again");
    label(".got");
    interruptsOn();
    ret();
  }
}
