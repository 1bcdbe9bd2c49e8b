package dev.kasuari.target.riscv.sbi;

/** A group of calls with one number. */
interface SbiExtension {
  /** The number in {@code a7}. */
  int id();

  /** For traces. */
  String name();

  /** Performs a call on the calling hart's thread. */
  SbiResult call(SbiCall call);
}
