package dev.kasuari.demo;

/**
 * Two stacks for each hart, one for its work and one for its traps: a trap whose cause is a stack
 * that has run full needs another. Below each is a guard page, so that it faults when it runs full.
 */
final class Stacks extends Part {
  /** A stack with its guard page below. */
  static final int SIZE = 3 * Program.PAGE;

  Stacks(Program program) {
    super(program);
  }

  @Override
  void define() {
    pages("stacks", 2 * Hart.MAX * SIZE / Program.PAGE);
    pages("stacks_end", 0);
  }
}
