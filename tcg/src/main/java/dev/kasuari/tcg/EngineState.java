package dev.kasuari.tcg;

/**
 * What the engine keeps in the bytes that every guest state reserves for the accelerator, as
 * offsets: shared by Java and emitted code.
 */
public final class EngineState {
  /** int, volatile: not 0 asks the vCPU to leave at the next block. Any thread. */
  public static final int POLL = 0;

  /** long: instructions retired, counted when a block is entered and corrected when it is left. */
  public static final int RETIRED = 8;

  /** long: virtual address of the reservation; meaningless unless {@link #RESERVED}. */
  public static final int RESERVATION_VIRTUAL = 16;

  /** long: RAM address of the reservation. */
  public static final int RESERVATION_RAM = 24;

  /** long: what was loaded when the reservation was made. */
  public static final int RESERVATION_VALUE = 32;

  /** int: bytes reserved; 0 for no reservation. */
  public static final int RESERVED = 40;

  private EngineState() {}
}
