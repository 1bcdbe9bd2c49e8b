package dev.kasuari.machine.cpu;

/**
 * A named range of bytes in a {@link GuestState}: one register, or an array of registers of one
 * size.
 *
 * @param name the architecture's name for it
 * @param offset bytes from the start of the state, aligned to {@code size}
 * @param size bytes of one element: 1, 2, 4, 8, or a multiple of 8 up to 2048 for vector registers
 * @param count elements; 1 for a single register
 */
public record StateField(String name, int offset, int size, int count) {
  /** Offset of element {@code index}. */
  public int at(int index) {
    if (index < 0 || index >= count) {
      throw new IndexOutOfBoundsException(name + "[" + index + "] of " + count);
    }
    return offset + index * size;
  }

  /** Element {@code index} as a field of its own. */
  public StateField element(int index) {
    return new StateField(name + index, at(index), size, 1);
  }
}
