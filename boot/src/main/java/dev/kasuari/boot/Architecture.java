package dev.kasuari.boot;

import org.jspecify.annotations.Nullable;

/**
 * Instruction sets as kernels name them. Sources: System V ABI registry (e_machine), PE (Machine).
 */
public enum Architecture {
  RISCV32("RISC-V 32", 243, 32, 0x5032),
  RISCV64("RISC-V 64", 243, 64, 0x5064),
  AARCH64("AArch64", 183, 64, 0xaa64),
  ARM("Arm", 40, 32, 0x01c2),
  X86_64("x86-64", 62, 64, 0x8664),
  I386("i386", 3, 32, 0x014c),
  MIPS("MIPS", 8, 0, 0x0166),
  POWERPC("PowerPC", 20, 32, 0x01f0),
  POWERPC64("PowerPC 64", 21, 64, -1),
  S390("s390x", 22, 0, -1),
  SPARC("SPARC", 2, 32, -1),
  SPARC64("SPARC 64", 43, 64, -1),
  M68K("m68k", 4, 32, -1),
  ALPHA("Alpha", 0x9026, 64, 0x0184),
  HPPA("PA-RISC", 15, 0, -1),
  SH4("SH", 42, 32, 0x01a6),
  OPENRISC("OpenRISC", 92, 32, -1),
  MICROBLAZE("MicroBlaze", 189, 32, -1),
  NIOS2("Nios II", 113, 32, -1),
  XTENSA("Xtensa", 94, 32, -1),
  LOONGARCH32("LoongArch 32", 258, 32, 0x6232),
  LOONGARCH64("LoongArch 64", 258, 64, 0x6264),
  AVR("AVR", 83, 32, -1),
  TRICORE("TriCore", 44, 32, -1),
  RX("RX", 173, 32, -1),
  HEXAGON("Hexagon", 164, 32, -1);

  private final String title;
  private final int elfMachine;
  private final int bits;
  private final int peMachine;

  Architecture(String title, int elfMachine, int bits, int peMachine) {
    this.title = title;
    this.elfMachine = elfMachine;
    this.bits = bits;
    this.peMachine = peMachine;
  }

  /** The name for people. */
  public String title() {
    return title;
  }

  /** The one an ELF header means, or null if it is none of these. */
  static @Nullable Architecture ofElf(int machine, boolean wide) {
    for (Architecture a : values()) {
      if (a.elfMachine == machine && (a.bits == 0 || a.bits == (wide ? 64 : 32))) {
        return a;
      }
    }
    return null;
  }

  /** The one a PE header means, or null if it is none of these. */
  static @Nullable Architecture ofPe(int machine) {
    for (Architecture a : values()) {
      if (a.peMachine == machine) {
        return a;
      }
    }
    return machine == 0x01c0 || machine == 0x01c4 ? ARM : null;
  }

  /**
   * Refuses a file for another architecture.
   *
   * @param found what the file is for, or null if its number is unknown
   * @param number the file's own number of it, for the message
   */
  void require(String name, @Nullable Architecture found, int number) throws BootException {
    if (found != this) {
      String other = found == null ? "an unknown architecture (" + number + ")" : found.title;
      throw new BootException(name + ": is for " + other + ", this machine is " + title);
    }
  }
}
