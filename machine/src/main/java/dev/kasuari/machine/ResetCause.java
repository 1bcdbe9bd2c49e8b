package dev.kasuari.machine;

/** Why a machine was reset. */
public enum ResetCause {
  /** It was switched on. */
  POWER_ON,
  /** The guest asked for it. */
  GUEST,
  /** An operator asked for it. */
  HOST,
  /** A watchdog fired. */
  WATCHDOG,
  /** The guest has crashed and policy says to start again. */
  GUEST_PANIC
}
