package dev.kasuari.it;

import dev.kasuari.target.riscv.isa.RiscvDecoder;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.target.riscv.isa.RiscvGenerator;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/** Makes one random sequence. */
final class SequenceGenerator {
  private static final int LEAST = 32;
  private static final int MOST = 56;
  private static final int PAGE = 4096;
  private static final int FFLAGS = 1;

  private final long seed;
  private final long features;
  private final SplittableRandom random;
  private final int nudge;
  private final QemuDifferences known;
  private final Setting setting;
  private final Operands operands;
  private final RiscvGenerator patterns;
  private final List<Slot> slots = new ArrayList<>();
  private int[] offsets = {};

  SequenceGenerator(
      long seed,
      long features,
      QemuDifferences known,
      Function<SplittableRandom, ? extends Setting> settings) {
    this.seed = seed;
    this.features = features;
    random = new SplittableRandom(seed);
    setting = settings.apply(random);
    nudge = nudge();
    this.known = known;
    operands = new Operands(random, setting, nudge, known);
    patterns = new RiscvGenerator(random, features, operands::suits, operands);
  }

  Sequence generate() {
    int count = LEAST + random.nextInt(MOST - LEAST + 1);
    while (slots.size() < count) {
      setting.addGroup(this);
      addPlain();
    }
    place();
    List<Integer> code = new ArrayList<>();
    for (int i = 0; i < slots.size(); i++) {
      code.add(encode(i));
    }
    return new Sequence(
        seed,
        setting.privilege(),
        setting.csrs(),
        operands.values(),
        floats(),
        scratch(),
        setting.pages(),
        setting.returning(),
        nudge,
        List.copyOf(code));
  }

  // ---- choosing --------------------------------------------------------------------------------

  private void addPlain() {
    if (random.nextInt(50) == 0) {
      slots.add(new Slot(Slot.ILLEGAL, true, 0));
      return;
    }
    int pattern = patterns.pattern();
    if (pattern == RiscvPatterns.C_JR || pattern == RiscvPatterns.C_JALR) {
      addJumpAddress(1);
      slots.add(new Slot(pattern, false, -1));
      return;
    }
    if (pattern == RiscvPatterns.WRS_NTO || pattern == RiscvPatterns.WRS_STO) {
      addWait(pattern);
      return;
    }
    if (pattern == RiscvPatterns.AMOCAS_W || pattern == RiscvPatterns.AMOCAS_D) {
      addExpectedValue(pattern);
    } else if (pattern == RiscvPatterns.AMOCAS_Q || pattern == RiscvPatterns.AMOCAS_D_RV32) {
      addExpectedPair(pattern);
    }
    if (pattern == RiscvPatterns.CTZW && known.avoidsEmptyCount()) {
      addEarlyCount();
      return;
    }
    slots.add(new Slot(pattern, true, -1));
    if (RiscvPatterns.name(pattern).startsWith("f") && random.nextInt(5) < 2) {
      slots.add(new Slot(Slot.TAKE_FLAGS, true, 0));
    }
  }

  /** A wait may or may not take the reservation: then there is another. */
  private void addWait(int pattern) {
    boolean refusable = setting.faults() && known.hidesRefusedWait();
    boolean bounded = pattern == RiscvPatterns.WRS_STO || refusable;
    add(bounded ? RiscvEncoder.wrsSto() : RiscvEncoder.wrsNto());
    int register = operands.destination(1, 31);
    int base = operands.alignedBase();
    addNext(
        operands.narrowReservations()
            ? RiscvEncoder.lrW(register, base, 0)
            : RiscvEncoder.lrD(register, base, 0));
  }

  /** A swap that finds what it expects; one with random operands hardly ever does. */
  private void addExpectedValue(int pattern) {
    int base = operands.alignedBase();
    int register = operands.destination(1, 31);
    boolean wide = pattern == RiscvPatterns.AMOCAS_D;
    int value = random.nextInt(32);
    int order = random.nextInt(4);
    add(wide ? RiscvEncoder.ld(register, base, 0) : RiscvEncoder.lw(register, base, 0));
    addNext(
        wide
            ? RiscvEncoder.amocasD(register, base, value, order)
            : RiscvEncoder.amocasW(register, base, value, order));
  }

  /** The same with values of two registers, at an address that is aligned as they need it. */
  private void addExpectedPair(int pattern) {
    boolean wide = pattern == RiscvPatterns.AMOCAS_Q;
    int pair = operands.destinationPair();
    int address = operands.destination(1, 31);
    while ((address & ~1) == pair) {
      address = operands.destination(1, 31);
    }
    int value = random.nextInt(16) * 2;
    int order = random.nextInt(4);
    add(RiscvEncoder.andi(address, operands.alignedBase(), wide ? -16 : -8));
    addNext(wide ? RiscvEncoder.ld(pair, address, 0) : RiscvEncoder.lw(pair, address, 0));
    addNext(wide ? RiscvEncoder.ld(pair + 1, address, 8) : RiscvEncoder.lw(pair + 1, address, 4));
    addNext(
        wide
            ? RiscvEncoder.amocasQ(pair, address, value, order)
            : RiscvEncoder.amocasDRv32(pair, address, value, order));
  }

  private void addEarlyCount() {
    int register = operands.destination(1, 31);
    add(RiscvEncoder.bseti(register, register, random.nextInt(32)));
    addNext(RiscvEncoder.ctzw(operands.destination(1, 31), register));
  }

  /** Begins a group with an instruction. */
  void add(int instruction) {
    slots.add(new Slot(Slot.ENCODED, true, instruction));
  }

  /** Goes on with a group: nothing jumps there. */
  void addNext(int instruction) {
    slots.add(new Slot(Slot.ENCODED, false, instruction));
  }

  /**
   * Begins a group whose {@link Operands#jumpRegister} holds an address behind it.
   *
   * @param more how many instructions the group has after this one
   */
  void addJumpAddress(int more) {
    slots.add(new Slot(Slot.JUMP_ADDRESS, true, more));
  }

  /** An instruction of a pattern, with any operands. */
  void addPattern(int pattern) {
    slots.add(new Slot(pattern, true, -1));
  }

  /** An access of that pattern to memory at a register. */
  void addAccess(int pattern, int base) {
    slots.add(new Slot(pattern, true, base));
  }

  Operands operands() {
    return operands;
  }

  // ---- encoding --------------------------------------------------------------------------------

  private void place() {
    offsets = new int[slots.size() + 1];
    for (int i = 0; i < slots.size(); i++) {
      offsets[i + 1] = offsets[i] + bytes(slots.get(i));
    }
  }

  private static int bytes(Slot slot) {
    if (slot.pattern() == Slot.ENCODED) {
      return Sequence.length(slot.argument());
    }
    return slot.pattern() < 0 ? 4 : RiscvPatterns.bytes(slot.pattern());
  }

  private int encode(int i) {
    Slot slot = slots.get(i);
    return switch (slot.pattern()) {
      case Slot.ENCODED -> slot.argument();
      case Slot.ILLEGAL -> illegal();
      case Slot.TAKE_FLAGS -> RiscvEncoder.csrrwi(operands.destination(1, 31), FFLAGS, 0);
      case Slot.JUMP_ADDRESS -> {
        int to = target(i + slot.argument());
        yield RiscvEncoder.addi(
            operands.jumpRegister(), operands.codeRegister(), (int) (to - operands.codeDelta()));
      }
      case RiscvPatterns.WFI -> {
        int end = nudge + offsets[i + 1];
        yield known.avoidsWfi(setting.privilege(), end)
            ? RiscvEncoder.fence(0, 0)
            : RiscvEncoder.wfi();
      }
      default -> {
        int to = target(i);
        operands.begin(to - offsets[i], (int) (to - operands.codeDelta()), slot.argument());
        yield patterns.encode(slot.pattern());
      }
    };
  }

  /** Offset of an instruction after this one, mostly a near one. */
  private int target(int i) {
    int to;
    do {
      to = i + 1 + random.nextInt(random.nextInt(8) + 1);
    } while (to < slots.size() && !slots.get(to).target());
    return offsets[Math.min(to, slots.size())];
  }

  /** Four bytes that are no instruction. */
  private int illegal() {
    while (true) {
      int bits = random.nextInt() | 3;
      if (random.nextBoolean()) {
        operands.begin(8, 8, -1);
        bits = (patterns.encode(patterns.pattern()) ^ 1 << random.nextInt(2, 32)) | 3;
      }
      if ((bits & 0x1c) != 0x1c
          && RiscvDecoder.match(bits, features) < 0
          && !known.isInstructionThere(bits)) {
        return bits;
      }
    }
  }

  // ---- what it starts from ---------------------------------------------------------------------

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
