package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.cpu.StateField;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One control and status register as a hart has it.
 *
 * @param number 12 bits; bits 9:8 are the least privilege that reaches it, bits 11:10 are 3 if it
 *     is read-only (privileged, section 2.1)
 * @param name the manual's name
 * @param guard says whether the present state lets the present privilege reach it, beyond what the
 *     number says
 * @param read the value
 * @param write what a write does
 * @param storage what it is stored in, if reading and writing that is all it does
 */
public record Csr(
    int number,
    String name,
    BooleanSupplier guard,
    LongSupplier read,
    Write write,
    @Nullable Storage storage) {

  /**
   * A field of the state that is all there is to a register.
   *
   * @param writable the bits that a write may change; the others are 0
   */
  public record Storage(StateField field, long writable) {}

  /** What a write does. */
  @FunctionalInterface
  public interface Write {
    /**
     * Makes of {@code value} what the register can hold, and keeps that.
     *
     * @param value the new value of the whole register
     * @param mask the bits that the instruction writes; the others have the value that was read,
     *     and where another thread may have changed them since they are to be left alone
     */
    void set(long value, long mask);
  }

  /** The least privilege that reaches it. */
  public int privilege() {
    return number >> 8 & 3;
  }

  /** True if every write is illegal. */
  public boolean readOnly() {
    return number >> 10 == 3;
  }
}
