package dev.kasuari.tcg;

import dev.kasuari.machine.cpu.StateLayout;

/**
 * What the engine keeps in the bytes that every guest state reserves for the accelerator, as
 * offsets: shared by Java and emitted code. Fields that emitted code uses in every block or memory
 * access are at the end, next to the guest's registers, so that one byte of displacement reaches
 * both from {@link #ANCHOR}.
 */
public final class EngineState {
  /** Room for values of the unit that runs, for which the host has no register. */
  public static final int FRAME = 0;

  /** Bytes of the frame. */
  public static final int FRAME_BYTES = 2048;

  /** long: instructions retired, counted when a block is entered and corrected when it is left. */
  public static final int RETIRED = FRAME + FRAME_BYTES;

  /** long: virtual address of the reservation; meaningless unless {@link #RESERVED}. */
  public static final int RESERVATION_VIRTUAL = RETIRED + 8;

  /** long: host address of the reservation. */
  public static final int RESERVATION_HOST = RETIRED + 16;

  /** long: what was loaded when the reservation was made. */
  public static final int RESERVATION_VALUE = RETIRED + 24;

  /** int: bytes reserved; 0 for no reservation. */
  public static final int RESERVED = RETIRED + 32;

  /**
   * long, volatile: who is closing write paths of the TLBs now, in the low half, and how often that
   * was begun, in the high half. Any thread.
   */
  public static final int CLOSING = RETIRED + 40;

  /** The first byte that is the back end's own; it ends where the TLBs of rare regimes begin. */
  public static final int BACK_END = RETIRED + 48;

  /** Bytes that are the back end's own. */
  public static final int BACK_END_BYTES = 192;

  private static final int RARE_TLBS = BACK_END + BACK_END_BYTES;
  private static final int FREQUENT_REGIMES = 3;
  private static final int FREQUENT_TLBS = StateLayout.RESERVED - 16 * FREQUENT_REGIMES;

  /** long: for the back end; near the anchor. */
  public static final int BACK_END_NEAR = FREQUENT_TLBS - 8;

  /** int, volatile: not 0 asks the vCPU to leave at the next block. Any thread. */
  public static final int POLL = BACK_END_NEAR - 8;

  /** Translation regimes there can be. */
  public static final int REGIMES = 16;

  /** Where emitted code points its base register: the guest's first registers are around it. */
  public static final int ANCHOR = StateLayout.RESERVED + 64;

  /** In a TLB's descriptor, long: the bits of {@code address >> 7} that select an entry. */
  public static final int TLB_MASK = 0;

  /** In a TLB's descriptor, long: host address of the first entry. */
  public static final int TLB_TABLE = 8;

  private EngineState() {}

  /** Descriptor of the TLB of a regime: mask and table. */
  public static int tlb(int mmuIndex) {
    return mmuIndex < FREQUENT_REGIMES
        ? FREQUENT_TLBS + 16 * mmuIndex
        : RARE_TLBS + 16 * (mmuIndex - FREQUENT_REGIMES);
  }
}
