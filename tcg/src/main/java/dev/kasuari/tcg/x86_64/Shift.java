package dev.kasuari.tcg.x86_64;

/** The shifts and rotates of the C1/D3 group. */
enum Shift {
  ROL(0),
  ROR(1),
  SHL(4),
  SHR(5),
  SAR(7);

  /** Number in the group. */
  final int number;

  Shift(int number) {
    this.number = number;
  }
}
