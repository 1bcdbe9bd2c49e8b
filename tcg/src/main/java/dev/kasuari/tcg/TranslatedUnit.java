package dev.kasuari.tcg;

import dev.kasuari.tcg.ir.IrUnit;
import java.util.function.Supplier;

/**
 * A unit that was just made, before it runs for the first time.
 *
 * @param cpu number of the CPU that needed it
 * @param pc virtual address at which it was needed; the unit itself has none
 * @param ramAddress RAM address of its first byte
 * @param mode the CPU's mode word
 * @param flags as in {@link UnitFlags}
 * @param bytes of guest code
 * @param unit as it was translated, before optimisation
 * @param code what the back end made of it
 * @param guest makes a line for each guest instruction; only while the observer is told
 */
public record TranslatedUnit(
    int cpu,
    long pc,
    long ramAddress,
    long mode,
    int flags,
    int bytes,
    IrUnit unit,
    CompiledCode code,
    Supplier<String> guest) {

  /** What the unit is, in a line: {@code cpu0 pc 0x80000000 mode 0x3}. */
  public String title() {
    return "cpu%d pc 0x%016x mode 0x%x".formatted(cpu, pc, mode);
  }
}
