package dev.kasuari.boards;

import dev.kasuari.hw.nvram.FwCfg;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Where a machine starts that has programs in flash.
 *
 * @param first what a CPU starts with instead of the beginning of RAM
 * @param next what firmware goes on with instead of a kernel, which it then is to find in {@code
 *     fwCfg}
 * @param fwCfg what firmware is told by the machine, or null
 */
record FlashBoot(OptionalLong first, OptionalLong next, @Nullable FwCfg fwCfg) {
  /** There is no flash. */
  static final FlashBoot NONE = new FlashBoot(OptionalLong.empty(), OptionalLong.empty(), null);

  /** The same where firmware that is not in flash comes before all that is. */
  FlashBoot behindFirmware() {
    return first.isEmpty() ? this : new FlashBoot(OptionalLong.empty(), first, fwCfg);
  }
}
