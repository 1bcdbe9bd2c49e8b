package dev.kasuari.it;

import static dev.kasuari.target.riscv.isa.RiscvPatterns.*;

import dev.kasuari.it.Word.Base;
import dev.kasuari.target.riscv.asm.Reg;
import dev.kasuari.target.riscv.isa.RiscvGenerator;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import dev.kasuari.target.riscv.isa.RiscvPatterns.Operand;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Chooses operands such that a sequence stays in its memory: some registers keep the addresses that
 * they start with, and only they are bases of loads, stores and register jumps.
 */
final class Operands implements RiscvGenerator.Chooser {
  private static final int INTEGER_PRINTER = RiscvPatterns.operands(LUI).getFirst().printer();

  private static final Set<Integer> LOADS_AND_STORES =
      Set.of(LB, LH, LW, LD, LBU, LHU, LWU, SB, SH, SW, SD, FLH, FLW, FLD, FSH, FSW, FSD);

  private static final Set<Integer> JUMPS =
      Set.of(JAL, BEQ, BNE, BLT, BGE, BLTU, BGEU, C_J, C_JAL, C_BEQZ, C_BNEZ);

  private static final Set<Integer> USE_SP =
      Set.of(C_LWSP, C_LDSP, C_SWSP, C_SDSP, C_FLDSP, C_FSDSP, C_FLWSP, C_FSWSP);

  /**
   * Whether a store-conditional of another width than the reservation succeeds is up to the
   * implementation (unprivileged, section 14.2): a sequence uses one width.
   */
  private static final List<Set<Integer>> OTHER_WIDTH =
      List.of(Set.of(LR_W, SC_W), Set.of(LR_D, SC_D));

  /** Furthest distance of an accessed byte from the page boundary. */
  private static final int REACH = Sequence.SCRATCH_HALF - 8;

  private static final long[] NOWHERE = {
    0x40, 0x2800_0000, 0xffff_ffff_ffff_ff00L, 1L << 56, 1L << 63, 0x0123_4567_89ab_cdefL
  };

  private static final int FFLAGS = 1;

  /** What M-mode may write without a consequence, or cannot. */
  private static final int[] HARMLESS = {0x142, 0x143, 0xf14, 0xf15, 0x301};

  private static final int[] ABSENT = {0x800, 0x8ff, 0xcc0, 0x5c0, 0x7c0, 0xbc0, 0x9c0, 0xfc0};

  private final SplittableRandom random;
  private final Setting setting;
  private final int nudge;
  private final QemuDifferences known;
  private final long[] x = new long[32];
  private final Base[] bases = new Base[32];
  private final boolean[] kept = new boolean[32];
  private final Map<Integer, Word> claimed = new TreeMap<>();
  private final Set<Integer> pointers = new TreeSet<>();
  private final Set<Integer> alignedPointers = new TreeSet<>();
  private final boolean narrowReservations;
  private final int codeRegister;
  private final int jumpRegister;

  /** Of the instruction being made. */
  private int jumpDistance;

  private int codeDistance;
  private int base;
  private int forced = -1;

  Operands(SplittableRandom random, Setting setting, int nudge, QemuDifferences known) {
    this.nudge = nudge;
    this.known = known;
    this.random = random;
    this.setting = setting;
    narrowReservations = random.nextBoolean();
    Arrays.fill(bases, Base.ZERO);
    for (int i = 1; i < 32; i++) {
      x[i] = CornerValues.integer(random);
    }
    setting.reserve(this);
    int alignment = random.nextInt(10) < 7 ? 8 : random.nextInt(3) == 0 ? 1 : 4;
    if (random.nextInt(10) < 6) {
      keep(Reg.SP, Base.SCRATCH, -random.nextInt(0, REACH / 8) * 8L);
    }
    keep(8 + random.nextInt(8), Base.SCRATCH, random.nextInt(-7, 8) * 64L);
    keep(random.nextInt(3, 32), Base.SCRATCH, random.nextLong(-64, 64) * alignment);
    keep(random.nextInt(3, 32), Base.SCRATCH, random.nextBoolean() ? 1800 : -1800);
    codeRegister = free();
    keep(codeRegister, Base.CODE, nudge + random.nextInt(-1000, 1000));
    jumpRegister = free();
    kept[jumpRegister] = true;
    setting.claim(this);
  }

  /** Sometimes has a register point to where nothing is. */
  void addNowhere() {
    if (random.nextInt(6) == 0) {
      claimPointer(Word.of(NOWHERE[random.nextInt(NOWHERE.length)]), false);
    }
  }

  /** A register that keeps a value, and is no base of plain accesses. */
  int claim(Word value) {
    int register;
    do {
      register = random.nextInt(16, 32);
    } while (kept[register]);
    kept[register] = true;
    claimed.put(register, value);
    return register;
  }

  /**
   * A register that keeps an address.
   *
   * @param aligned whether accesses there are aligned; then it is no base of plain ones
   */
  int claimPointer(Word value, boolean aligned) {
    int register = claim(value);
    (aligned ? alignedPointers : pointers).add(register);
    return register;
  }

  /** Keeps a register for what the setting does with it; it starts as 0. */
  void reserve(int register) {
    kept[register] = true;
    claimed.put(register, Word.of(0));
  }

  private void keep(int register, Base to, long delta) {
    if (!kept[register]) {
      kept[register] = true;
      bases[register] = to;
      x[register] = delta;
    }
  }

  private int free() {
    return destination(1, 31);
  }

  List<Word> values() {
    return IntStream.range(0, 32)
        .mapToObj(i -> claimed.getOrDefault(i, Word.at(bases[i], x[i])))
        .toList();
  }

  /** The register that holds an address in the code. */
  int codeRegister() {
    return codeRegister;
  }

  /** Distance of that address from the first instruction. */
  long codeDelta() {
    return x[codeRegister] - nudge;
  }

  /** The register that jumps without an offset use. */
  int jumpRegister() {
    return jumpRegister;
  }

  /** Some register that may change. */
  int destination(int least, int most) {
    int register;
    do {
      register = random.nextInt(least, most + 1);
    } while (kept[register]);
    return register;
  }

  /** The first of two registers that may change, of which it has the even number. */
  int destinationPair() {
    int register;
    do {
      register = 2 * random.nextInt(1, 16);
    } while (kept[register] || kept[register + 1]);
    return register;
  }

  // ---- patterns --------------------------------------------------------------------------------

  boolean suits(int pattern) {
    if (OTHER_WIDTH.get(narrowReservations ? 1 : 0).contains(pattern)) {
      return false;
    }
    if (USE_SP.contains(pattern)) {
      return bases[Reg.SP] == Base.SCRATCH;
    }
    if (pattern == C_ADDI16SP) {
      return !kept[Reg.SP];
    }
    if (pattern == C_JALR || pattern == C_JAL) {
      return !kept[Reg.RA];
    }
    return setting.suits(pattern);
  }

  /** Those that have an address without an offset. */
  private static boolean atomic(int pattern) {
    String name = RiscvPatterns.name(pattern);
    return name.startsWith("amo")
        || name.startsWith("lr.")
        || name.startsWith("sc.")
        || name.startsWith("cbo.");
  }

  /** Whether reservations of the sequence are for 32 bits, else for 64. */
  boolean narrowReservations() {
    return narrowReservations;
  }

  /** Some register that holds an address in the scratch memory, aligned to eight bytes. */
  int alignedBase() {
    int[] bases =
        IntStream.range(1, 32)
            .filter(r -> this.bases[r] == Base.SCRATCH && x[r] % 8 == 0 && Math.abs(x[r]) < REACH)
            .toArray();
    return bases[random.nextInt(bases.length)];
  }

  private static boolean memory(int pattern) {
    return LOADS_AND_STORES.contains(RiscvPatterns.meaning(pattern));
  }

  // ---- operands --------------------------------------------------------------------------------

  /**
   * Begins an instruction.
   *
   * @param distance how far it jumps from itself
   * @param fromCodeRegister and from the code register
   * @param accessBase base of its access to memory, or −1 for any
   */
  void begin(int distance, int fromCodeRegister, int accessBase) {
    jumpDistance = distance;
    codeDistance = fromCodeRegister;
    forced = accessBase;
    base = Reg.SP;
  }

  @Override
  public long choose(int pattern, Operand operand, RandomGenerator unused) {
    return switch (operand.name()) {
      case "rd" -> rd(pattern, operand);
      case "rs1" -> rs1(pattern, operand);
      case "imm" -> immediate(pattern, operand);
      case "csr" -> csr(pattern);
      case "rm" -> rounding();
      default -> uniform(pattern, operand);
    };
  }

  private long uniform(int pattern, Operand operand) {
    return RiscvGenerator.uniform(pattern, operand, random);
  }

  private long rd(int pattern, Operand operand) {
    int least = known.spoilsZero(pattern) ? 1 : (int) operand.min();
    if (operand.step() == 2) {
      return pair(Math.max(least, 2));
    }
    return operand.printer() == INTEGER_PRINTER
        ? destination(least, (int) operand.max())
        : random.nextLong(operand.min(), operand.max() + 1);
  }

  /** The first of two registers that may change. */
  private int pair(int least) {
    int register;
    do {
      register = random.nextInt(least, 32) & -2;
    } while (kept[register] || kept[register + 1]);
    return register;
  }

  private long rs1(int pattern, Operand operand) {
    if (pattern == JALR) {
      return codeRegister;
    }
    if (pattern == C_JR || pattern == C_JALR) {
      return jumpRegister;
    }
    if (forced >= 0) {
      base = forced;
      return base;
    }
    if (memory(pattern) || atomic(pattern)) {
      int[] pointers =
          IntStream.rangeClosed((int) operand.min(), (int) operand.max())
              .filter(r -> reaches(pattern, r))
              .toArray();
      base = pointers[random.nextInt(pointers.length)];
      return base;
    }
    return uniform(pattern, operand);
  }

  private boolean reaches(int pattern, int register) {
    long delta = x[register];
    boolean storeConditional = pattern == SC_W || pattern == SC_D;
    if (storeConditional && known.avoidsMisalignedStoreConditional() && delta % 8 != 0) {
      return false;
    }
    boolean block = RiscvPatterns.name(pattern).startsWith("cbo.");
    if (block && setting.faults() && known.roundsCacheBlocks()) {
      return bases[register] == Base.SCRATCH && delta % 64 == 0 && Math.abs(delta) < REACH;
    }
    if (bases[register] != Base.SCRATCH) {
      // Whether one without a reservation faults is up to the implementation.
      return !storeConditional && pointers.contains(register);
    }
    return atomic(pattern)
        ? Math.abs(delta) < REACH
        : RiscvPatterns.operands(pattern).stream()
            .filter(o -> o.name().equals("imm"))
            .allMatch(o -> least(o, delta) <= most(o, delta));
  }

  private static long least(Operand imm, long delta) {
    return Math.max(imm.min(), Math.ceilDiv(-REACH - delta, imm.step()) * imm.step());
  }

  private static long most(Operand imm, long delta) {
    return Math.min(imm.max(), Math.floorDiv(REACH - delta, imm.step()) * imm.step());
  }

  private long immediate(int pattern, Operand operand) {
    if (JUMPS.contains(pattern)) {
      return jumpDistance;
    }
    if (pattern == JALR) {
      return codeDistance;
    }
    if (forced >= 0) {
      return nearBoundary(pattern, operand);
    }
    if (!memory(pattern) || bases[base] != Base.SCRATCH) {
      return uniform(pattern, operand);
    }
    long delta = x[base];
    long least = least(operand, delta);
    long count = (most(operand, delta) - least) / operand.step() + 1;
    long imm = least + random.nextLong(count) * operand.step();
    long aligned = ((imm + delta) & -8) - delta;
    boolean fits = aligned >= least && (aligned - operand.min()) % operand.step() == 0;
    return random.nextBoolean() && fits ? aligned : imm;
  }

  /** Often such that an access of eight bytes crosses a page. */
  private long nearBoundary(int pattern, Operand operand) {
    long within = claimed.getOrDefault(base, Word.of(0)).value() & 0xfff;
    long boundary = within < 2048 ? -within : 4096 - within;
    long imm = boundary - random.nextInt(1, 8);
    boolean aligned = alignedPointers.contains(base);
    return random.nextInt(3) == 0 && imm >= operand.min() && imm <= operand.max() && !aligned
        ? imm
        : uniform(pattern, operand) & (random.nextInt(4) == 0 && !aligned ? -1 : -8);
  }

  private long csr(int pattern) {
    int choice = random.nextInt(20);
    if (choice < 10) {
      return 1;
    }
    if (choice < 13) {
      return 2;
    }
    if (choice < 15) {
      return 3;
    }
    int privilege = setting.privilege();
    if (privilege < 3 && choice < 18) {
      // A supervisor does not touch its own CSRs here: the runtime relies on some.
      return random.nextInt(0x1000) | (privilege == 1 ? 0x200 : 0);
    }
    int[] numbers = choice < 18 && privilege == 3 ? HARMLESS : ABSENT;
    int csr = numbers[random.nextInt(numbers.length)];
    return csr >= 0xc00 && known.avoidsSetOfReadOnly(pattern) ? FFLAGS : csr;
  }

  private long rounding() {
    return switch (random.nextInt(30)) {
      case 0 -> random.nextInt(8);
      case 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 -> 7;
      default -> random.nextInt(5);
    };
  }
}
