package dev.kasuari.tcg.lockstep;

import dev.kasuari.host.RawMemory;
import java.util.Arrays;

/** The bytes of a guest state that something changed, and what to. */
final class StateDelta {
  private static final StateDelta NONE = new StateDelta(new int[0], new byte[0]);

  private final int[] offsets;
  private final byte[] values;

  private StateDelta(int[] offsets, byte[] values) {
    this.offsets = offsets;
    this.values = values;
  }

  static StateDelta between(StateImage before, StateImage after) {
    if (before.same(after)) {
      return NONE;
    }
    int[] offsets = new int[before.size()];
    byte[] values = new byte[before.size()];
    int count = 0;
    for (int i = 0; i < before.size(); i++) {
      if (before.at(i) != after.at(i)) {
        offsets[count] = StateImage.offset(i);
        values[count++] = after.at(i);
      }
    }
    return new StateDelta(Arrays.copyOf(offsets, count), Arrays.copyOf(values, count));
  }

  /** Makes the changes in the state at a host address. */
  void apply(long state) {
    for (int i = 0; i < offsets.length; i++) {
      RawMemory.putByte(state + offsets[i], values[i]);
    }
  }
}
