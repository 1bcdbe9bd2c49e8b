package dev.kasuari.tcg.lockstep;

import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.tcg.ir.Helper;

/** Something that the guest was told from outside of its code. */
sealed interface Told {
  /**
   * A device answered.
   *
   * @param retired instructions counted when it did
   * @param value what was written, or 0
   * @param answer what was read
   * @param delta what that changed in the CPU: lines go up and down
   */
  record Bus(
      long retired,
      long address,
      int size,
      boolean write,
      long value,
      BusResult result,
      long answer,
      StateDelta delta)
      implements Told {
    @Override
    public String toString() {
      return write
          ? "a write of %d bytes, 0x%x, to 0x%x".formatted(size, value, address)
          : "a read of %d bytes from 0x%x".formatted(size, address);
    }
  }

  /**
   * A helper computed.
   *
   * @param retired instructions counted when it did
   * @param before the state that it was called with
   * @param fault what it raised, or null
   * @param flushed it made the soft MMU forget something
   */
  record Call(
      long retired,
      Helper helper,
      long a,
      long b,
      long c,
      StateImage before,
      long result,
      StateDelta delta,
      @org.jspecify.annotations.Nullable Fault fault,
      boolean flushed)
      implements Told {
    @Override
    public String toString() {
      return "a call of %s(0x%x, 0x%x, 0x%x)".formatted(helper.name(), a, b, c);
    }
  }

  /** An exception of the guest. */
  record Fault(int cause, long value) {}

  /** The bytes that a device is to take; what is above them means nothing. */
  static long written(BusAccess access) {
    return access.write() ? access.value() & -1L >>> (64 - 8 * access.size()) : 0;
  }
}
