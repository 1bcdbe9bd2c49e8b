package dev.kasuari.demo;

/** What the kernel keeps of each hart: byte offsets from {@code tp}, fields of eight bytes. */
final class Hart {
  /** As many harts as the kernel runs; a machine may have more. */
  static final int MAX = 8;

  /** The machine's number for it. */
  static final int ID = 0;

  /** Our number for it: its place in the devicetree. */
  static final int INDEX = 8;

  static final int STATE = 16;

  /** Address of the devicetree's text. */
  static final int ISA = 24;

  /** The devicetree's handle of the hart's own interrupt controller. */
  static final int INTC = 32;

  /** Its S-mode context at the PLIC, or -1. */
  static final int PLIC_CONTEXT = 40;

  static final int TICKS = 48;
  static final int IPIS = 56;
  static final int EXTERNALS = 64;

  /** What other harts ask it to do: bits, see {@link Harts}. */
  static final int MAILBOX = 72;

  /** Ends of its two stacks. */
  static final int STACK = 80;

  static final int TRAP_STACK = 88;

  /** Where to go on after an exception that is expected, or 0; and the stack there. */
  static final int RECOVER_PC = 96;

  static final int RECOVER_SP = 104;

  /** How many spinlocks it holds, and whether it took interrupts before the first. */
  static final int LOCKS = 112;

  static final int LOCKS_SIE = 120;

  /** When its next tick is due. */
  static final int NEXT_TICK = 128;

  /** What the SBI said when it was asked to start the hart. */
  static final int SBI_ERROR = 136;

  static final int SIZE = 144;

  /** Values of {@link #STATE}. */
  static final int STATE_OFF = 0;

  static final int STATE_STARTING = 1;
  static final int STATE_ONLINE = 2;
  static final int STATE_FAILED = 3;
  static final int STATE_DISABLED = 4;

  private Hart() {}
}
