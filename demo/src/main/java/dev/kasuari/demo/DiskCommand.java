package dev.kasuari.demo;

import static dev.kasuari.demo.VirtioBlk.*;
import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * disk: what is on it. It writes only to a disk with the {@link DemoDisk}'s signature: another one
 * may belong to somebody.
 */
final class DiskCommand extends Part {
  private static final int BYTES_IN_ROW = 16;
  private static final int DEL = 0x7f;

  DiskCommand(Program program) {
    super(program);
  }

  @Override
  void define() {
    disk();
    transfer();
    readLabel();
    show();
    countVisit();
    write();
    read();
    hexRow();
    pages("sector", 1); // a buffer
    pages("disk_label", 1); // sector 0
    table(
        "disk_errors",
        () -> {
          word(1);
          offset(text("the device reports an input/output error"), 4);
          word(2);
          offset(text("the device does not support this request"), 4);
          word(NO_DISK);
          offset(text("there is no disk to work with; devices lists what there is"), 4);
          word(TIMED_OUT);
          offset(text("the device does not answer"), 4);
          word(-1);
          offset(text("the device answers nonsense"), 4);
        });
  }

  private void disk() {
    function("command_disk", S0);
    mv(S0, A0);
    lbu(T0, 0, S0);
    beqz(T0, ".show");
    la(A1, text("read "));
    call("strprefix");
    bnez(A0, ".read");
    mv(A0, S0);
    la(A1, text("write "));
    call("strprefix");
    bnez(A0, ".write");
    printf("disk %s: not known. Type disk, disk read N, or disk write TEXT.\n", S0);
    ret();
    label(".show");
    tail("disk_show");
    label(".read");
    call("parse_number");
    bltz(A0, ".number");
    tail("disk_read");
    label(".number");
    printf("disk read: which sector? Type a number, as in disk read 1.\n");
    ret();
    label(".write");
    tail("disk_write");
  }

  /**
   * disk_transfer(a0: type, a1: sector, a2: buffer) -> a0: 0, or the error, which it has printed.
   */
  private void transfer() {
    function("disk_transfer", S0);
    call("disk_request");
    mv(S0, A0);
    beqz(S0, ".done");
    la(T0, "disk_errors");
    label(".next");
    lw(T1, 0, T0);
    beq(T1, S0, ".found");
    bltz(T1, ".found");
    addi(T0, T0, 8);
    j(".next");
    label(".found");
    loadOffset(A1, 4, T0);
    printf("disk: %s.\n", A1);
    label(".done");
    mv(A0, S0);
    ret();
  }

  /** disk_read_label() -> a0: 0 if it cannot be read, 1 if it is not ours, 2 if it is. */
  private void readLabel() {
    function("disk_read_label");
    li(A0, IN);
    li(A1, 0);
    la(A2, "disk_label");
    call("disk_transfer");
    beqz(A0, ".compare");
    li(A0, 0);
    ret();
    label(".compare");
    la(A0, "disk_label");
    la(A1, text(DemoDisk.SIGNATURE));
    call("strprefix");
    snez(A0, A0);
    addi(A0, A0, 1);
    ret();
  }

  private void show() {
    function("disk_show", S0);
    call("disk_read_label");
    beqz(A0, ".done");
    ld(A1, "disk_capacity");
    slli(A2, A1, 9);
    mv(S0, A0);
    printf("%u sectors, %z", A1, A2);
    addi(S0, S0, -2);
    beqz(S0, ".ours");
    printf(". No signature in sector 0, so nothing is written; disk read 0 shows it.\n");
    ret();
    label(".ours");
    la(A1, "disk_label");
    printf(", signature \"%s\"\n", A1);
    li(A0, DemoDisk.TEXT_SECTOR);
    call("disk_print_sector");
    bnez(A0, ".done");
    li(A0, DemoDisk.NOTE_SECTOR);
    call("disk_print_sector");
    bnez(A0, ".done");
    call("disk_count_visit");
    label(".done");
    ret();

    function("disk_print_sector"); // (a0: where the label has its number) -> a0: error
    call("disk_label_sector");
    mv(A1, A0);
    li(A0, IN);
    la(A2, "sector");
    call("disk_transfer");
    bnez(A0, ".failed");
    la(A1, "sector");
    sb(ZERO, SECTOR - 1, A1);
    printf("%s", A1);
    li(A0, 0);
    label(".failed");
    ret();

    leaf("disk_label_sector"); // (a0: where the label has it) -> a0: its number
    la(T0, "disk_label");
    add(T0, T0, A0);
    lwu(A0, 0, T0);
    ret();
  }

  /** disk_count_visit(): reads a sector, adds one, writes it, flushes it, reads it again. */
  private void countVisit() {
    function("disk_count_visit", S0, S1);
    ld(T0, "disk_features");
    andi(T0, T0, 1 << F_RO);
    beqz(T0, ".writable");
    printf("The disk is read-only, so nothing is written.\n");
    ret();
    label(".writable");
    li(A0, DemoDisk.VISITS_SECTOR);
    call("disk_label_sector");
    mv(S0, A0);
    li(A0, IN);
    mv(A1, S0);
    la(A2, "sector");
    call("disk_transfer");
    bnez(A0, ".done");
    la(T0, "sector");
    ld(S1, 0, T0);
    addi(S1, S1, 1);
    sd(S1, 0, T0);
    mv(A0, S0);
    call("disk_write_sector");
    bnez(A0, ".done");
    la(A2, "sector");
    sd(ZERO, 0, A2);
    li(A0, IN);
    mv(A1, S0);
    call("disk_transfer");
    bnez(A0, ".done");
    la(T0, "sector");
    ld(T0, 0, T0);
    la(A3, text("and reads back"));
    beq(T0, S1, ".good");
    la(A3, text("but does NOT read back"));
    label(".good");
    mv(A2, S0);
    ld(A4, "disk_interrupts");
    printf(
        "Visit %u is written to sector %u, flushed %s (%u interrupts so far).\n", S1, A2, A3, A4);
    label(".done");
    ret();

    function("disk_write_sector"); // (a0: number): writes and flushes the buffer -> a0: error
    mv(A1, A0);
    li(A0, OUT);
    la(A2, "sector");
    call("disk_transfer");
    bnez(A0, ".failed");
    ld(T0, "disk_features");
    andi(T0, T0, 1 << F_FLUSH);
    beqz(T0, ".failed"); // it has no cache that would need it; a0 is 0
    li(A0, FLUSH);
    li(A1, 0);
    call("disk_transfer");
    label(".failed");
    ret();
  }

  /** disk_write(a0: text): a note that disk shows. */
  private void write() {
    function("disk_write", S0);
    mv(S0, A0);
    call("disk_read_label");
    beqz(A0, ".done");
    addi(A0, A0, -2);
    beqz(A0, ".ours");
    printf("disk write: sector 0 has no signature, so this disk may be somebody's. Not written.\n");
    ret();
    label(".ours");
    ld(T0, "disk_features");
    andi(T0, T0, 1 << F_RO);
    beqz(T0, ".writable");
    printf("disk write: the disk is read-only.\n");
    ret();
    label(".writable");
    la(T0, "sector");
    li(T1, SECTOR - 2);
    label(".copy");
    lbu(T2, 0, S0);
    beqz(T2, ".end");
    sb(T2, 0, T0);
    addi(T0, T0, 1);
    addi(S0, S0, 1);
    addi(T1, T1, -1);
    bnez(T1, ".copy");
    label(".end");
    li(T2, '\n');
    sb(T2, 0, T0);
    sb(ZERO, 1, T0);
    li(A0, DemoDisk.NOTE_SECTOR);
    call("disk_label_sector");
    mv(S0, A0);
    call("disk_write_sector");
    bnez(A0, ".done");
    printf("Written to sector %u; disk shows it.\n", S0);
    label(".done");
    ret();
  }

  /** disk_read(a0: sector): in hexadecimal and as text. */
  private void read() {
    function("disk_read", S0, S1);
    mv(S0, A0);
    ld(T0, "disk");
    beqz(T0, ".read"); // which says that there is none
    ld(A1, "disk_capacity");
    bltu(S0, A1, ".read");
    addi(A1, A1, -1);
    printf("disk read: sectors are 0 to %u.\n", A1);
    ret();
    label(".read");
    li(A0, IN);
    mv(A1, S0);
    la(A2, "sector");
    call("disk_transfer");
    bnez(A0, ".done");
    li(S1, 0);
    label(".row");
    mv(A0, S1);
    call("hex_row");
    addi(S1, S1, BYTES_IN_ROW);
    li(T0, SECTOR);
    bltu(S1, T0, ".row");
    label(".done");
    ret();
  }

  /** hex_row(a0: offset in the sector); rows of zeros are not shown, except the first. */
  private void hexRow() {
    function("hex_row", S0, S1, S2);
    mv(S0, A0);
    la(S1, "sector");
    add(S1, S1, S0);
    ld(T0, 0, S1);
    ld(T1, 8, S1);
    or(T0, T0, T1);
    bnez(T0, ".show");
    beqz(S0, ".show");
    ret();
    label(".show");
    printf("  %03x ", S0);
    li(S2, BYTES_IN_ROW);
    label(".byte");
    lbu(A1, 0, S1);
    printf(" %02x", A1);
    addi(S1, S1, 1);
    addi(S2, S2, -1);
    bnez(S2, ".byte");
    printf("  ");
    addi(S1, S1, -BYTES_IN_ROW);
    li(S2, BYTES_IN_ROW);
    label(".character");
    lbu(A1, 0, S1);
    addi(T0, A1, -' ');
    sltiu(T0, T0, DEL - ' ');
    bnez(T0, ".printable");
    li(A1, '.');
    label(".printable");
    printf("%c", A1);
    addi(S1, S1, 1);
    addi(S2, S2, -1);
    bnez(S2, ".character");
    printf("\n");
    ret();
  }
}
