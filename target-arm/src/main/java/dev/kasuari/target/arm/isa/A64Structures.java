package dev.kasuari.target.arm.isa;

/** What the opcode of a SIMD load or store of multiple structures means. Source: DDI 0487, C7.2. */
public final class A64Structures {
  private A64Structures() {}

  /** How many registers are moved, 1 to 4. */
  public static int registers(int opcode) {
    return switch (opcode) {
      case 0, 2 -> 4;
      case 4, 6 -> 3;
      case 8, 10 -> 2;
      default -> 1;
    };
  }

  /** How many elements a structure has, 1 to 4, each of a register of its own. */
  public static int elements(int opcode) {
    return switch (opcode) {
      case 0 -> 4;
      case 4 -> 3;
      case 8 -> 2;
      default -> 1;
    };
  }
}
