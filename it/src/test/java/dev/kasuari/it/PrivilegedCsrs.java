package dev.kasuari.it;

import dev.kasuari.it.Word.Base;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Which values CSRs are given: all that they may take, and what they may not as far as it cannot
 * lead out of the sequence and does not depend on the implementation.
 */
final class PrivilegedCsrs {
  static final int SSTATUS = 0x100;
  static final int SIE = 0x104;
  static final int STVEC = 0x105;
  static final int SCOUNTEREN = 0x106;
  static final int SENVCFG = 0x10a;
  static final int SSCRATCH = 0x140;
  static final int SEPC = 0x141;
  static final int SCAUSE = 0x142;
  static final int STVAL = 0x143;
  static final int SIP = 0x144;
  static final int STIMECMP = 0x14d;
  static final int SATP = 0x180;
  static final int MSTATUS = 0x300;
  static final int MISA = 0x301;
  static final int MEDELEG = 0x302;
  static final int MIDELEG = 0x303;
  static final int MIE = 0x304;
  static final int MTVEC = 0x305;
  static final int MCOUNTEREN = 0x306;
  static final int MENVCFG = 0x30a;
  static final int MCOUNTINHIBIT = 0x320;
  static final int MSCRATCH = 0x340;
  static final int MEPC = 0x341;
  static final int MCAUSE = 0x342;
  static final int MTVAL = 0x343;
  static final int MIP = 0x344;
  static final int PMPCFG0 = 0x3a0;
  static final int PMPADDR0 = 0x3b0;
  static final int MCYCLE = 0xb00;
  static final int MINSTRET = 0xb02;

  static final long SUM = 1 << 18;
  static final long MXR = 1 << 19;
  static final long MPRV = 1 << 17;
  static final long TVM = 1 << 20;
  static final long TW = 1 << 21;
  static final long TSR = 1 << 22;
  static final long FS = 3 << 13;
  static final long SPP = 1 << 8;
  static final int MPP_SHIFT = 11;
  static final long ADUE = 1L << 61;
  static final long PBMTE = 1L << 62;
  static final long STCE = 1L << 63;

  /** The interrupts there are. */
  private static final long INTERRUPTS = 0xaaa;

  private static final long EXTERNAL = 1 << 9;
  private static final long NOT_EXTERNAL = 0x022;

  /** Registers of interrupts, of which there are two among the lowest five. */
  private static final Set<Integer> OF_INTERRUPTS = Set.of(SIE, SIP, MIE, MIP, MIDELEG);

  private static final Set<Integer> ENABLES = Set.of(SIE, MIE);

  /** Exceptions that may be delegated, but for the call that leads out of the supervisor. */
  private static final long DELEGABLE = 0xb1ff;

  /** The counters that every machine here has; which of the others is up to it. */
  private static final long COUNTERS = 0x7_ffff;

  private static final List<Integer> SUPERVISOR =
      List.of(
          SSTATUS,
          SSTATUS,
          SIE,
          SIE,
          STVEC,
          SCOUNTEREN,
          SENVCFG,
          SEPC,
          SCAUSE,
          STVAL,
          SIP,
          SIP,
          STIMECMP);

  private static final List<Integer> MACHINE =
      List.of(
          MSTATUS,
          MSTATUS,
          MSTATUS,
          MISA,
          MEDELEG,
          MEDELEG,
          MIDELEG,
          MIDELEG,
          MIE,
          MIE,
          MTVEC,
          MCOUNTEREN,
          MENVCFG,
          MENVCFG,
          MEPC,
          MCAUSE,
          MTVAL,
          MIP,
          MIP,
          MCYCLE,
          MINSTRET);

  /** Where set and clear would make a value of two that leads astray. */
  private static final Set<Integer> SWAP_ONLY = Set.of(STVEC, STIMECMP, SATP, MTVEC, MENVCFG);

  /** The lowest five bits may be anything. */
  private static final Set<Integer> IMMEDIATE =
      Set.of(
          SSTATUS,
          SIE,
          SCOUNTEREN,
          SCAUSE,
          STVAL,
          SIP,
          MSTATUS,
          MISA,
          MEDELEG,
          MIDELEG,
          MIE,
          MCOUNTEREN,
          MCAUSE,
          MTVAL,
          MIP);

  /** Not the same on any two machines; who may read them is. */
  private static final Set<Integer> UNLIKE =
      Set.of(0xb00, 0xb02, 0xc00, 0xc01, 0xc02, 0xf11, 0xf12, 0xf13);

  private static final int[] EXISTING =
      Stream.of(
              IntStream.of(1, 2, 3, SSTATUS, SIE, STVEC, SCOUNTEREN, SENVCFG, STIMECMP, SATP),
              IntStream.rangeClosed(SSCRATCH, SIP),
              IntStream.rangeClosed(MSTATUS, MCOUNTEREN),
              IntStream.of(MENVCFG, MCOUNTINHIBIT, PMPCFG0, PMPCFG0 + 2),
              IntStream.rangeClosed(0x323, 0x332),
              IntStream.rangeClosed(MSCRATCH, MIP),
              IntStream.rangeClosed(PMPADDR0, PMPADDR0 + 15),
              IntStream.rangeClosed(MCYCLE, 0xb12).filter(csr -> csr != 0xb01),
              IntStream.rangeClosed(0xc00, 0xc12),
              IntStream.rangeClosed(0xf11, 0xf15))
          .flatMapToInt(s -> s)
          .toArray();

  private final SplittableRandom random;
  private final QemuDifferences known;
  private final boolean external;
  private final boolean timer;
  private final boolean overrides;

  /**
   * For one sequence.
   *
   * @param overrides whether MPRV may be set
   */
  PrivilegedCsrs(SplittableRandom random, QemuDifferences known, boolean overrides) {
    this.overrides = overrides;
    this.random = random;
    this.known = known;
    timer = random.nextBoolean();
    external = known.takesLowestInterrupt() && random.nextInt(3) == 0;
  }

  /** True if what a CSR reads is not compared. */
  boolean isUnlike(int csr) {
    return UNLIKE.contains(csr)
        || (csr == SIP && known.hidesTimer())
        || isRounded(csr)
        || (csr == MENVCFG && known.updatesPageTablesAlways());
  }

  private boolean isRounded(int csr) {
    return (csr == STVAL || csr == MTVAL) && known.roundsFaultAddresses();
  }

  /** Some CSR that a mode writes. */
  int written(int mode) {
    List<Integer> machine = random.nextInt(3) == 0 ? SUPERVISOR : MACHINE;
    List<Integer> from = mode == 3 ? machine : SUPERVISOR;
    int csr = from.get(random.nextInt(from.size()));
    return mode == 3 && csr == STIMECMP && known.comparesAlways() ? SIE : csr;
  }

  /** What a CSR may be given. */
  Word value(int csr) {
    return switch (csr) {
      case SSTATUS -> Word.of(status() & (SUM | MXR | FS | SPP | 0x22));
      case MSTATUS -> Word.of(status());
      case MEDELEG -> Word.of(random.nextLong() & DELEGABLE & random.nextLong());
      case SIE, MIE ->
          Word.of(random.nextLong() & INTERRUPTS & ~(external ? NOT_EXTERNAL : EXTERNAL));
      case SIP, MIP, MIDELEG -> Word.of(random.nextLong() & INTERRUPTS);
      case STVEC ->
          Word.at(Base.SUPERVISOR_HANDLER, random.nextInt(8) == 0 ? 2 : random.nextInt(2));
      case MTVEC -> Word.at(Base.MACHINE_HANDLER, random.nextInt(8) == 0 ? 3 : random.nextInt(2));
      case SENVCFG -> Word.of(random.nextInt(2) | known.cacheBlocks(random));
      case MENVCFG -> environment();
      case STIMECMP -> Word.of(random.nextInt(2) - 1);
      case SCOUNTEREN, MCOUNTEREN -> Word.of(random.nextInt() & COUNTERS);
      case SEPC, MEPC -> Word.of(CornerValues.integer(random) & (known.returnsToOdd() ? -2 : -1));
      default -> Word.of(CornerValues.integer(random));
    };
  }

  Word environment() {
    long adue = known.updatesPageTablesAlways() || random.nextInt(3) != 0 ? ADUE : 0;
    boolean on = known.ignoresTimerSwitch() ? timer : random.nextBoolean();
    long types = known.typesMemoryAlways() || random.nextBoolean() ? PBMTE : 0;
    return Word.of(adue | types | (on ? STCE : 0) | random.nextInt(2) | known.cacheBlocks(random));
  }

  /** Bits of {@code mstatus}; the widths of modes are left as they are. */
  private long status() {
    long mpp = new long[] {0, 0, 1, 1, 3, 2}[random.nextInt(known.keepsReservedMode() ? 5 : 6)];
    long bits = SUM | MXR | (overrides ? MPRV : 0) | TVM | TW | TSR | SPP | 0xaa;
    return (random.nextLong() & bits & (random.nextBoolean() ? -1 : random.nextLong()))
        | mpp << MPP_SHIFT
        | (random.nextInt(6) == 0 ? 0 : FS);
  }

  /** An instruction that gives a CSR the value that a register holds, or does so bit by bit. */
  int write(int destination, int csr, int register) {
    int rd = isUnlike(csr) ? 0 : destination;
    return switch (SWAP_ONLY.contains(csr) || isRounded(csr) ? 0 : random.nextInt(3)) {
      case 0 -> RiscvEncoder.csrrw(rd, csr, register);
      case 1 -> RiscvEncoder.csrrs(rd, csr, register);
      default ->
          csr == MSTATUS && known.keepsReservedMode()
              ? RiscvEncoder.csrrs(rd, csr, register)
              : RiscvEncoder.csrrc(rd, csr, register);
    };
  }

  /** An instruction that writes low bits of some CSR of a mode. */
  int writeImmediate(int destination, int mode) {
    int csr;
    do {
      csr = written(mode);
    } while (!IMMEDIATE.contains(csr) || isRounded(csr) || (external && ENABLES.contains(csr)));
    int rd = isUnlike(csr) ? 0 : destination;
    int immediate = random.nextInt(32) & (OF_INTERRUPTS.contains(csr) ? (int) INTERRUPTS : -1);
    return switch (random.nextInt(3)) {
      case 0 -> RiscvEncoder.csrrwi(rd, csr, immediate);
      case 1 -> RiscvEncoder.csrrsi(rd, csr, immediate);
      default -> RiscvEncoder.csrrci(rd, csr, immediate);
    };
  }

  /** An instruction that reads any CSR, or one that does not exist. */
  int read(int rd, int mode) {
    int csr;
    do {
      csr =
          switch (random.nextInt(6)) {
            case 0 -> random.nextInt(0x1000);
            case 1 -> 0xc00 + random.nextInt(32);
            case 2, 3 -> EXISTING[random.nextInt(EXISTING.length)];
            default -> written(random.nextInt(4) == 0 ? 3 : mode);
          };
    } while (known.isOtherwise(csr));
    return RiscvEncoder.csrrs(isUnlike(csr) ? 0 : rd, csr, 0);
  }
}
