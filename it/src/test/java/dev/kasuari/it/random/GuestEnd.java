package dev.kasuari.it.random;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * What became of a guest.
 *
 * @param retired instructions executed
 * @param units how often a unit was entered
 * @param traps into M-mode, in order
 * @param registers all of its CPU's state
 * @param memory all of its RAM
 */
record GuestEnd(
    long retired, long units, List<Trap> traps, ByteBuffer registers, ByteBuffer memory) {
  /** What the first difference is; empty if there is none. */
  String difference(GuestEnd other) {
    int both = Math.min(traps.size(), other.traps.size());
    for (int i = 0; i < both; i++) {
      if (!traps.get(i).equals(other.traps.get(i))) {
        return "trap %d:%n  %s%n  %s%n".formatted(i, traps.get(i), other.traps.get(i));
      }
    }
    if (traps.size() != other.traps.size() || retired != other.retired || units != other.units) {
      return "%d traps, %d instructions, %d units; %d traps, %d instructions, %d units%n"
          .formatted(traps.size(), retired, units, other.traps.size(), other.retired, other.units);
    }
    int register = registers.mismatch(other.registers);
    if (register >= 0) {
      return "byte %d of the registers at the end%n".formatted(register);
    }
    int byteAt = memory.mismatch(other.memory);
    return byteAt >= 0 ? "memory at 0x%x at the end%n".formatted(Layout.RAM + byteAt) : "";
  }
}
