package dev.kasuari.tcg.x86_64;

/** The shifts of the C0/D2 group. */
enum Shift {
  SHL(4),
  SHR(5),
  SAR(7);

  /** Number in the group. */
  final int number;

  Shift(int number) {
    this.number = number;
  }
}
