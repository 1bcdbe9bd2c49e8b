package dev.kasuari.machine.cpu;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The shape of one architecture's {@link GuestState}. Filled once, when the architecture's class is
 * initialised, and immutable in use.
 *
 * <p>The first {@link #RESERVED} bytes belong to the accelerator (exit records, poll word,
 * counters); the architecture's registers follow in declaration order, each naturally aligned, so
 * that the registers declared first are reached with the shortest displacements.
 */
public final class StateLayout {
  /** Bytes at the start of every state that belong to the accelerator. */
  public static final int RESERVED = 2560;

  /**
   * Accrued floating-point exceptions, in every architecture's state, as bits: inexact 1, underflow
   * 2, overflow 4, division by zero 8, invalid 16, and above them what softfloat defines. An
   * architecture with another order converts where its guest reads and writes them.
   */
  public static final StateField FP_FLAGS = new StateField("fp_flags", RESERVED, 4, 1);

  /**
   * The dynamic rounding mode: 0 nearest-even, 1 toward zero, 2 down, 3 up, 4
   * nearest-max-magnitude, 5 odd.
   */
  public static final StateField FP_ROUNDING = new StateField("fp_rounding", RESERVED + 4, 4, 1);

  private final List<StateField> fields = new ArrayList<>(List.of(FP_FLAGS, FP_ROUNDING));
  private int end = RESERVED + 8;

  /** Declares one register of {@code size} bytes. */
  public StateField field(String name, int size) {
    return array(name, size, 1);
  }

  /** Declares {@code count} registers of {@code size} bytes each. */
  public StateField array(String name, int size, int count) {
    int alignment = Math.min(Integer.highestOneBit(size), 64);
    int offset = (end + alignment - 1) & -alignment;
    var field = new StateField(name, offset, size, count);
    fields.add(field);
    end = offset + size * count;
    return field;
  }

  /** All fields, in declaration order. */
  public List<StateField> fields() {
    return Collections.unmodifiableList(fields);
  }

  /** Bytes that a state of this shape occupies, a multiple of 64. */
  public int size() {
    return (end + 63) & -64;
  }
}
