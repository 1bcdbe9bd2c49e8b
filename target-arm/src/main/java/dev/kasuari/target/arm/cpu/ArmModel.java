package dev.kasuari.target.arm.cpu;

import dev.kasuari.target.arm.isa.A64Features;
import java.util.Map;

/**
 * What a processing element has: its instructions, exception levels, and what its identification
 * registers say.
 *
 * @param name as {@code -cpu} takes it
 * @param features as {@link A64Features} numbers them
 * @param levels the highest exception level, 1 to 3
 * @param midr MIDR_EL1
 * @param identification the values of ID_AA64* registers by their names in small letters; those
 *     without one are zero
 */
public record ArmModel(
    String name, long features, int levels, int midr, Map<String, Long> identification) {

  /** What there is so far of the instruction set and of its environment, with EL0 and EL1. */
  public static ArmModel base() {
    long features = A64Features.CRC32 | A64Features.LSE | A64Features.FLAGM | A64Features.RCPC;
    features |= A64Features.RCPC2 | A64Features.SB | A64Features.PAN;
    features |= A64Features.FP | A64Features.SIMD | A64Features.RDM | A64Features.DOTPROD;
    features |= A64Features.I8MM | A64Features.AES | A64Features.PMULL | A64Features.SHA1;
    features |= A64Features.SHA256 | A64Features.SHA512 | A64Features.SHA3;
    features |= A64Features.SM3 | A64Features.SM4;
    return new ArmModel(
        "base",
        features,
        1,
        0x410f_d070,
        Map.of(
            "id_aa64pfr0_el1", 0x0000_0011L, // floating point and SIMD
            "id_aa64isar0_el1", 0x0010_1111_1021_2120L, // all but half-precision products
            "id_aa64isar1_el1", 0x0010_0010_0020_0000L, // RCPC2, SB, I8MM
            "id_aa64mmfr0_el1", 0x0010_0124L, // 44 bits, all granules, ASIDs of 16 bits
            "id_aa64mmfr1_el1", 0x0010_0000L)); // PAN
  }

  public boolean has(long feature) {
    return (features & feature) != 0;
  }

  /** The value of an identification register. */
  public long identification(String register) {
    return identification.getOrDefault(register, 0L);
  }
}
