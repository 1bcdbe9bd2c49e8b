package dev.kasuari.machine.memory;

/**
 * What answers the accesses of an MMIO region. It is called under the machine's lock, knows offsets
 * only, and with the sizes of {@link #sizes()}. An access it refuses it ends with {@link
 * BusAccess#fail}; an exception out of it is a bug in the device and stops the machine.
 */
public interface MmioHandler {
  /**
   * Reads {@code size} bytes at {@code offset}.
   *
   * @param access who asks; {@link BusAccess#fail} refuses
   * @return the value; bits above {@code size} bytes are ignored
   */
  long read(long offset, int size, BusAccess access);

  /**
   * Writes {@code size} bytes at {@code offset}.
   *
   * @param value zero-extended
   * @param access who asks; {@link BusAccess#fail} refuses
   */
  void write(long offset, int size, long value, BusAccess access);

  /** The sizes that the guest may use and those implemented here; always the same. */
  default AccessSizes sizes() {
    return AccessSizes.ANY;
  }

  /**
   * What the bytes that a write narrower than {@code sizes().min()} does not carry are filled with;
   * must have no side effect. Plain storage answers its present value, all else zero.
   */
  default long lanes(long offset, int size) {
    return 0;
  }

  /** What {@link #read} would answer, without side effects; for debuggers and dumps. */
  default long peek(long offset, int size) {
    return lanes(offset, size);
  }

  /** Called once after each access of the guest, however often it was split. */
  default void accessed() {}
}
