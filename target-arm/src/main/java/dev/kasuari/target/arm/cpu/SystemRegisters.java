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
  private final ArmModel model;
  private final Map<Integer, SystemRegister> table = new HashMap<>();
  private final Map<Integer, SystemRegister.Storage> stored = new HashMap<>();

  SystemRegisters(GuestState state, ArmModel model) {
    this.state = state;
    this.model = model;
  }

  /** A guard that nothing stops. */
  static int permitted(int currentLevel, boolean writes) {
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
    if (register.level() > model.levels()) {
      return;
    }
    boolean missing = register.level() == 2 && !model.hasHypervisor();
    SystemRegister there = missing ? withoutHypervisor(register) : register;
    if (table.put(there.number(), there) != null) {
      throw new IllegalStateException(register.name() + " is declared twice");
    }
  }

  /** What EL3 finds of EL2 if there is none: zero, but for what says who it is (D1.3.1). */
  private static SystemRegister withoutHypervisor(SystemRegister register) {
    boolean constant = register.write() == null && register.read() != null;
    return new SystemRegister(
        register.number(),
        register.name(),
        3,
        register.guard(),
        constant ? register.read() : () -> 0,
        value -> {});
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
    add(numberOf(name), guard, read, write);
  }

  /** A register that may have no name, with behaviour and a guard. */
  void add(
      int number,
      SystemRegister.Guard guard,
      @Nullable LongSupplier read,
      @Nullable LongConsumer write) {
    String name = A64SystemRegisters.name(number);
    add(new SystemRegister(number, name, SystemRegister.level(number), guard, read, write));
  }

  /** A register that always reads the same and cannot be written. */
  void constant(String name, long value) {
    add(name, () -> value, null);
  }

  /** A register that reads as zero and takes writes without effect. */
  void zero(String name, SystemRegister.Guard guard) {
    add(name, guard, () -> 0, value -> {});
  }

  /** A register that keeps the bits of {@code writable} and does nothing. */
  void field(String name, StateField field, int element, long writable) {
    field(name, SystemRegisters::permitted, field, element, writable);
    if (find(numberOf(name)) != null) {
      stored.put(numberOf(name), new SystemRegister.Storage(field, element, writable));
    }
  }

  /** The same with a guard. */
  void field(
      String name, SystemRegister.Guard guard, StateField field, int element, long writable) {
    add(
        name,
        guard,
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

  /** The same with a guard. */
  void byLevel(
      String name, SystemRegister.Guard guard, StateField field, int first, long writable) {
    for (int level = first; level <= 3; level++) {
      field(name + "_el" + level, guard, field, level, writable);
    }
  }

  // ---- use -------------------------------------------------------------------------------------

  @Nullable SystemRegister find(int number) {
    return table.get(number);
  }

  /** What keeps a register that only stores and that nothing traps; null for all others. */
  SystemRegister.@Nullable Storage storage(int number) {
    return stored.get(number);
  }
}
