package dev.kasuari.it;

import dev.kasuari.target.riscv.cpu.TrapCause;
import dev.kasuari.target.riscv.isa.RiscvDecoder;
import dev.kasuari.target.riscv.isa.RiscvFeatures;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import java.util.random.RandomGenerator;

/** What QEMU does otherwise, each with the reason why we do not follow. */
final class QemuDifferences {
  private static final int FIRST_GOOD = 10;
  private static final long FS = 3 << 13;

  private final int major;
  private final long features;

  QemuDifferences(int major, long features) {
    this.major = major;
    this.features = features;
  }

  /**
   * True if {@code ctzw} is not tried on a word of zeros: QEMU before 10 counts on into the upper
   * half.
   */
  boolean avoidsEmptyCount() {
    return major < FIRST_GOOD;
  }

  /**
   * Bits of {@code menvcfg} or {@code senvcfg} that let cache blocks be managed; none for QEMU
   * before 10, which keeps them without having the instructions.
   */
  long cacheBlocks(RandomGenerator random) {
    long management = random.nextInt(3) == 0 ? 0 : random.nextBoolean() ? 0x10 : 0x30;
    return major < FIRST_GOOD ? 0 : (random.nextLong() & 0xc0) | management;
  }

  /**
   * True for what is no instruction here and may be one there: {@code amocas.q} of odd registers.
   */
  boolean isInstructionThere(int bits) {
    return major >= FIRST_GOOD && (bits & 0xf800_707f) == 0x2800_402f;
  }

  /**
   * True if page tables are updated whatever {@code menvcfg.ADUE} says: QEMU before 10 lacks it.
   */
  boolean updatesPageTablesAlways() {
    return major < FIRST_GOOD;
  }

  /**
   * True if M-mode is not to write {@code stimecmp}: it moves STIP there even while {@code
   * menvcfg.STCE} is zero, when STIP is as if there were no comparator (privileged, section
   * 3.1.18).
   */
  boolean comparesAlways() {
    return true;
  }

  /**
   * True if AMOs are not tried where they may fault and the cause matters: QEMU before 10 takes
   * their loads for loads.
   */
  boolean mistakesAmos() {
    return major < FIRST_GOOD;
  }

  /**
   * True if breakpoints are not tried where their value is read: it is zero or the address, as the
   * implementation likes (privileged, section 3.1.16), and before QEMU 10 it is zero.
   */
  boolean hidesBreakpoints() {
    return major < FIRST_GOOD;
  }

  /**
   * True if accesses across pages are not tried where memory is missing or protected. Which of two
   * pages that fault is reported is up to the implementation; QEMU translates both before it
   * accesses one, and before QEMU 10 checks the bytes that follow the first page physically.
   */
  boolean translatesPagesFirst() {
    return true;
  }

  /**
   * True if an AMO is not tried where memory is missing or protected: whether a page can be written
   * is asked there only after its memory was read, though translation comes first.
   */
  boolean readsBeforeTranslatingStore() {
    return true;
  }

  /**
   * True if external interrupts are not enabled together with others: of those of S-mode the most
   * urgent is the external one (privileged, section 3.1.9), there it is that of the lowest number.
   */
  boolean takesLowestInterrupt() {
    return true;
  }

  /**
   * True if a store-conditional is only tried where a store may be done: whether one without a
   * reservation faults is up to the implementation, and neither is asked about the other's.
   */
  boolean faultsWithoutReservation() {
    return true;
  }

  /**
   * True if what {@code sip} reads is not compared: from QEMU 10 on it reads as {@code mvip}, where
   * the supervisor's timer is not shown.
   */
  boolean hidesTimer() {
    return major >= FIRST_GOOD;
  }

  /**
   * True if {@code menvcfg.STCE} is not switched: STIP follows the comparator from then on, or no
   * longer, but QEMU changes nothing until the comparator is written.
   */
  boolean ignoresTimerSwitch() {
    return true;
  }

  /**
   * True if users do not try the fences of Svinval, which they may not execute (privileged, section
   * 11.1): QEMU does not ask who does.
   */
  boolean letsUsersInvalidate(int pattern) {
    String name = RiscvPatterns.name(pattern);
    return name.startsWith("sinval.") || (name.startsWith("sfence.") && name.contains("inval"));
  }

  /**
   * True if {@code x0} is not the destination of a pattern: QEMU 10's compare-and-swap then writes
   * the constant zero that the instructions behind it use.
   */
  boolean spoilsZero(int pattern) {
    return major >= FIRST_GOOD && RiscvPatterns.name(pattern).startsWith("amocas.");
  }

  /**
   * True if QEMU takes the memory type that is reserved for one, and ignores the other bits of page
   * tables that are reserved: those before 10 do if they have Svnapot or Svpbmt.
   */
  boolean ignoresReservedBits() {
    return major < FIRST_GOOD;
  }

  /**
   * True if memory types are taken whatever {@code menvcfg.PBMTE} says: before QEMU 10 they are.
   */
  boolean typesMemoryAlways() {
    return major < FIRST_GOOD;
  }

  /**
   * True if cache blocks are named by their first byte where they may fault. The fault names the
   * address that the instruction was given (unprivileged, section 19.4); QEMU names the block's.
   */
  boolean roundsCacheBlocks() {
    return true;
  }

  /**
   * True if {@code sinval.vma} is not tried where it is illegal: QEMU before 10 leaves the value of
   * that exception zero.
   */
  boolean hidesIllegalInvalidation() {
    return major < FIRST_GOOD;
  }

  /**
   * True if {@code wrs.nto} is not tried where {@code mstatus.TW} may refuse it: QEMU leaves the
   * value of that exception zero.
   */
  boolean hidesRefusedWait() {
    return major >= FIRST_GOOD;
  }

  /** True if bit 0 of a return address is kept there; it is always zero (section 3.1.14). */
  boolean returnsToOdd() {
    return true;
  }

  /**
   * True if MPRV is not set. QEMU before 10 leaves it on a return to another mode, as was right
   * before version 1.12, and does not forget translations when MPP changes under it.
   */
  boolean confusesPrivilegeOverride() {
    return major < FIRST_GOOD;
  }

  /**
   * True if S-mode executes what it could read by SUM before, which it never may (privileged,
   * section 12.1.1.2): QEMU before 10 does not tell the two apart in its TLB.
   */
  boolean executesUserPages() {
    return major < FIRST_GOOD;
  }

  /**
   * True if what {@code mtval} and {@code stval} read is not compared; see {@link #isRoundedDown}.
   */
  boolean roundsFaultAddresses() {
    return major < FIRST_GOOD;
  }

  /** True if A and D are set in page tables that physical memory protection lets nobody write. */
  boolean updatesUnprotected() {
    return major < FIRST_GOOD;
  }

  /** True if QEMU keeps 2 in {@code mstatus.MPP}, which is no mode: those before 10 do. */
  boolean keepsReservedMode() {
    return major < FIRST_GOOD;
  }

  /**
   * True for a CSR that exists there alone, or here alone: the debug triggers of an extension that
   * we do not have, and performance counters above the sixteenth, of which any may be missing
   * (privileged, section 3.1.10). QEMU before 10 has {@code vstimecmp} without the hypervisor
   * extension.
   */
  boolean isOtherwise(int csr) {
    boolean timer = csr == 0x24d && major < FIRST_GOOD;
    boolean trigger = csr >= 0x7a0 && csr <= 0x7af;
    boolean counter = (csr >= 0xb00 && csr < 0xb20) || (csr >= 0xc00 && csr < 0xc20);
    boolean event = csr >= 0x320 && csr < 0x340;
    return trigger || timer || ((counter || event) && (csr & 31) > 18);
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
          case "cause" ->
              major < FIRST_GOOD && isAmo(program.instruction(pc)) && isAmoFault(mine, others);
          case "entry" -> others == (mine | PageTables.ACCESSED) || isMarkedRange(mine, others);
          case "entry of code" -> isMarkedRange(mine, others);
          case "entry without access" ->
              others == (mine | PageTables.ACCESSED | (others & PageTables.DIRTY));
          case "value" -> roundsFaultAddresses() && isRoundedDown(mine, others);
          case "mstatus" -> isEarlyDirty(mine, others);
          case "menvcfg" -> updatesPageTablesAlways() && mine == (others | PrivilegedCsrs.ADUE);
          default -> false;
        };
  }

  /**
   * An AMO's faults are Store/AMO faults, whichever half of it finds them (privileged, section
   * 3.1.15, table of causes). QEMU before 10 takes its load for a load.
   */
  private static boolean isAmoFault(long mine, long others) {
    boolean load =
        others == TrapCause.LOAD_MISALIGNED
            || others == TrapCause.LOAD_ACCESS_FAULT
            || others == TrapCause.LOAD_PAGE_FAULT;
    return load && mine == others + 2;
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
  private boolean isEarlyDirty(long mine, long others) {
    long summary = (features & RiscvFeatures.RV32) != 0 ? 1L << 31 : 1L << 63;
    return mine == (others | summary | FS) && (others & FS) != 0;
  }

  private boolean isAmo(int instruction) {
    int pattern = RiscvDecoder.match(instruction, features);
    return pattern >= 0 && RiscvPatterns.name(pattern).startsWith("amo");
  }

  /** QEMU before 10 sets A and D before it looks whether a contiguous range is one. */
  private boolean isMarkedRange(long mine, long others) {
    long marks = PageTables.ACCESSED | PageTables.DIRTY;
    return major < FIRST_GOOD
        && (mine & PageTables.CONTIGUOUS) != 0
        && others == (mine | (others & marks));
  }
}
