package dev.kasuari.it;

import dev.kasuari.target.riscv.cpu.TrapCause;
import dev.kasuari.target.riscv.isa.RiscvDecoder;
import dev.kasuari.target.riscv.isa.RiscvPatterns;

/** What QEMU does otherwise, each with the reason why we do not follow. */
final class QemuDifferences {
  private static final int FIRST_GOOD = 10;
  private static final long FS = 3 << 13;
  private static final long DIRTY = 1L << 63 | FS;

  private final int major;
  private final long features;

  QemuDifferences(int major, long features) {
    this.major = major;
    this.features = features;
  }

  /**
   * Patterns that are not tried: QEMU before 10 counts the zeros of all 64 bits for {@code ctzw}.
   */
  boolean avoids(int pattern) {
    return major < FIRST_GOOD && pattern == RiscvPatterns.CTZW;
  }

  /**
   * True if a store-conditional is to be aligned. A misaligned one is an exception (unprivileged,
   * section 14.2); QEMU before 10 looks at the reservation first, and lets it fail.
   */
  boolean avoidsMisalignedStoreConditional() {
    return major < FIRST_GOOD;
  }

  /**
   * True if set and clear are not tried on a read-only CSR. A register other than {@code x0} makes
   * them write, even if it holds zero (unprivileged, section 6.1); QEMU before 10 asks what it
   * holds.
   */
  boolean avoidsSetOfReadOnly(int pattern) {
    return major < FIRST_GOOD && (pattern == RiscvPatterns.CSRRS || pattern == RiscvPatterns.CSRRC);
  }

  /**
   * True if a {@code wfi} that ends there is not tried. QEMU from 10 on reports an address one page
   * too high for an illegal one that the next instruction does not share a page with.
   */
  boolean avoidsWfi(int privilege, int end) {
    return major >= FIRST_GOOD && privilege < 3 && end % 4096 < 4;
  }

  /** The known differences in the traps of a program. */
  Allowance in(Program program) {
    return (field, pc, mine, others) ->
        switch (field) {
          case "cause" -> major < FIRST_GOOD && isAmoFault(program, pc, mine, others);
          case "value" -> major < FIRST_GOOD && isRoundedDown(mine, others);
          case "mstatus" -> isEarlyDirty(mine, others);
          default -> false;
        };
  }

  /**
   * An AMO's faults are Store/AMO faults, whichever half of it finds them (privileged, section
   * 3.1.15, table of causes). QEMU before 10 takes its load for a load.
   */
  private boolean isAmoFault(Program program, long pc, long mine, long others) {
    boolean storeForLoad =
        others == TrapCause.LOAD_MISALIGNED
            || others == TrapCause.LOAD_ACCESS_FAULT
            || others == TrapCause.LOAD_PAGE_FAULT;
    return storeForLoad && mine == others + 2 && isAmo(program.instruction(pc));
  }

  /**
   * The value is the address of the portion of a misaligned access that faulted (privileged,
   * section 3.1.16); QEMU before 10 splits such an access into aligned ones and names one of those.
   */
  private static boolean isRoundedDown(long mine, long others) {
    return others == (mine & -2) || others == (mine & -4) || others == (mine & -8);
  }

  /**
   * FS may become dirty without a change of state (privileged, section 3.1.6.6): ours does with
   * every instruction that could set a flag. QEMU's comparisons and conversions to integers never
   * make it dirty.
   */
  private static boolean isEarlyDirty(long mine, long others) {
    return mine == (others | DIRTY) && (others & FS) != 0;
  }

  private boolean isAmo(int instruction) {
    int pattern = RiscvDecoder.match(instruction, features);
    return pattern >= 0 && RiscvPatterns.name(pattern).startsWith("amo");
  }
}
