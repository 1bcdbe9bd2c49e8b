package dev.kasuari.target.arm.cpu;

import dev.kasuari.target.arm.isa.A64Features;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a processing element has: its instructions, exception levels, and what its identification
 * registers say.
 *
 * @param name as {@code -cpu} takes it
 * @param features as {@link A64Features} numbers them
 * @param levels the highest exception level, 1 to 3
 * @param midr MIDR_EL1
 * @param physicalBits size of physical addresses
 * @param identification ID_AA64* and others that never change, by register number
 */
public record ArmModel(
    String name,
    long features,
    int levels,
    int midr,
    int physicalBits,
    Map<Integer, Long> identification) {

  /** What there is so far of the instruction set, with two exception levels. */
  public static ArmModel base() {
    long features = A64Features.CRC32 | A64Features.LSE | A64Features.FLAGM | A64Features.RCPC;
    features |= A64Features.RCPC2 | A64Features.SB | A64Features.PAN;
    return new ArmModel("base", features, 1, 0x410f_d070, 44, Map.copyOf(new TreeMap<>()));
  }

  /** The same with another highest exception level. */
  public ArmModel withLevels(int highest) {
    return new ArmModel(name, features, highest, midr, physicalBits, identification);
  }

  public boolean has(long feature) {
    return (features & feature) != 0;
  }
}
