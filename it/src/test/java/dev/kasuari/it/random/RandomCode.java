package dev.kasuari.it.random;

import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.target.riscv.isa.RiscvGenerator;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import dev.kasuari.target.riscv.isa.RiscvPatterns.Operand;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Streams of random instructions. Some registers hold by custom what makes them interesting, see
 * {@link Registers}; now and then an instruction overwrites them all the same.
 */
final class RandomCode implements RiscvGenerator.Chooser {
  /** What registers hold by custom. */
  static final class Registers {
    /** Addresses in the arena or at the device, for loads and stores. */
    static final int[] POINTERS = {2, 8, 9, 10, 11, 18, 19};

    /** Addresses of code. */
    static final int[] TARGETS = {1, 5, 20};

    /** A value of {@code satp}. */
    static final int SPACE = 26;

    /** Encodings of instructions, to be stored over others. */
    static final int[] INSTRUCTIONS = {27, 28};

    private Registers() {}

    static boolean isKept(int register) {
      return has(POINTERS, register)
          || has(TARGETS, register)
          || has(INSTRUCTIONS, register)
          || register == SPACE;
    }

    private static boolean has(int[] among, int register) {
      for (int each : among) {
        if (each == register) {
          return true;
        }
      }
      return false;
    }
  }

  private static final int SATP = 0x180;
  private static final int[] USER_CSRS = {1, 2, 3, 0xc00, 0xc01, 0xc02, 0xc03};
  private static final int[] SUPERVISOR_CSRS = {
    0x100, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x142, 0x143, 0x144, 0x14d, SATP
  };

  /** Those that M-mode may write without getting lost. */
  private static final int[] MACHINE_CSRS = {
    0x301, 0x306, 0x30a, 0x320, 0x323, 0x340, 0x341, 0x342, 0x343, 0x344, 0xb00, 0xb02, 0xf14
  };

  /** Those that name code: {@code stvec} and {@code sepc}. */
  private static final Set<Integer> HOLD_TARGETS = Set.of(0x105, 0x141);

  private static final Set<Integer> TARGET_JUMPS =
      Set.of(RiscvPatterns.JALR, RiscvPatterns.C_JR, RiscvPatterns.C_JALR);

  /** What an instruction is about, as far as how often it comes and what its operands are. */
  private enum Kind {
    MEMORY,
    JUMP,
    CSR,
    TRAP,
    FLOATING,
    OTHER;

    private static Kind of(String name) {
      if (name.matches("(c\\.)?f?[ls][bhwd]u?(sp)?|amo.*|lr\\..*|sc\\..*|cbo.*|prefetch.*")) {
        return MEMORY;
      }
      if (name.matches("(c\\.)?(b(eq|ne|lt|ge)z?u?|j|jal|jr|jalr)")) {
        return JUMP;
      }
      if (name.startsWith("csrr")) {
        return CSR;
      }
      if (name.matches("(c\\.)?(ecall|ebreak|[ms]ret|wfi)")) {
        return TRAP;
      }
      return name.startsWith("f") && !name.startsWith("fence") ? FLOATING : OTHER;
    }
  }

  private static final List<Kind> KINDS =
      IntStream.range(0, RiscvPatterns.COUNT)
          .mapToObj(i -> Kind.of(RiscvPatterns.name(i)))
          .toList();

  private static final int MOST_TRIES = 200;

  private final SplittableRandom random;
  private final boolean machine;
  private final RiscvGenerator patterns;
  private int csr;

  /**
   * @param machine code for M-mode, which always gets to the end of its page
   */
  RandomCode(SplittableRandom random, long features, boolean machine) {
    this.random = random;
    this.machine = machine;
    patterns = new RiscvGenerator(random, features, this::suits, this);
  }

  private boolean suits(int pattern) {
    String name = RiscvPatterns.name(pattern);
    // How long a wait is depends on the host.
    boolean waits = name.startsWith("wrs.");
    boolean leaves =
        RiscvPatterns.bytes(pattern) != 4
            || TARGET_JUMPS.contains(pattern)
            || Set.of("wfi", "mret", "sret").contains(name);
    return !waits && !(machine && leaves);
  }

  /** Fills a page, or what is left of it, with instructions. */
  void fill(ByteBuffer page) {
    page.order(ByteOrder.LITTLE_ENDIAN);
    while (page.remaining() >= 4) {
      int instruction = next();
      if ((instruction & 3) == 3) {
        page.putInt(instruction);
      } else {
        page.putShort((short) instruction);
      }
    }
    while (page.hasRemaining()) {
      page.put((byte) 0);
    }
    if (machine) {
      for (int at = page.limit() - 64; at < page.limit(); at += 4) {
        page.putInt(at, RiscvEncoder.ecall());
      }
    }
  }

  /** An instruction. */
  int next() {
    if (!machine && random.nextInt(400) == 0) {
      return random.nextInt() | 3;
    }
    int pattern = patterns.pattern();
    for (int tries = 0; tries < MOST_TRIES && isDull(pattern); tries++) {
      pattern = patterns.pattern();
    }
    return patterns.encode(pattern);
  }

  /** Most patterns are arithmetic; memory, jumps and the system would be too rare. */
  private boolean isDull(int pattern) {
    return switch (KINDS.get(pattern)) {
      case MEMORY, JUMP, CSR -> false;
      case TRAP -> random.nextInt(8) != 0;
      case FLOATING -> random.nextInt(3) != 0;
      case OTHER -> random.nextBoolean();
    };
  }

  // ---- operands --------------------------------------------------------------------------------

  @Override
  public long choose(int pattern, Operand operand, RandomGenerator unused) {
    return switch (operand.name()) {
      case "rd" -> destination(pattern, operand);
      case "rs1" -> source(pattern, operand);
      case "imm" -> immediate(pattern, operand);
      case "csr" -> chooseCsr(pattern);
      case "rm" -> random.nextInt(30) == 0 ? random.nextInt(8) : random.nextInt(3) * 7 / 2;
      default -> RiscvGenerator.uniform(pattern, operand, random);
    };
  }

  private long destination(int pattern, Operand operand) {
    long register = RiscvGenerator.uniform(pattern, operand, random);
    if (KINDS.get(pattern) == Kind.JUMP) {
      return random.nextBoolean() ? 0 : 1;
    }
    for (int tries = 0;
        tries < MOST_TRIES
            && KINDS.get(pattern) != Kind.FLOATING
            && Registers.isKept((int) register)
            && (register == Registers.SPACE || random.nextInt(40) != 0);
        tries++) {
      register = RiscvGenerator.uniform(pattern, operand, random);
    }
    return register;
  }

  private long source(int pattern, Operand operand) {
    if (TARGET_JUMPS.contains(pattern)) {
      return pick(Registers.TARGETS);
    }
    if (KINDS.get(pattern) == Kind.MEMORY) {
      int register;
      do {
        register = pick(Registers.POINTERS);
      } while (register < operand.min() || register > operand.max());
      return register;
    }
    if (KINDS.get(pattern) == Kind.CSR) {
      return csr == SATP
          ? Registers.SPACE
          : HOLD_TARGETS.contains(csr)
              ? pick(Registers.TARGETS)
              : RiscvGenerator.uniform(pattern, operand, random);
    }
    return RiscvGenerator.uniform(pattern, operand, random);
  }

  private int pick(int[] among) {
    return among[random.nextInt(among.length)];
  }

  private long immediate(int pattern, Operand operand) {
    if (KINDS.get(pattern) == Kind.JUMP) {
      return pattern == RiscvPatterns.JALR ? 4L * random.nextInt(-8, 8) : distance(operand);
    }
    if (KINDS.get(pattern) == Kind.MEMORY && random.nextInt(4) != 0) {
      long near = 8L * random.nextInt(-8, 8) + (random.nextInt(4) == 0 ? random.nextInt(8) : 0);
      long fitting = near - Math.floorMod(near - operand.min(), operand.step());
      return Math.clamp(fitting, operand.min(), operand.max());
    }
    return RiscvGenerator.uniform(pattern, operand, random);
  }

  /** Near; in M-mode forward and from word to word. */
  private long distance(Operand operand) {
    if (machine) {
      return 4L * random.nextInt(1, 12);
    }
    long far = random.nextInt(6) == 0 ? 1 << 9 : 48;
    return Math.clamp(2 * random.nextLong(-far / 3, far), operand.min(), operand.max() & -2);
  }

  private int chooseCsr(int pattern) {
    do {
      int choice = random.nextInt(20);
      csr =
          choice < 9
              ? pick(USER_CSRS)
              : choice < 18
                  ? pick(SUPERVISOR_CSRS)
                  : machine || random.nextInt(4) != 0 ? pick(MACHINE_CSRS) : random.nextInt(4096);
      // Tables elsewhere than in their pages would be changed without a fence.
    } while (csr == SATP && pattern != RiscvPatterns.CSRRW);
    return csr;
  }
}
