package dev.kasuari.cli;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.asm.Reg.S1;
import static dev.kasuari.target.riscv.asm.Reg.S2;
import static dev.kasuari.target.riscv.asm.Reg.S3;
import static dev.kasuari.target.riscv.asm.Reg.S4;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.asm.Reg.T1;
import static dev.kasuari.target.riscv.asm.Reg.T2;
import static dev.kasuari.target.riscv.asm.Reg.T3;
import static dev.kasuari.target.riscv.asm.Reg.ZERO;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.*;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;

/**
 * Programs that do what no program should, to be started with {@code -bios none}: in machine mode,
 * at the beginning of memory. Where one ends, its exit code says what it saw.
 */
final class BadGuests {
  private static final int FINISHER = 0x10_0000;
  private static final int UART = 0x1000_0000;

  /** The last virtio slot, in which the first disk is. */
  private static final int DISK = 0x1000_8000;

  private static final long NOWHERE = 0x0500_0000;

  private static final int MTVEC = 0x305;
  private static final int MEPC = 0x341;
  private static final int MCAUSE = 0x342;

  private BadGuests() {}

  /** Exits with a code; 0 is success. */
  private static void exit(Assembler a, int code) {
    a.li(A0, code);
    exit(a);
  }

  /** Exits with the code in {@code a0}. */
  private static void exit(Assembler a) {
    a.i(slli(A0, A0, 16));
    a.li(T0, 0x3333);
    a.i(or(A0, A0, T0));
    a.li(T0, FINISHER);
    a.i(sw(T0, A0, 0));
    a.j(a.here("forever"));
  }

  private static void trapsTo(Assembler a, Label handler) {
    a.la(T0, handler);
    a.i(csrrw(ZERO, MTVEC, T0));
  }

  /** Exits with what the trap was, plus 64 if it was not at {@code s0}. */
  private static void handler(Assembler a, Label handler) {
    a.align(4);
    a.bind(handler);
    Label right = a.label("right");
    a.i(csrrs(A0, MCAUSE, ZERO));
    a.i(csrrs(T1, MEPC, ZERO));
    a.to(right, d -> beq(T1, S0, d));
    a.i(addi(A0, A0, 64));
    a.bind(right);
    exit(a);
  }

  /** Jumps to where there is no memory. */
  static byte[] jumpsToNowhere() {
    var a = new Assembler();
    Label handler = a.label("handler");
    trapsTo(a, handler);
    a.li(S0, NOWHERE);
    a.i(jalr(ZERO, S0, 0));
    handler(a, handler);
    return a.assemble();
  }

  /** Runs off the end of memory, of which there are 16 MiB. */
  static byte[] runsOffTheEnd() {
    var a = new Assembler();
    Label handler = a.label("handler");
    trapsTo(a, handler);
    a.li(S0, 0x8100_0000L);
    a.li(T0, addi(ZERO, ZERO, 0));
    a.i(sw(S0, T0, -4));
    a.i(fenceI());
    a.i(jalr(ZERO, S0, -4));
    handler(a, handler);
    return a.assemble();
  }

  /**
   * Changes the next instruction, a thousand times, each time to one that adds something else; then
   * overwrites all that follows with zeroes, which are no instructions.
   */
  static byte[] writesOverItsCode() {
    var a = new Assembler();
    Label handler = a.label("handler");
    Label changed = a.label("changed");
    Label again = a.label("again");
    Label wrong = a.label("wrong");
    Label rest = a.label("rest");
    trapsTo(a, handler);
    a.la(S1, changed);
    a.li(S2, 0); // the sum
    a.li(S3, 1000);
    a.li(S4, 0); // what it should be
    a.bind(again);
    a.i(add(S4, S4, S3));
    a.li(T0, addi(S2, S2, 0));
    a.i(slli(T1, S3, 20), add(T0, T0, T1), sw(S1, T0, 0), fenceI());
    a.bind(changed);
    a.i(ebreak());
    a.to(wrong, d -> bne(S2, S4, d));
    a.i(addi(S3, S3, -1));
    a.bnez(S3, again);
    a.la(S0, rest);
    a.li(T1, 64);
    a.mv(T0, S0);
    Label zero = a.here("zero");
    a.i(sw(T0, ZERO, 0), addi(T0, T0, 4), addi(T1, T1, -1));
    a.bnez(T1, zero);
    a.i(fenceI());
    a.bind(rest);
    for (int i = 0; i < 64; i++) {
      a.i(addi(ZERO, ZERO, 0));
    }
    a.bind(wrong);
    exit(a, 63);
    handler(a, handler);
    return a.assemble();
  }

  /** Divides by zero in every way; no way traps (volume I, "M" extension). */
  static byte[] dividesByZero() {
    var a = new Assembler();
    Label handler = a.label("handler");
    Label wrong = a.label("wrong");
    trapsTo(a, handler);
    a.li(S1, 1234);
    a.li(S2, -1);
    int[] allOnes = {
      div(T0, S1, ZERO), divu(T0, S1, ZERO), divw(T0, S1, ZERO), divuw(T0, S1, ZERO)
    };
    int[] dividend = {
      rem(T0, S1, ZERO), remu(T0, S1, ZERO), remw(T0, S1, ZERO), remuw(T0, S1, ZERO)
    };
    for (int instruction : allOnes) {
      a.i(instruction);
      a.to(wrong, d -> bne(T0, S2, d));
    }
    for (int instruction : dividend) {
      a.i(instruction);
      a.to(wrong, d -> bne(T0, S1, d));
    }
    exit(a, 0);
    a.bind(wrong);
    exit(a, 63);
    handler(a, handler);
    return a.assemble();
  }

  /** Says so, and then takes an exception whose handler is where there is no memory. */
  static byte[] loopsInAnException() {
    var a = new Assembler();
    a.li(T0, NOWHERE);
    a.i(csrrw(ZERO, MTVEC, T0));
    a.li(T0, UART);
    a.li(T1, '!');
    a.i(sb(T0, T1, 0));
    a.i(ebreak());
    return a.assemble();
  }

  /** What {@link #powersOffDuringWrites} writes: so many requests of so many bytes. */
  static final int REQUESTS = 64;

  static final int REQUEST = 32 * 1024;

  private static final int QUEUE = 256;
  private static final long DESCRIPTORS = 0x8010_0000L;
  private static final long AVAILABLE = 0x8011_0000L;
  private static final long USED = 0x8012_0000L;
  private static final long HEADERS = 0x8013_0000L;
  private static final long STATUSES = 0x8014_0000L;
  private static final long DATA = 0x8020_0000L;

  /**
   * Gives the disk {@link #REQUESTS} writes at once, each to its own place and with bytes that are
   * one more than its number, waits until some are done, prints a letter ({@code '0'} plus the
   * number) for each, and switches off with exit code 42.
   */
  static byte[] powersOffDuringWrites() {
    var a = new Assembler();
    startDisk(a);
    requests(a);
    a.li(T0, AVAILABLE);
    a.li(T1, REQUESTS);
    a.i(fence(3, 1), sh(T0, T1, 2), fence(15, 15));
    a.li(T0, DISK);
    a.i(sw(T0, ZERO, 0x50)); // QueueNotify
    a.li(S0, USED);
    a.li(T1, 8);
    Label wait = a.here("wait");
    a.i(lhu(S1, S0, 2));
    a.to(wait, d -> bltu(S1, T1, d));
    a.i(fence(15, 15));
    a.li(S3, UART);
    Label next = a.here("next");
    a.i(lw(T0, S0, 4)); // the chain's first descriptor, three to each
    a.li(T1, 3);
    a.i(divu(T0, T0, T1), addi(T0, T0, '0'), sb(S3, T0, 0));
    a.i(addi(S0, S0, 8), addi(S1, S1, -1));
    a.bnez(S1, next);
    exit(a, 42);
    return a.assemble();
  }

  private static void register(Assembler a, int offset, long value) {
    a.li(T1, value);
    a.i(sw(T0, T1, offset));
  }

  private static void startDisk(Assembler a) {
    a.li(T0, DISK);
    register(a, 0x70, 0);
    register(a, 0x70, 3);
    register(a, 0x24, 1);
    register(a, 0x20, 1); // VIRTIO_F_VERSION_1
    register(a, 0x70, 11);
    register(a, 0x30, 0);
    register(a, 0x38, QUEUE);
    register(a, 0x80, DESCRIPTORS);
    register(a, 0x90, AVAILABLE);
    register(a, 0xa0, USED);
    register(a, 0x44, 1);
    register(a, 0x70, 15);
  }

  private static void requests(Assembler a) {
    a.li(S0, 0); // its number
    a.li(S1, DESCRIPTORS);
    a.li(S2, HEADERS);
    a.li(S3, DATA);
    a.li(S4, STATUSES);
    Label request = a.here("request");
    a.li(T0, 1); // VIRTIO_BLK_T_OUT
    a.i(sw(S2, T0, 0), sw(S2, ZERO, 4));
    a.li(T0, REQUEST / 512);
    a.i(mul(T0, T0, S0), sd(S2, T0, 8));
    fill(a);
    descriptor(a, 0, S2, 16, 1);
    descriptor(a, 1, S3, REQUEST, 1);
    descriptor(a, 2, S4, 1, 2);
    a.li(T0, AVAILABLE);
    a.i(slli(T1, S0, 1), add(T0, T0, T1), add(T2, T1, S0), sh(T0, T2, 4));
    a.i(addi(S1, S1, 48), addi(S2, S2, 16), addi(S4, S4, 1), addi(S0, S0, 1));
    a.li(T0, REQUEST);
    a.i(add(S3, S3, T0));
    a.li(T0, REQUESTS);
    a.to(request, d -> bltu(S0, T0, d));
  }

  /** The request's data, eight bytes at a time. */
  private static void fill(Assembler a) {
    a.li(T0, 0x0101_0101_0101_0101L);
    a.i(addi(T1, S0, 1), mul(T0, T0, T1));
    a.mv(T1, S3);
    a.li(T2, REQUEST);
    a.i(add(T2, T2, S3));
    Label more = a.here("more");
    a.i(sd(T1, T0, 0), addi(T1, T1, 8));
    a.to(more, d -> bltu(T1, T2, d));
  }

  /** One of a request's three. */
  private static void descriptor(Assembler a, int index, int address, int length, int flags) {
    int at = 16 * index;
    a.i(sd(S1, address, at));
    a.li(T0, length);
    a.li(T1, flags);
    a.i(sw(S1, T0, at + 8), sh(S1, T1, at + 12));
    a.li(T2, 3);
    a.i(mul(T3, T2, S0), addi(T3, T3, index + 1), sh(S1, T3, at + 14));
  }
}
