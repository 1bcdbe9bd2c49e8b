package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * NS16550A. Sends by waiting, receives by interrupt into a ring. When the ring is full, the receive
 * interrupt is switched off until it has been emptied: nothing is lost, the sender waits.
 *
 * <p>The interrupt goes to the hart that reads, with interrupts off while it does; so the ring
 * needs no lock. Source: National Semiconductor PC16550D data sheet.
 */
final class Uart extends Part {
  /** Receiver buffer and transmitter holding register. */
  private static final int RBR = 0;

  private static final int THR = 0;

  /** Interrupt enable register. */
  private static final int IER = 1;

  private static final int IER_RECEIVED = 1;

  /** FIFO control register. */
  private static final int FCR = 2;

  private static final int FCR_ENABLE = 1;

  /** Line control register: eight data bits, no parity, one stop bit. */
  private static final int LCR = 3;

  private static final int LCR_8N1 = 3;

  /** Modem control register: ready, and the interrupt line connected. */
  private static final int MCR = 4;

  private static final int MCR_DTR_RTS_OUT2 = 0xb;
  private static final int MCR_LOOP = 0x10;

  /** Line status register. */
  private static final int LSR = 5;

  private static final int LSR_DATA_READY = 1;
  private static final int LSR_THR_EMPTY = 1 << 5;

  private static final int RING = 256;

  Uart(Program program) {
    super(program);
  }

  @Override
  void define() {
    init();
    register();
    put();
    receive();
    get();
    variable("uart", 8); // virtual address, 0 if there is none
    variable("uart_shift", 8); // registers are 1 << shift bytes apart
    variable("uart_irq", 8);
    variable("uart_received", 8);
    variable("ring_head", 8); // counts what has been put in; RING divides 2^64
    variable("ring_tail", 8); // counts what has been taken out
    variable("ring", RING);
  }

  /**
   * uart_init(): what has been typed before is not thrown away. Switching FIFOs on empties them, so
   * what is there is taken out first, and in loopback nothing more comes meanwhile.
   */
  private void init() {
    function("uart_init");
    ld(A0, "uart_base");
    beqz(A0, ".done");
    ld(A1, "uart_size");
    call("map_device");
    sd(A0, "uart", T0);
    write(LCR, LCR_8N1);
    write(MCR, MCR_LOOP);
    call("uart_receive");
    write(FCR, FCR_ENABLE);
    write(MCR, MCR_DTR_RTS_OUT2);
    write(IER, IER_RECEIVED);
    label(".done");
    ret();
  }

  private void write(int register, int value) {
    li(A0, register);
    call("uart_register");
    li(T0, value);
    sb(T0, 0, A0);
  }

  /** uart_register(a0: number) -> a0: address; leaves all registers alone but t0 and t1. */
  private void register() {
    leaf("uart_register");
    ld(T0, "uart_shift");
    sll(A0, A0, T0);
    ld(T0, "uart");
    add(A0, A0, T0);
    ret();
  }

  /** uart_put(a0: byte) */
  private void put() {
    function("uart_put", S0);
    mv(S0, A0);
    li(A0, LSR);
    call("uart_register");
    label(".wait");
    lbu(T0, 0, A0);
    andi(T0, T0, LSR_THR_EMPTY);
    beqz(T0, ".wait");
    li(A0, THR);
    call("uart_register");
    sb(S0, 0, A0);
    ret();
  }

  /** uart_receive(): moves what has arrived into the ring; the interrupt handler. */
  private void receive() {
    function("uart_receive", S0, S1, S2);
    li(A0, LSR);
    call("uart_register");
    mv(S0, A0);
    li(A0, RBR);
    call("uart_register");
    mv(S1, A0);
    label(".next");
    ld(T1, "ring_head");
    ld(T2, "ring_tail");
    sub(T2, T1, T2);
    addi(T2, T2, -RING);
    beqz(T2, ".full");
    lbu(T0, 0, S0);
    andi(T0, T0, LSR_DATA_READY);
    beqz(T0, ".done");
    lbu(T0, 0, S1);
    la(T2, "ring");
    andi(A0, T1, RING - 1);
    add(T2, T2, A0);
    sb(T0, 0, T2);
    addi(T1, T1, 1);
    sd(T1, "ring_head", T0);
    ld(T1, "uart_received");
    addi(T1, T1, 1);
    sd(T1, "uart_received", T0);
    j(".next");
    label(".full");
    write(IER, 0);
    label(".done");
    ret();
  }

  /** uart_get() -> a0: a byte, or -1; with interrupts off. */
  private void get() {
    function("uart_get", S0);
    li(S0, -1);
    ld(T0, "ring_tail");
    ld(T1, "ring_head");
    beq(T0, T1, ".done");
    la(T2, "ring");
    andi(A0, T0, RING - 1);
    add(T2, T2, A0);
    lbu(S0, 0, T2);
    addi(T0, T0, 1);
    sd(T0, "ring_tail", T2);
    bne(T0, T1, ".done");
    ld(A0, "uart"); // empty: it may have been full
    beqz(A0, ".done");
    write(IER, IER_RECEIVED);
    label(".done");
    mv(A0, S0);
    ret();
  }
}
