package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmModel;
import dev.kasuari.target.arm.isa.A64Decoder;
import dev.kasuari.target.arm.isa.A64Encoder;
import dev.kasuari.target.arm.isa.A64Generator;
import dev.kasuari.target.arm.isa.A64Patterns;
import dev.kasuari.target.arm.isa.A64SystemRegisters;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Sequences of instructions one after the other in an image in RAM, with what each of them starts
 * from and where it leaves its results. X28 is the base of all memory accesses, and is set again
 * after each that moves it; X29 is where results go, and X30 stays.
 */
final class SequenceBatch {
  static final long RAM = 0x4000_0000L;
  static final long RAM_SIZE = 64 << 20;

  /** Where the image is in RAM: QEMU has a devicetree at its start. */
  static final int LOAD = 2 << 20;

  /** A store here ends the program where HVC reaches no firmware and is undefined. */
  static final long FINISHER = 0x0910_0000L;

  private static final long FEATURES = ArmModel.base().features();

  /** What goes on at one of the instructions behind it. */
  private static final Set<String> BRANCHES =
      Set.of("b", "bl", "b.cond", "cbz", "cbnz", "tbz", "tbnz");

  /** Instructions that a branch goes forward at most. */
  private static final int FARTHEST = 4;

  /** Sections whose registers are vectors. */
  private static final Set<String> CIPHERS =
      Set.of("AES", "SHA1", "SHA256", "SHA512", "SHA3", "SM3", "SM4");

  private static final int LENGTH = 12;
  private static final int REGISTERS = 28;
  private static final int VECTORS = 32;
  private static final int SCRATCH_BYTES = 512;
  private static final int BASE = 28;
  private static final int RESULTS = 29;

  /** Words in front of the vector registers: flags, registers, FPSR, FPCR and nothing. */
  private static final int GENERAL = 32;

  private static final int FPSR_WORD = 1 + REGISTERS;
  private static final int FPCR_WORD = FPSR_WORD + 1;

  /** Words in front of the memory. */
  private static final int HEADER = GENERAL + 2 * VECTORS;

  /** Bytes that a sequence starts from. */
  private static final int START = 8 * GENERAL + 16 * VECTORS;

  /** Instructions that one of a sequence becomes at most. */
  private static final int EXPANSION = 4;

  /** Flags, registers and memory, in bytes. */
  static final int RESULT = 8 * HEADER + SCRATCH_BYTES;

  private static final int NZCV = A64SystemRegisters.number("nzcv");
  private static final int FPCR = A64SystemRegisters.number("fpcr");
  private static final int FPSR = A64SystemRegisters.number("fpsr");
  private static final int CPACR = A64SystemRegisters.number("cpacr_el1");

  /** Around a sequence. */
  private static final int FRAME = 4 * (24 + 2 * REGISTERS + 2 * VECTORS);

  /** What would leave the sequence, or is not the same in every implementation. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          "br",
          "blr",
          "ret",
          "eret",
          "bra",
          "blra",
          "braz",
          "blraz",
          "reta",
          "ereta",
          "xpaci",
          "xpacd",
          "xpaclri",
          "drps",
          "svc",
          "hvc",
          "smc",
          "brk",
          "hlt",
          "dcps1",
          "dcps2",
          "dcps3",
          "udf",
          "wfe",
          "wfi",
          "sys",
          "sysl",
          "msr",
          "mrs",
          "msr.uao",
          "msr.pan",
          "msr.spsel",
          "msr.allint",
          "msr.ssbs",
          "msr.dit",
          "msr.daifset",
          "msr.daifclr",
          "yield",
          "ldr.l",
          "ldrs.l",
          "ldr.vl",
          "stllr",
          "ldlar",
          "wfet",
          "wfit",
          "hint",
          "ldxr",
          "ldxp",
          "stxr",
          "stxp");

  private final long seed;
  private final int size;
  private final ByteBuffer image;
  private final int[][] codes;
  private final int resultsAt;

  SequenceBatch(long seed, int size) {
    this.seed = seed;
    this.size = size;
    this.codes = new int[size][];
    resultsAt = (size * (FRAME + 4 * EXPANSION * LENGTH) + 3 * 4096) & -4096;
    image = ByteBuffer.allocate(resultsAt + size * (RESULT + START));
    image.order(ByteOrder.LITTLE_ENDIAN);
    address(0, 3 << 20);
    put(A64Encoder.msr(CPACR, 0));
    put(A64Encoder.isb(15));
    for (int i = 0; i < size; i++) {
      sequence(i);
    }
    end();
  }

  int size() {
    return size;
  }

  byte[] image() {
    return image.array();
  }

  int[] code(int i) {
    return codes[i];
  }

  int resultOffset(int i) {
    return resultsAt + i * RESULT;
  }

  private int startOffset(int i) {
    return resultsAt + size * RESULT + i * START;
  }

  static String resultName(int word) {
    if (word == 0) {
      return "flags";
    }
    if (word < GENERAL) {
      return word == FPSR_WORD ? "fpsr" : word == FPCR_WORD ? "fpcr" : "x" + (word - 1);
    }
    int half = word - GENERAL;
    return word < HEADER
        ? "v%d.d[%d]".formatted(half / 2, half % 2)
        : "memory + " + 8 * (word - HEADER);
  }

  // ---- what is executed ------------------------------------------------------------------------

  private static boolean wanted(int pattern) {
    return !LEFT_OUT.contains(A64Patterns.name(pattern));
  }

  private static boolean simd(int pattern) {
    String section = A64Patterns.section(pattern);
    return section.startsWith("SIMD") || CIPHERS.contains(section);
  }

  /** The sequences run these patterns. */
  void cover(boolean[] covered) {
    for (int[] code : codes) {
      for (int instruction : code) {
        int pattern = A64Decoder.match(instruction, FEATURES);
        covered[pattern] = true;
      }
    }
  }

  /** Patterns that are to be executed and were not. */
  static List<String> missed(boolean[] covered) {
    List<String> missed = new ArrayList<>();
    for (int p = 0; p < covered.length; p++) {
      if (A64Patterns.available(p, FEATURES) && wanted(p) && !covered[p]) {
        missed.add(A64Patterns.name(p));
      }
    }
    return missed;
  }

  /** Accesses go to the middle of the memory. */
  private static long operand(int pattern, A64Patterns.Operand operand, RandomGenerator random) {
    String section = A64Patterns.section(pattern);
    boolean structures = section.endsWith("structures");
    boolean memory =
        structures
            || section.startsWith("Load")
            || section.startsWith("Atomic")
            || section.startsWith("Acquire")
            || section.startsWith("Exclusive");
    return switch (operand.name()) {
      case "rn" -> memory ? BASE : source(pattern, operand, random);
      case "rd", "rt", "rt2", "rs" ->
          vectorWritten(pattern) ? A64Generator.uniform(pattern, operand, random) : written(random);
      case "rm" ->
          structures && random.nextBoolean() ? 0 : memory ? 31 : source(pattern, operand, random);
      case "imm" ->
          BRANCHES.contains(A64Patterns.name(pattern))
              ? 0
              : memory
                  ? offset(pattern, operand, random)
                  : A64Generator.uniform(pattern, operand, random);
      default -> A64Generator.uniform(pattern, operand, random);
    };
  }

  private static boolean vectorWritten(int pattern) {
    String name = A64Patterns.name(pattern);
    boolean general = name.equals("smov") || name.equals("umov");
    return !general && (simd(pattern) || name.contains(".v"));
  }

  private static long source(int pattern, A64Patterns.Operand operand, RandomGenerator random) {
    String name = A64Patterns.name(pattern);
    boolean general = name.equals("dup.g") || name.equals("ins.g") || !simd(pattern);
    return general ? any(random) : A64Generator.uniform(pattern, operand, random);
  }

  private static long any(RandomGenerator random) {
    return random.nextInt(8) == 0 ? 31 : random.nextInt(REGISTERS);
  }

  /** Even, so that it may be the first of a pair. */
  private static long written(RandomGenerator random) {
    return random.nextInt(10) == 0 ? 31 : random.nextInt(REGISTERS);
  }

  /** What has an order must be aligned. */
  private static long offset(int pattern, A64Patterns.Operand operand, RandomGenerator random) {
    boolean ordered = A64Patterns.section(pattern).startsWith("Acquire");
    long least = operand.min() < 0 ? -12 : 0;
    long value = ordered ? 8L * (random.nextInt(16) - 8) : least + random.nextInt(12);
    return value - Math.floorMod(value, operand.step());
  }

  // ---- how it is put together ------------------------------------------------------------------

  private void put(int instruction) {
    image.putInt(instruction);
  }

  private void address(int register, long address) {
    put(A64Encoder.movz(1, 0, (int) address & 0xffff, register));
    put(A64Encoder.movk(1, 1, (int) (address >> 16) & 0xffff, register));
  }

  private void sequence(int i) {
    var random = new SplittableRandom(seed + i);
    long start = RAM + LOAD + startOffset(i);
    long results = RAM + LOAD + resultOffset(i);
    long scratch = results + 8 * HEADER + SCRATCH_BYTES / 2;
    address(RESULTS, start);
    load(0, NZCV);
    load(FPSR_WORD, FPSR);
    load(FPCR_WORD, FPCR);
    for (int r = 0; r < REGISTERS; r++) {
      put(A64Encoder.ldrU(3, r, RESULTS, 1 + r));
    }
    for (int r = 0; r < VECTORS; r++) {
      put(A64Encoder.ldrVu(4, r, RESULTS, GENERAL / 2 + r));
    }
    address(RESULTS, results);
    address(BASE, scratch);
    codes[i] = code(random);
    direct(codes[i], random);
    for (int instruction : codes[i]) {
      put(instruction);
      if (movesBase(instruction)) {
        int r = random.nextInt(REGISTERS);
        put(A64Encoder.eorS(1, 0, BASE, 0, r, r));
        address(BASE, scratch);
      }
    }
    for (int r = 0; r < REGISTERS; r++) {
      put(A64Encoder.strU(3, r, RESULTS, 1 + r));
    }
    for (int r = 0; r < VECTORS; r++) {
      put(A64Encoder.strVu(4, r, RESULTS, GENERAL / 2 + r));
    }
    store(0, NZCV);
    store(FPSR_WORD, FPSR);
    store(FPCR_WORD, FPCR);
    start(startOffset(i), random);
    for (int at = 0; at < SCRATCH_BYTES; at += 8) {
      image.putLong(resultOffset(i) + 8 * HEADER + at, value(random));
    }
  }

  /** Gives branches their targets. */
  private static void direct(int[] code, SplittableRandom random) {
    int[] at = new int[LENGTH + 1];
    for (int n = 0; n < LENGTH; n++) {
      at[n + 1] = at[n] + (movesBase(code[n]) ? EXPANSION : 1);
    }
    for (int n = 0; n < LENGTH; n++) {
      if (BRANCHES.contains(A64Patterns.name(A64Decoder.match(code[n], FEATURES)))) {
        int target = n + 1 + random.nextInt(Math.min(FARTHEST, LENGTH - n));
        code[n] = branch(code[n], at[target] - at[n]);
      }
    }
  }

  /** A branch without a distance gets one in words. */
  private static int branch(int instruction, int words) {
    boolean far = (instruction & 0x7c00_0000) == 0x1400_0000;
    return instruction | (far ? words : words << 5);
  }

  private void load(int word, int systemRegister) {
    put(A64Encoder.ldrU(3, 0, RESULTS, word));
    put(A64Encoder.msr(systemRegister, 0));
  }

  private void store(int word, int systemRegister) {
    put(A64Encoder.mrs(systemRegister, 0));
    put(A64Encoder.strU(3, 0, RESULTS, word));
  }

  /** What a sequence starts from. */
  private void start(int at, SplittableRandom random) {
    image.putLong(at, (long) random.nextInt(16) << 28);
    for (int r = 0; r < REGISTERS; r++) {
      image.putLong(at + 8 * (1 + r), value(random));
    }
    image.putLong(at + 8 * FPSR_WORD, random.nextLong() & 0x0800_009f);
    image.putLong(at + 8 * FPCR_WORD, FloatValues.control(random));
    boolean integers = random.nextBoolean();
    for (int word = GENERAL; word < START / 8; word++) {
      boolean integer = random.nextInt(8) == 0 != integers;
      image.putLong(at + 8 * word, integer ? lanes(random) : FloatValues.lanes(random));
    }
  }

  private static int[] code(SplittableRandom random) {
    var generator =
        new A64Generator(random, FEATURES, SequenceBatch::wanted, SequenceBatch::operand);
    int[] code = new int[LENGTH];
    for (int n = 0; n < LENGTH; n++) {
      do {
        int pattern = generator.pattern();
        code[n] = asManual(A64Patterns.name(pattern), generator.encode(pattern));
      } while (unpredictable(code[n]) || wrongThere(code[n]));
    }
    return code;
  }

  /** What post- or pre-indexes. */
  private static boolean movesBase(int instruction) {
    boolean vector = (instruction & 0x3f00_0000) == 0x3c00_0000;
    boolean single = vector || (instruction & 0x3f00_0000) == 0x3800_0000;
    if ((instruction & 0xff20_0c00) == 0xf820_0c00) {
      return true; // LDRAA and LDRAB
    }
    if (single) {
      return (instruction & 0x20_0400) == 0x400;
    }
    boolean structures = (instruction & 0xbe00_0000) == 0x0c00_0000;
    boolean pair = (instruction & 0x3a00_0000) == 0x2800_0000;
    return (pair || structures) && (instruction & 0x80_0000) != 0;
  }

  /** LDP and LDPSW to one register: which of the values it gets is not said. */
  private static boolean unpredictable(int instruction) {
    boolean pair = (instruction & 0x3a40_0000) == 0x2840_0000;
    return pair && (instruction & 31) == (instruction >> 10 & 31);
  }

  /** FCVTZS of a half to a fixed-point number: QEMU 7.2 extends its sign above the 16 bits. */
  private static boolean wrongThere(int instruction) {
    return (instruction & 0xfff0_fc00) == 0x5f10_fc00;
  }

  /** With the bits that should be zero or one as they should be: QEMU has others undefined. */
  private static int asManual(String name, int instruction) {
    return switch (name) {
      case "sb", "cfinv", "xaflag", "axflag" -> instruction & ~0xf00;
      case "ldapr" -> instruction | 0x1f_0000;
      case "ldar", "stlr" -> instruction | 0x1f_7c00;
      case "smulh", "umulh" -> instruction | 0x7c00;
      default -> instruction;
    };
  }

  /** Lanes of some size that are likely to saturate, to be equal, or to have few bits. */
  private static long lanes(SplittableRandom random) {
    int bits = 8 << random.nextInt(4);
    long mask = -1L >>> (64 - bits);
    long lanes = 0;
    for (int at = 0; at < 64; at += bits) {
      long lane = bits == 64 ? value(random) : value(random) >> random.nextInt(64 - bits + 1);
      lanes |= (lane & mask) << at;
    }
    return lanes;
  }

  private static long value(SplittableRandom random) {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextLong();
      case 1 -> random.nextInt(16) - 8;
      case 2 -> 1L << random.nextInt(64);
      case 3 -> (1L << random.nextInt(64)) - 1;
      case 4 -> random.nextInt();
      default -> Integer.MIN_VALUE + random.nextInt(3) - 1L;
    };
  }

  /** PSCI's SYSTEM_OFF, and a vector for machines where nothing answers it. */
  private void end() {
    int here = image.position();
    int vectors = (here + 0xfff) & -0x800;
    address(0, RAM + LOAD + vectors);
    put(A64Encoder.msr(A64SystemRegisters.number("vbar_el1"), 0));
    address(0, 0x8400_0008L);
    put(A64Encoder.hvc(0));
    put(A64Encoder.b(0));
    image.position(vectors + 0x200);
    address(0, FINISHER);
    put(A64Encoder.strU(2, 31, 0, 0));
    put(A64Encoder.b(0));
  }
}
