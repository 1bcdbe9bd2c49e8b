package dev.kasuari.it;

import dev.kasuari.target.riscv.isa.RiscvDecoder;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.target.riscv.isa.RiscvGenerator;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Makes one random sequence of user-level instructions. */
final class SequenceGenerator {
  private static final int LEAST = 32;
  private static final int MOST = 56;
  private static final int PAGE = 4096;
  private static final int FFLAGS = 1;
  private static final int MIE = 0x304;
  private static final int MIP = 0x344;
  private static final int SSIP = 2;

  /** Places in the sequence: a pattern, or {@link #ILLEGAL}. */
  private record Slot(int pattern, boolean target) {}

  private static final int ILLEGAL = -1;

  /** The flags are read into a register and cleared, so that each operation shows its own. */
  private static final int TAKE_FLAGS = -2;

  /** The address for the register jump that follows. */
  private static final int JUMP_ADDRESS = -3;

  private final long seed;
  private final long features;
  private final SplittableRandom random;
  private final int privilege;
  private final int nudge;
  private final QemuDifferences known;
  private final Operands operands;
  private final RiscvGenerator patterns;
  private final List<Slot> slots = new ArrayList<>();
  private int[] offsets = {};

  SequenceGenerator(long seed, long features, QemuDifferences known) {
    this.seed = seed;
    this.features = features;
    random = new SplittableRandom(seed);
    privilege = random.nextBoolean() ? 3 : random.nextInt(2);
    nudge = nudge();
    this.known = known;
    operands = new Operands(random, privilege, nudge, known);
    patterns = new RiscvGenerator(random, features, operands::suits, operands);
  }

  Sequence generate() {
    int count = LEAST + random.nextInt(MOST - LEAST + 1);
    while (slots.size() < count) {
      add();
    }
    place();
    List<Integer> code = new ArrayList<>();
    for (int i = 0; i < slots.size(); i++) {
      code.add(encode(i));
    }
    return new Sequence(
        seed,
        privilege,
        csrs(),
        operands.values(),
        floats(),
        scratch(),
        List.of(),
        false,
        nudge,
        List.copyOf(code));
  }

  private void add() {
    if (random.nextInt(50) == 0) {
      slots.add(new Slot(ILLEGAL, true));
      return;
    }
    int pattern = patterns.pattern();
    if (pattern == RiscvPatterns.C_JR || pattern == RiscvPatterns.C_JALR) {
      slots.add(new Slot(JUMP_ADDRESS, true));
      slots.add(new Slot(pattern, false));
      return;
    }
    slots.add(new Slot(pattern, true));
    if (RiscvPatterns.name(pattern).startsWith("f") && random.nextInt(5) < 2) {
      slots.add(new Slot(TAKE_FLAGS, true));
    }
  }

  private void place() {
    offsets = new int[slots.size() + 1];
    for (int i = 0; i < slots.size(); i++) {
      int pattern = slots.get(i).pattern;
      offsets[i + 1] = offsets[i] + (pattern < 0 ? 4 : RiscvPatterns.bytes(pattern));
    }
  }

  private int encode(int i) {
    int pattern = slots.get(i).pattern;
    return switch (pattern) {
      case ILLEGAL -> illegal();
      case TAKE_FLAGS -> RiscvEncoder.csrrwi(operands.destination(1, 31), FFLAGS, 0);
      case JUMP_ADDRESS -> {
        int to = target(i + 1);
        yield RiscvEncoder.addi(
            operands.jumpRegister(), operands.codeRegister(), (int) (to - operands.codeDelta()));
      }
      case RiscvPatterns.WFI -> {
        int end = nudge + offsets[i + 1];
        yield known.avoidsWfi(privilege, end) ? RiscvEncoder.fence(0, 0) : RiscvEncoder.wfi();
      }
      default -> {
        int to = target(i);
        operands.begin(to - offsets[i], (int) (to - operands.codeDelta()));
        yield patterns.encode(pattern);
      }
    };
  }

  /** Offset of an instruction after this one, mostly a near one. */
  private int target(int i) {
    int to;
    do {
      to = i + 1 + random.nextInt(random.nextInt(8) + 1);
    } while (to < slots.size() && !slots.get(to).target);
    return offsets[Math.min(to, slots.size())];
  }

  /** Four bytes that are no instruction. */
  private int illegal() {
    while (true) {
      int bits = random.nextInt() | 3;
      if (random.nextBoolean()) {
        operands.begin(8, 8);
        bits = (patterns.encode(patterns.pattern()) ^ 1 << random.nextInt(2, 32)) | 3;
      }
      if ((bits & 0x1c) != 0x1c && RiscvDecoder.match(bits, features) < 0) {
        return bits;
      }
    }
  }

  private Map<Integer, Word> csrs() {
    Map<Integer, Word> csrs = new TreeMap<>();
    csrs.put(SequenceBatch.FCSR, Word.of(fcsr()));
    csrs.put(SequenceBatch.MSTATUS, Word.of(fs() << 13));
    // With an interrupt pending and enabled, but masked, wfi goes on at once.
    csrs.put(MIP, Word.of(SSIP));
    csrs.put(MIE, Word.of(privilege == 3 ? SSIP : 0));
    return csrs;
  }

  private long fs() {
    return switch (random.nextInt(20)) {
      case 0 -> 0;
      case 1, 2 -> 1;
      case 3, 4 -> 2;
      default -> 3;
    };
  }

  private long fcsr() {
    int rm = random.nextInt(16) == 0 ? random.nextInt(8) : random.nextInt(5);
    return (long) rm << 5 | (random.nextBoolean() ? 0 : random.nextInt(32));
  }

  private List<Long> floats() {
    List<Long> f = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      f.add(CornerValues.floating(random));
    }
    return List.copyOf(f);
  }

  private List<Long> scratch() {
    List<Long> words = new ArrayList<>();
    for (int i = 0; i < 2 * Sequence.SCRATCH_HALF / 8; i++) {
      words.add(
          random.nextBoolean() ? CornerValues.integer(random) : CornerValues.floating(random));
    }
    return List.copyOf(words);
  }

  /** Often such that the sequence crosses a page. */
  private int nudge() {
    int within = random.nextInt(2) == 0 ? random.nextInt(PAGE) : PAGE - random.nextInt(160);
    return within & (PAGE - 2);
  }
}
