package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.target.arm.isa.A64SystemRegisters;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The system registers of one processing element. The parts that own them declare them here when it
 * is made; what its model lacks is not declared, and is undefined.
 */
final class SystemRegisters {
  private final GuestState state;
  private final int highest;
  private final Map<Integer, SystemRegister> table = new HashMap<>();

  /**
   * @param highest the highest exception level there is
   */
  SystemRegisters(GuestState state, int highest) {
    this.state = state;
    this.highest = highest;
  }

  private static int permitted(int currentLevel, boolean writes) {
    return SystemRegister.Guard.PERMITTED;
  }

  private static int numberOf(String name) {
    int number = A64SystemRegisters.number(name);
    if (number < 0) {
      throw new IllegalArgumentException("no system register " + name);
    }
    return number;
  }

  private void add(SystemRegister register) {
    if (register.level() <= highest && table.put(register.number(), register) != null) {
      throw new IllegalStateException(register.name() + " is declared twice");
    }
  }

  // ---- declaration -----------------------------------------------------------------------------

  /** A register with behaviour. */
  void add(String name, @Nullable LongSupplier read, @Nullable LongConsumer write) {
    add(name, SystemRegisters::permitted, read, write);
  }

  /** A register with behaviour and a guard. */
  void add(
      String name,
      SystemRegister.Guard guard,
      @Nullable LongSupplier read,
      @Nullable LongConsumer write) {
    int number = numberOf(name);
    add(new SystemRegister(number, name, SystemRegister.level(number), guard, read, write));
  }

  /** A register that always reads the same and cannot be written. */
  void constant(String name, long value) {
    add(name, () -> value, null);
  }

  /** A register that keeps the bits of {@code writable} and does nothing. */
  void field(String name, StateField field, int element, long writable) {
    add(
        name,
        () -> state.get(field, element),
        value -> state.set(field, element, value & writable));
  }

  /** As the other, for a register that there is but one of. */
  void field(String name, StateField field) {
    field(name, field, 0, -1);
  }

  /** {@code name} with {@code _el1} and so on, for each level from {@code first} to 3. */
  void byLevel(String name, StateField field, int first, long writable) {
    for (int level = first; level <= 3; level++) {
      field(name + "_el" + level, field, level, writable);
    }
  }

  // ---- use -------------------------------------------------------------------------------------

  @Nullable SystemRegister find(int number) {
    return table.get(number);
  }
}
