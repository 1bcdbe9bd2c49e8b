package dev.kasuari.it;

import dev.kasuari.boards.BoardType;
import dev.kasuari.boards.Boards;

/** A target that boots a Debian, and what Debian calls it. */
enum DebianTarget {
  RISCV64("riscv64", "trixie", "riscv64", "riscv64", "ttyS0"),
  AARCH64("aarch64", "bookworm", "arm64", "aarch64", "ttyAMA0");

  private final String target;
  private final String suite;
  private final String architecture;
  private final String machine;
  private final String console;

  DebianTarget(String target, String suite, String architecture, String machine, String console) {
    this.target = target;
    this.suite = suite;
    this.architecture = architecture;
    this.machine = machine;
    this.console = console;
  }

  /** The architecture in the emulator's name. */
  String target() {
    return target;
  }

  /** The release. */
  String suite() {
    return suite;
  }

  /** Debian's name of the architecture. */
  String architecture() {
    return architecture;
  }

  /** What {@code uname -m} says. */
  String machine() {
    return machine;
  }

  /** The name of its serial port. */
  String console() {
    return console;
  }

  /** The board {@code virt}. */
  BoardType board() {
    return Boards.of(target).getFirst();
  }
}
