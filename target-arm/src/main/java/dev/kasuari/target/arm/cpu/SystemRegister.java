package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.StateField;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A system register as a processing element has it.
 *
 * @param number op0, op1, CRn, CRm and op2 in 16 bits, as instructions encode them
 * @param name the manual's name
 * @param level the least exception level that reaches it
 * @param guard what may trap it at levels that reach it
 * @param read null if it cannot be read
 * @param write null if it cannot be written
 */
public record SystemRegister(
    int number,
    String name,
    int level,
    Guard guard,
    @Nullable LongSupplier read,
    @Nullable LongConsumer write) {

  /**
   * What keeps a register of which nothing depends and that nothing traps.
   *
   * @param writable the bits that can be written; the others are zero
   */
  public record Storage(StateField field, int element, long writable) {}

  /** Looks for controls that trap an access. */
  @FunctionalInterface
  public interface Guard {
    /** An access that nothing traps. */
    int PERMITTED = 0;

    /** The instruction is undefined here. */
    int UNDEFINED = -1;

    /** The exception level that the access traps to, 1 to 3, or one of the above. */
    int check(int currentLevel, boolean writes);
  }

  /** The least exception level that op1 stands for (DDI 0487, D18.3.1). */
  static int level(int number) {
    return switch (number >> 11 & 7) {
      case 3 -> 0;
      case 4, 5 -> 2;
      case 6 -> 3;
      default -> 1;
    };
  }
}
