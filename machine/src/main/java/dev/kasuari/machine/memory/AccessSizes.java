package dev.kasuari.machine.memory;

import java.nio.ByteOrder;

/**
 * The access sizes of an {@link MmioHandler}, in bytes (1, 2, 4 or 8). What the guest may ask and
 * what the handler implements are two things; the bus splits or widens between them.
 *
 * @param validMin the narrowest access that is answered at all
 * @param validMax the widest access that is answered at all
 * @param min the narrowest size the handler is called with
 * @param max the widest size the handler is called with
 * @param unaligned whether addresses that are not a multiple of the size are answered; if so the
 *     handler sees them as they are
 * @param order the device's byte order
 */
public record AccessSizes(
    int validMin, int validMax, int min, int max, boolean unaligned, ByteOrder order) {
  /** Any size from 1 to 8, aligned, little-endian, handled as asked. */
  public static final AccessSizes ANY = of(1, 8);

  public AccessSizes {
    if (!isSize(validMin) || !isSize(validMax) || !isSize(min) || !isSize(max)) {
      throw new IllegalArgumentException("access sizes are 1, 2, 4 or 8");
    }
    if (validMin > validMax || min > max) {
      throw new IllegalArgumentException("the narrowest access size is above the widest");
    }
  }

  /** Answers {@code min} to {@code max} and implements just these; aligned, little-endian. */
  public static AccessSizes of(int min, int max) {
    return new AccessSizes(min, max, min, max, false, ByteOrder.LITTLE_ENDIAN);
  }

  /** The handler is called with these sizes only; the bus splits wider and widens narrower. */
  public AccessSizes implemented(int min, int max) {
    return new AccessSizes(validMin, validMax, min, max, unaligned, order);
  }

  /** The handler takes addresses that are not a multiple of the size. */
  public AccessSizes withUnaligned() {
    return new AccessSizes(validMin, validMax, min, max, true, order);
  }

  /** The device is big-endian. */
  public AccessSizes bigEndian() {
    return new AccessSizes(validMin, validMax, min, max, unaligned, ByteOrder.BIG_ENDIAN);
  }

  /** True if the guest may ask for {@code size} bytes at {@code offset}. */
  public boolean answers(long offset, int size) {
    return size >= validMin && size <= validMax && (unaligned || (offset & (size - 1)) == 0);
  }

  private static boolean isSize(int size) {
    return size == 1 || size == 2 || size == 4 || size == 8;
  }
}
