package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateField;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The CSRs of one hart. The parts of the hart that own them declare them here when it is made; what
 * its model lacks is not declared, and is illegal to touch.
 */
final class CsrFile {
  /** Operations of {@link #access}. */
  static final int READ = 0;

  static final int SWAP = 1;
  static final int SET = 2;
  static final int CLEAR = 3;

  private static final long LOW_HALF = 0xffff_ffffL;

  private final GuestState state;
  private final boolean rv32;
  private final @Nullable Csr[] table = new Csr[4096];
  private long old;

  CsrFile(GuestState state, int xlen) {
    this.state = state;
    this.rv32 = xlen == 32;
  }

  private static boolean always() {
    return true;
  }

  // ---- declaration -----------------------------------------------------------------------------

  /** A register with behaviour and a guard. */
  void add(int number, String name, BooleanSupplier guard, LongSupplier read, Csr.Write write) {
    add(new Csr(number, name, guard, read, write, null));
  }

  private void add(Csr csr) {
    if (table[csr.number()] != null) {
      throw new IllegalStateException("CSR 0x%03x declared twice".formatted(csr.number()));
    }
    table[csr.number()] = csr;
  }

  /** A register with behaviour. */
  void add(int number, String name, LongSupplier read, Csr.Write write) {
    add(number, name, CsrFile::always, read, write);
  }

  /** A register that keeps the bits of {@code writable} and does nothing. */
  void field(int number, String name, StateField field, long writable) {
    add(
        new Csr(
            number,
            name,
            CsrFile::always,
            () -> state.get(field),
            (value, mask) -> state.set(field, value & writable),
            new Csr.Storage(field, writable)));
  }

  /** A register that always reads the same, and takes writes if its number says so. */
  void constant(int number, String name, long value) {
    add(number, name, () -> value, (v, m) -> {});
  }

  /**
   * A register of 64 bits, which with XLEN 32 has its upper half at a number of its own.
   *
   * @param write is given all 64 bits in either case
   */
  void split(
      int number,
      int highNumber,
      String name,
      BooleanSupplier guard,
      LongSupplier read,
      Csr.Write write) {
    if (!rv32) {
      add(number, name, guard, read, write);
      return;
    }
    add(
        number,
        name,
        guard,
        () -> read.getAsLong() & LOW_HALF,
        (v, m) -> write.set((read.getAsLong() & ~LOW_HALF) | (v & LOW_HALF), m & LOW_HALF));
    add(
        highNumber,
        name + "h",
        guard,
        () -> read.getAsLong() >>> 32,
        (v, m) -> write.set((read.getAsLong() & LOW_HALF) | v << 32, m << 32));
  }

  /** As the other, always reachable. */
  void split(int number, int highNumber, String name, LongSupplier read, Csr.Write write) {
    split(number, highNumber, name, CsrFile::always, read, write);
  }

  // ---- use -------------------------------------------------------------------------------------

  /** The registers there are, by number. */
  List<Csr> all() {
    return Arrays.stream(table).filter(Objects::nonNull).toList();
  }

  /** The register of that number, or null. */
  @Nullable Csr find(int number) {
    return number >= 0 && number < table.length ? table[number] : null;
  }

  /**
   * Performs a CSR instruction; the value before it is {@link #old}.
   *
   * @return false if it is an illegal instruction, and then nothing was done
   */
  boolean access(int number, int op, boolean write, long operand) {
    Csr csr = table[number & 0xfff];
    if (csr == null
        || state.get(RiscvState.PRIVILEGE) < csr.privilege()
        || (write && csr.readOnly())
        || !csr.guard().getAsBoolean()) {
      return false;
    }
    old = csr.read().getAsLong();
    if (write) {
      write(csr, op, operand);
    }
    return true;
  }

  private void write(Csr csr, int op, long operand) {
    long mask = op == SWAP ? -1 : operand;
    long next =
        switch (op) {
          case SWAP -> operand;
          case SET -> old | operand;
          case CLEAR -> old & ~operand;
          default -> throw new IllegalArgumentException("CSR operation " + op);
        };
    csr.write().set(rv32 ? next & LOW_HALF : next, rv32 ? mask & LOW_HALF : mask);
  }

  long old() {
    return old;
  }
}
