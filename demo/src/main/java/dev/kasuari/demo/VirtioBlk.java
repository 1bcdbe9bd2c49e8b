package dev.kasuari.demo;

import static dev.kasuari.demo.VirtioMmio.*;
import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * Virtio block device: one queue, one request at a time, and sleep until the interrupt that says
 * that it is done. The interrupt goes to another hart if there is one; the one that waits is woken
 * by an IPI.
 *
 * <p>Source: Virtual I/O Device (VIRTIO) 1.2, sections 2.7 "Split Virtqueues", 3.1 "Device
 * Initialization" and 5.2 "Block Device".
 */
final class VirtioBlk extends Part {
  // Device status bits.
  private static final int ACKNOWLEDGE = 1;
  private static final int DRIVER = 2;
  private static final int DRIVER_OK = 4;
  private static final int FEATURES_OK = 8;

  // Feature bits.
  static final int F_RO = 5;
  static final int F_FLUSH = 9;
  static final int F_VERSION_1 = 32;

  /** What we can do, if the device can. */
  private static final long WANTED = 1L << F_RO | 1L << F_FLUSH | 1L << F_VERSION_1;

  // Request types.
  static final int IN = 0;
  static final int OUT = 1;
  static final int FLUSH = 4;

  // What disk_request answers: the device's status, or
  static final int OK = 0;
  static final int NO_DISK = 16;
  static final int TIMED_OUT = 17;
  private static final int UNANSWERED = 0xff;

  static final int SECTOR = 512;
  private static final int SECONDS = 5;

  // The queue, in one page: descriptors, then what is available, then what has been used.
  private static final int QUEUE_SIZE = 4;
  private static final int DESCRIPTOR = 16;
  private static final int DESC_ADDRESS = 0;
  private static final int DESC_LENGTH = 8;
  private static final int DESC_FLAGS = 12;
  private static final int DESC_NEXT = 14;
  private static final int DESC_F_NEXT = 1;
  private static final int DESC_F_WRITE = 2;
  private static final int AVAILABLE = QUEUE_SIZE * DESCRIPTOR;
  private static final int USED = 128;
  private static final int RING_INDEX = 2;
  private static final int RING_ENTRIES = 4;

  // The request, in the same page: header (type, reserved, sector), and the device's answer.
  private static final int HEADER = 256;
  private static final int HEADER_SECTOR = HEADER + 8;
  private static final int HEADER_SIZE = 16;
  private static final int ANSWER = 272;

  VirtioBlk(Program program) {
    super(program);
  }

  @Override
  void define() {
    init();
    start();
    features();
    queue();
    queueAddress();
    request();
    descriptors();
    interrupt();
    pages("disk_queue", 1);
    variable("disk_found", 8); // virtual address of its registers, 0 if there is none
    variable("disk", 8); // the same, once it works
    variable("disk_irq", 8);
    variable("disk_features", 8); // what it offers
    variable("disk_capacity", 8); // sectors
    variable("disk_busy", 8);
    variable("disk_interrupts", 8);
    variable("disk_hart", 8); // who gets its interrupts
  }

  /** disk_init(a0: registers, a1: interrupt) */
  private void init() {
    function("disk_init", S0);
    mv(S0, A0);
    sd(A1, "disk_irq", T0);
    sw(ZERO, STATUS, S0); // reset
    li(T0, ACKNOWLEDGE | DRIVER);
    sw(T0, STATUS, S0);
    call("disk_negotiate");
    li(T0, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    sw(T0, STATUS, S0);
    lw(T0, STATUS, S0);
    andi(T0, T0, FEATURES_OK);
    beqz(T0, ".refused");
    call("disk_queue_init");
    beqz(A0, ".refused");
    lwu(T0, CONFIG, S0);
    lwu(T1, CONFIG + 4, S0);
    slli(T1, T1, 32);
    or(T0, T0, T1);
    sd(T0, "disk_capacity", T1);
    sd(S0, "disk_found", T0);
    label(".refused");
    ret();
  }

  /** disk_start(): once it is known which harts there are. */
  private void start() {
    function("disk_start", S0);
    ld(S0, "disk_found");
    beqz(S0, ".refused");
    call("last_online_hart");
    sd(A0, "disk_hart", T0);
    mv(A1, A0);
    ld(A0, "disk_irq");
    call("plic_enable");
    beqz(A0, ".refused");
    li(T0, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    sw(T0, STATUS, S0);
    sd(S0, "disk", T0);
    label(".refused");
    ret();

    leaf("last_online_hart"); // () -> a0: another one than this, if there is one
    la(T2, "harts");
    ld(T0, "hart_count");
    li(T1, Hart.SIZE);
    mul(T0, T0, T1);
    add(A0, T2, T0);
    label(".previous");
    addi(A0, A0, -Hart.SIZE);
    bltu(A0, T2, ".alone");
    beq(A0, TP, ".previous");
    ld(T0, Hart.STATE, A0);
    addi(T0, T0, -Hart.STATE_ONLINE);
    bnez(T0, ".previous");
    ret();
    label(".alone");
    mv(A0, TP);
    ret();
  }

  /** disk_negotiate(), with {@code s0} the registers: features come in halves of 32 bits. */
  private void features() {
    leaf("disk_negotiate");
    li(T2, 0);
    for (int half = 1; half >= 0; half--) {
      li(T0, half);
      sw(T0, DEVICE_FEATURES_SEL, S0);
      lwu(T1, DEVICE_FEATURES, S0);
      slli(T2, T2, 32);
      or(T2, T2, T1);
    }
    sd(T2, "disk_features", T0);
    li(T0, WANTED);
    and(T2, T2, T0);
    for (int half = 0; half <= 1; half++) {
      li(T0, half);
      sw(T0, DRIVER_FEATURES_SEL, S0);
      sw(T2, DRIVER_FEATURES, S0);
      srli(T2, T2, 32);
    }
    ret();
  }

  /** disk_queue_init() -> a0: 1, or 0 if the device has no such queue; {@code s0} the registers. */
  private void queue() {
    function("disk_queue_init");
    sw(ZERO, QUEUE_SEL, S0);
    lwu(T0, QUEUE_NUM_MAX, S0);
    li(T1, QUEUE_SIZE);
    li(A0, 0);
    bltu(T0, T1, ".done");
    sw(T1, QUEUE_NUM, S0);
    li(A0, 0);
    addi(A1, S0, QUEUE_DESC);
    call("disk_queue_address");
    li(A0, AVAILABLE);
    addi(A1, S0, QUEUE_DRIVER);
    call("disk_queue_address");
    li(A0, USED);
    addi(A1, S0, QUEUE_DEVICE);
    call("disk_queue_address");
    li(T0, 1);
    sw(T0, QUEUE_READY, S0);
    li(A0, 1);
    label(".done");
    ret();
  }

  /**
   * disk_queue_address(a0: offset in the page, a1: register pair): the device sees physical ones.
   */
  private void queueAddress() {
    leaf("disk_queue_address");
    la(T0, "disk_queue");
    add(A0, A0, T0);
    ld(T0, "direct_map");
    sub(A0, A0, T0);
    sw(A0, 0, A1);
    srli(A0, A0, 32);
    sw(A0, 4, A1);
    ret();
  }

  /**
   * disk_request(a0: type, a1: sector, a2: buffer, in one page) -> a0: {@link #OK} or what went
   * wrong. For the shell's hart only, so there is one request at a time.
   */
  private void request() {
    function("disk_request", S0, S1);
    ld(S0, "disk");
    li(T0, NO_DISK);
    beqz(S0, ".failed");
    la(S1, "disk_queue");
    call("disk_descriptors");
    li(T0, UNANSWERED);
    sb(T0, ANSWER, S1);
    li(T0, 1);
    sd(T0, "disk_busy", T1);

    lhu(T0, AVAILABLE + RING_INDEX, S1);
    andi(T1, T0, QUEUE_SIZE - 1);
    slli(T1, T1, 1);
    add(T1, T1, S1);
    sh(ZERO, AVAILABLE + RING_ENTRIES, T1); // the chain starts with descriptor 0
    fence(RW, W); // the request is complete before the device can see it
    addi(T0, T0, 1);
    sh(T0, AVAILABLE + RING_INDEX, S1);
    fence(RW, IORW);
    sw(ZERO, QUEUE_NOTIFY, S0);

    la(A0, "disk_busy");
    ld(A1, "timebase");
    li(T0, SECONDS);
    mul(A1, A1, T0);
    call("wait_zero");
    li(T0, TIMED_OUT);
    beqz(A0, ".broken");
    lbu(A0, ANSWER, S1);
    ret();
    label(".broken"); // who knows when it writes into the buffer: no more requests
    sw(ZERO, STATUS, S0);
    sd(ZERO, "disk", T1);
    label(".failed");
    mv(A0, T0);
    ret();
  }

  /** disk_descriptors(a0: type, a1: sector, a2: buffer), with {@code s1} the queue. */
  private void descriptors() {
    leaf("disk_descriptors");
    sw(A0, HEADER, S1);
    sw(ZERO, HEADER + 4, S1);
    sd(A1, HEADER_SECTOR, S1);
    ld(T2, "direct_map");
    sub(T0, S1, T2);
    descriptor(0, HEADER, HEADER_SIZE, DESC_F_NEXT, 1);
    descriptor(2, ANSWER, 1, DESC_F_WRITE, 0);
    sub(T1, A2, T2);
    sd(T1, DESCRIPTOR + DESC_ADDRESS, S1);
    li(T1, SECTOR);
    sw(T1, DESCRIPTOR + DESC_LENGTH, S1);
    li(T1, 2);
    sh(T1, DESCRIPTOR + DESC_NEXT, S1);
    li(T1, DESC_F_NEXT | DESC_F_WRITE); // the device writes the buffer
    li(T2, OUT);
    bltu(A0, T2, ".data");
    li(T1, DESC_F_NEXT);
    beq(A0, T2, ".data");
    li(T1, 2); // a flush has no data
    sh(T1, DESC_NEXT, S1);
    ret();
    label(".data");
    sh(T1, DESCRIPTOR + DESC_FLAGS, S1);
    ret();
  }

  /** A part of the queue's page, whose physical address is in {@code t0}. */
  private void descriptor(int index, int offset, int length, int flags, int next) {
    int at = index * DESCRIPTOR;
    addi(T1, T0, offset);
    sd(T1, at + DESC_ADDRESS, S1);
    li(T1, length);
    sw(T1, at + DESC_LENGTH, S1);
    li(T1, flags);
    sh(T1, at + DESC_FLAGS, S1);
    li(T1, next);
    sh(T1, at + DESC_NEXT, S1);
  }

  /** disk_interrupt(): on the hart that has been chosen for it. */
  private void interrupt() {
    function("disk_interrupt");
    ld(T0, "disk");
    beqz(T0, ".done");
    lw(T1, INTERRUPT_STATUS, T0);
    sw(T1, INTERRUPT_ACK, T0);
    ld(T1, "disk_interrupts");
    addi(T1, T1, 1);
    sd(T1, "disk_interrupts", T2);
    la(T0, "disk_queue");
    fence(IORW, RW); // what the device wrote is seen after its interrupt
    lhu(T1, USED + RING_INDEX, T0);
    lhu(T2, AVAILABLE + RING_INDEX, T0);
    bne(T1, T2, ".done"); // it has not used all that was made available
    fence(RW, W);
    sd(ZERO, "disk_busy", T0);
    ld(A0, "boot_hart");
    beq(A0, TP, ".done"); // it is awake already
    li(A1, Harts.WAKE);
    call("send_ipi");
    label(".done");
    ret();
  }
}
