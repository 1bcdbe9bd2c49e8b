package dev.kasuari.machine.memory;

/** How a bus access ended. What a guest sees of an error is its CPU's business. */
public enum BusResult {
  /** Done; a read has its value. */
  OK,
  /** Nobody answers at this address. */
  DECODE_ERROR,
  /** Somebody answers, and refuses: a size or alignment it does not have, or a register's rule. */
  SLAVE_ERROR
}
