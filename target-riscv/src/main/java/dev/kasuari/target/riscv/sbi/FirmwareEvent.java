package dev.kasuari.target.riscv.sbi;

/**
 * What firmware counters count; an event's code is its ordinal. The first five are of traps that
 * such firmware handles, which this one never has. Those of hypervisors' fences are not there.
 * Source: SBI, section 11.3.
 */
enum FirmwareEvent {
  MISALIGNED_LOAD,
  MISALIGNED_STORE,
  ACCESS_LOAD,
  ACCESS_STORE,
  ILLEGAL_INSTRUCTION,
  SET_TIMER,
  IPI_SENT,
  IPI_RECEIVED,
  FENCE_I_SENT,
  FENCE_I_RECEIVED,
  SFENCE_VMA_SENT,
  SFENCE_VMA_RECEIVED,
  SFENCE_VMA_ASID_SENT,
  SFENCE_VMA_ASID_RECEIVED;

  /** How many there are. */
  static final int COUNT = values().length;
}
