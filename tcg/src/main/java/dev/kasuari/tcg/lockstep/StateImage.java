package dev.kasuari.tcg.lockstep;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.tcg.EngineState;
import java.util.Arrays;

/**
 * A copy of what a unit may change in the guest state: the architecture's registers, and of the
 * accelerator's bytes the count of instructions and the reservation.
 */
final class StateImage {
  private static final int ENGINE_FROM = EngineState.RETIRED;

  /** Bytes of the accelerator that are compared. */
  static final int ENGINE_BYTES = EngineState.BACK_END - ENGINE_FROM;

  private static final int RESERVED = EngineState.RESERVED - ENGINE_FROM;
  private static final int RESERVATION = EngineState.RESERVATION_VIRTUAL - ENGINE_FROM;

  private final byte[] bytes;

  StateImage(StateLayout layout) {
    bytes = new byte[ENGINE_BYTES + layout.size() - StateLayout.RESERVED];
  }

  private StateImage(byte[] bytes) {
    this.bytes = bytes;
  }

  StateImage copy() {
    return new StateImage(bytes.clone());
  }

  /** Takes the state at a host address. */
  void capture(long state) {
    RawMemory.get(state + ENGINE_FROM, bytes, 0, ENGINE_BYTES);
    RawMemory.get(state + StateLayout.RESERVED, bytes, ENGINE_BYTES, bytes.length - ENGINE_BYTES);
    boolean none = true;
    for (int i = 0; i < Integer.BYTES; i++) {
      none &= bytes[RESERVED + i] == 0;
    }
    if (none) {
      // Where there is no reservation, what the last one was means nothing.
      Arrays.fill(bytes, RESERVATION, RESERVED, (byte) 0);
    }
  }

  void restore(long state) {
    RawMemory.put(state + ENGINE_FROM, bytes, 0, ENGINE_BYTES);
    RawMemory.put(state + StateLayout.RESERVED, bytes, ENGINE_BYTES, bytes.length - ENGINE_BYTES);
  }

  boolean same(StateImage other) {
    return Arrays.equals(bytes, other.bytes);
  }

  int size() {
    return bytes.length;
  }

  byte at(int index) {
    return bytes[index];
  }

  /** Offset in the guest state of a byte of the image. */
  static int offset(int index) {
    return index < ENGINE_BYTES ? ENGINE_FROM + index : StateLayout.RESERVED + index - ENGINE_BYTES;
  }

  /** Up to eight bytes at an offset in the guest state, as the host orders them. */
  long value(int offset, int size) {
    int at =
        offset < StateLayout.RESERVED
            ? offset - ENGINE_FROM
            : offset - StateLayout.RESERVED + ENGINE_BYTES;
    long value = 0;
    for (int i = 0; i < size; i++) {
      int shift = RawMemory.littleEndian() ? 8 * i : 8 * (size - 1 - i);
      value |= (bytes[at + i] & 0xffL) << shift;
    }
    return value;
  }
}
