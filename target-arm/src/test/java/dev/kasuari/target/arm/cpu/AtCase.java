package dev.kasuari.target.arm.cpu;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Registers, tables and addresses, at random but so that walks get somewhere, for address
 * translation instructions at EL3. What the architecture leaves open is left out.
 */
final class AtCase {
  /** In which order a case has its registers. */
  static final String[] REGISTERS = {
    "sctlr_el1",
    "tcr_el1",
    "ttbr0_el1",
    "ttbr1_el1",
    "mair_el1",
    "hcr_el2",
    "vtcr_el2",
    "vttbr_el2",
    "sctlr_el2",
    "tcr_el2",
    "ttbr0_el2",
    "ttbr1_el2",
    "mair_el2"
  };

  private static final long POOL = MmuFixture.RAM + 0x100_0000;
  private static final int POOL_TABLES = 96;

  /** Where there is nothing. */
  private static final long HOLE = 0x20_0000_0000L;

  private static final int[] MEMORY = {0x00, 0x04, 0x08, 0x0c, 0x44, 0xff, 0xbb, 0xf4, 0x4f, 0xee};
  private static final int[] SHARES = {0, 2, 3};

  private final Random random;
  final Map<Long, Long> memory = new LinkedHashMap<>();
  final long[] registers = new long[REGISTERS.length];
  final long[] addresses = new long[3];

  /** One stage's shape. */
  private record Stage(
      int bits, int start, int input, boolean wide, boolean ds, boolean bigEndian) {
    /** QEMU 7.2 takes blocks at any level. */
    boolean hasBlocks(int level) {
      return level == 2 || (level == 1 && (bits == 12 || wide)) || (level == 0 && bits == 12 && ds);
    }

    int shift(int level) {
      return bits + (3 - level) * (bits - 3);
    }
  }

  AtCase(long seed) {
    random = new Random(seed);
    boolean big1 = chance(10);
    boolean big2 = chance(10);
    boolean e2h = chance(20);
    boolean two = chance(60);
    // QEMU 7.2 looks at PTW without stage 2, and not at TGE.
    long hcr =
        1L << 31
            | (two ? 1 : 0)
            | (two && chance(15) ? 1 << 2 : 0)
            | (chance(8) ? 1 << 12 : 0)
            | (e2h ? 1L << 34 : 0)
            | (chance(20) ? 1L << 46 : 0);
    registers[5] = hcr;
    // The access flag is set or not where the walk of stage 1 then is not permitted: leave it out.
    Stage second = stage2(big2, (hcr & 1 << 2) != 0);
    registers[0] = sctlr(big1);
    registers[8] = sctlr(big2);
    registers[4] = mair();
    registers[12] = mair();
    Stage[] el1 = stage1(1, true, big1);
    Stage[] el2 = stage1(9, e2h, big2);
    for (int i = 0; i < addresses.length; i++) {
      boolean upper = chance(40);
      int range = upper ? 1 : 0;
      long va = address(el1[range], upper);
      addresses[i] = va;
      long ipa = path(el1[range], registers[upper ? 3 : 2], va, second);
      place(second, ipa);
      if (e2h || !upper) {
        path(el2[range], registers[upper ? 11 : 10], va, null);
      }
    }
  }

  private boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  private int of(int... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private long sctlr(boolean bigEndian) {
    return (chance(95) ? 1 : 0)
        | 1 << 2
        | (chance(50) ? 1 << 12 : 0)
        | (chance(30) ? 1 << 19 : 0)
        | (bigEndian ? 1 << 25 : 0);
  }

  private long mair() {
    long mair = 0;
    for (int i = 0; i < 8; i++) {
      mair = mair << 8 | of(MEMORY);
    }
    return mair;
  }

  private static int tg0(int bits) {
    return bits == 12 ? 0 : bits == 14 ? 2 : 1;
  }

  private static int tg1(int bits) {
    return bits == 12 ? 2 : bits == 14 ? 1 : 3;
  }

  /** No walk begins at level −1: QEMU 7.2 ends with an assertion when it faults there. */
  private int txsz(int bits, boolean ds) {
    if (chance(4)) {
      int any = random.nextInt(64);
      return any >= 12 && any < 16 ? 16 : any;
    }
    int least = bits == 16 || (ds && bits == 14) ? 12 : 16;
    return least + random.nextInt((bits == 16 ? 47 : 48) - least + 1);
  }

  private static int start(int bits, int txsz) {
    return 3 - Math.floorDiv(63 - txsz - bits, bits - 3);
  }

  /** TCR and TTBRs of a level; the registers follow one another. */
  private Stage[] stage1(int tcrAt, boolean twoRanges, boolean bigEndian) {
    boolean ds = chance(25);
    int ps = chance(60) ? 6 : random.nextInt(7);
    int[] bits = {of(12, 14, 16), of(12, 14, 16)};
    int[] sizes = {txsz(bits[0], ds), txsz(bits[1], ds)};
    long shares = of(SHARES);
    long tcr = sizes[0] | shares << 12 | (long) tg0(bits[0]) << 14;
    if (twoRanges) {
      tcr |= (long) sizes[1] << 16 | (long) of(SHARES) << 28 | (long) tg1(bits[1]) << 30;
      tcr |= (long) ps << 32 | (ds ? 1L << 59 : 0);
      tcr |= flag(5, 7) | flag(5, 23) | flag(40, 37) | flag(40, 38) | flag(40, 39) | flag(50, 40);
      tcr |= flag(20, 41) | flag(20, 42) | flag(20, 51) | flag(20, 52) | flag(10, 55);
    } else {
      tcr |= (long) ps << 16 | (ds ? 1L << 32 : 0) | 1L << 31 | 1 << 23;
      tcr |= flag(40, 20) | flag(40, 21) | flag(50, 22) | flag(20, 24) | flag(20, 29);
    }
    registers[tcrAt] = tcr;
    Stage[] stages = new Stage[2];
    for (int i = 0; i < 2; i++) {
      boolean wide = ps == 6 && (ds || bits[i] == 16);
      boolean usesDs = ds && bits[i] != 16;
      stages[i] =
          new Stage(bits[i], start(bits[i], sizes[i]), 64 - sizes[i], wide, usesDs, bigEndian);
      registers[tcrAt + 1 + i] = table(stages[i], stages[i].start) | random.nextInt(2);
    }
    return stages;
  }

  private long flag(int percent, int bit) {
    return chance(percent) ? 1L << bit : 0;
  }

  private Stage stage2(boolean bigEndian, boolean walksAreProtected) {
    boolean ds = chance(25);
    int bits = of(12, 14, 16);
    boolean usesDs = ds && bits != 16;
    int input =
        chance(4)
            ? 64 - random.nextInt(64)
            : 33 + random.nextInt(bits == 16 || (usesDs && bits == 14) ? 20 : 16);
    input = bits == 12 ? Math.min(input, 48) : input;
    // QEMU 7.2 compares the size with PS, not with what there is.
    int ps = input <= 48 && chance(40) ? 5 : 6;
    // The level at which stage 1 would begin, or one or more after it with tables in a row.
    int start = start(bits, 64 - input);
    if (chance(30) && input - (bits + (2 - start) * (bits - 3)) <= bits + 1) {
      start++;
    }
    if (chance(4)) {
      start = random.nextInt(4);
    }
    // QEMU 7.2 knows no walks of 16 KiB tables that begin at level 0.
    if (bits == 14 && start == 0) {
      start = 1;
      input = Math.min(input, 47);
    }
    int sl0 = bits != 12 ? (3 - start) & 3 : start == 3 ? 3 : (2 - start) & 3;
    long vtcr =
        ((64 - input) & 63)
            | (long) sl0 << 6
            | (long) of(SHARES) << 12
            | (long) tg0(bits) << 14
            | (long) ps << 16
            | (walksAreProtected ? 0 : flag(40, 21))
            | flag(50, 22)
            | 1L << 31
            | (ds ? 1L << 32 : 0);
    registers[6] = vtcr;
    registers[7] = POOL + (long) (POOL_TABLES + 16) * 0x1_0000;
    return new Stage(bits, start, input, ps == 6 && (ds || bits == 16), usesDs, bigEndian);
  }

  /**
   * A table that only those use who read descriptors in the same way: QEMU 7.2 takes blocks at any
   * level, and does not look at the upper bits of 52-bit addresses where PS allows less.
   */
  private long table(Stage stage, int level) {
    if (chance(2)) {
      return HOLE;
    }
    int reader = stage.bits == 12 ? 0 : stage.bits == 14 ? 1 : 2;
    reader = reader * 2 + (stage.ds ? 1 : 0);
    reader = reader * 2 + (stage.wide ? 1 : 0);
    reader = reader * 2 + (stage.bigEndian ? 1 : 0);
    return POOL + (reader * 4L + Math.clamp(level, 0, 3)) * 0x1_0000;
  }

  private long address(Stage stage, boolean upper) {
    long va = random.nextLong() >>> random.nextInt(20);
    int input = Math.min(Math.max(stage.input, 12), 56);
    if (!chance(5)) {
      va &= (1L << input) - 1;
      va = upper ? va | -1L << input : va;
    }
    return chance(30) ? (va & (-1L >>> 8)) | random.nextLong() << 56 : va;
  }

  // ---- tables ----------------------------------------------------------------------------------

  private void put(long address, long descriptor, boolean bigEndian) {
    if (address >= POOL && address < POOL + 0x80_0000) {
      memory.put(address, bigEndian ? Long.reverseBytes(descriptor) : descriptor);
    }
  }

  /**
   * Puts descriptors on the way of an address.
   *
   * @param under what addresses of tables go through, or null
   * @return the address to which it leads, more or less
   */
  private long path(Stage stage, long root, long input, @Nullable Stage under) {
    long table = root & ~0x3fL;
    long index = (input & (1L << Math.min(stage.input, 56)) - 1) >>> stage.shift(stage.start);
    for (int level = stage.start; level <= 3; level++) {
      long at = table + index * 8;
      if (under != null) {
        place(under, at);
      }
      boolean leaf = level == 3 || (stage.hasBlocks(level) && chance(level == 2 ? 40 : 15));
      if (!leaf) {
        table = table(stage, level + 1);
        long attributes = chance(25) ? (random.nextLong() & 31L << 59) : 0;
        put(at, chance(96) ? table | attributes | 3 : random.nextInt(2) * 2L, stage.bigEndian);
        index = input >>> stage.shift(level + 1) & (1L << (stage.bits - 3)) - 1;
        continue;
      }
      long page = outputAddress(stage, level);
      put(at, page(stage, level, page), stage.bigEndian);
      return page | (input & (1L << stage.shift(level)) - 1);
    }
    return 0;
  }

  private long outputAddress(Stage stage, int level) {
    long address = random.nextLong() & (1L << (stage.wide ? 52 : 48)) - 1;
    address >>>= chance(60) ? random.nextInt(30) : 0;
    return address & -1L << stage.shift(level);
  }

  private long page(Stage stage, int level, long address) {
    long type = chance(96) ? (level == 3 ? 3 : 1) : random.nextInt(2) * 2L;
    long attributes = (random.nextLong() & (0xffL << 50 | 0x8fcL)) | (long) of(SHARES) << 8;
    if (stage.ds) {
      attributes &= ~0x300L;
    }
    if (chance(85)) {
      attributes |= 1 << 10;
    }
    return encoded(stage, address) | attributes | type;
  }

  private static long encoded(Stage stage, long address) {
    long low = address & (1L << 48) - 1;
    if (!stage.wide) {
      return low;
    }
    return stage.ds
        ? low | (address & 3L << 48) | (address >>> 50 & 3) << 8
        : low | (address >>> 48 & 15) << 12;
  }

  /** Has stage 2 translate an address, in most cases to itself. */
  private void place(Stage stage, long ipa) {
    long table = registers[7];
    long index = (ipa & (1L << Math.min(stage.input, 56)) - 1) >>> stage.shift(stage.start);
    for (int level = stage.start; level <= 3; level++) {
      long at = table + index * 8;
      if (level == 3 || (level == 2 && chance(30))) {
        put(at, sane(page2(stage, level, ipa)), stage.bigEndian);
        return;
      }
      table = POOL + (POOL_TABLES + 1 + Math.floorMod(level, 4) * 2L) * 0x1_0000;
      put(at, chance(98) ? table | 3 : random.nextInt(2) * 2L, stage.bigEndian);
      index = ipa >>> stage.shift(level + 1) & (1L << (stage.bits - 3)) - 1;
    }
  }

  /** A descriptor of stage 2: half of them permit everything and change nothing. */
  private long page2(Stage stage, int level, long ipa) {
    if (chance(40)) {
      return page(stage, level, outputAddress(stage, level));
    }
    long page = ipa & (stage.wide ? -1L : (1L << 48) - 1) & -1L << stage.shift(level);
    if (chance(30)) {
      return page(stage, level, page);
    }
    long shared = stage.ds ? 0 : 2 << 8;
    return encoded(stage, page) | 1 << 10 | shared | 0xfc | (level == 3 ? 3 : 1);
  }

  /** Without encodings of MemAttr that are reserved. */
  private long sane(long descriptor) {
    int memAttr = (int) (descriptor >>> 2) & 15;
    boolean fwb = (registers[5] >>> 46 & 1) != 0;
    if (fwb) {
      return ((memAttr & 7) == 4 ? descriptor ^ 1 << 2 : descriptor) & ~(1L << 5);
    }
    return memAttr >= 4 && (memAttr & 3) == 0 ? descriptor | 3 << 2 : descriptor;
  }

  // ---- forms -----------------------------------------------------------------------------------

  @Override
  public String toString() {
    return IntStream.range(0, REGISTERS.length)
        .mapToObj(i -> "%s=0x%x".formatted(REGISTERS[i], registers[i]))
        .collect(Collectors.joining(" "));
  }

  int bytes() {
    return 8 * (2 + 2 * memory.size() + registers.length + addresses.length);
  }

  /** As the program reads it. */
  void write(ByteBuffer out) {
    out.putLong(memory.size());
    memory.forEach((address, value) -> out.putLong(address).putLong(value));
    for (long register : registers) {
      out.putLong(register);
    }
    out.putLong(addresses.length);
    for (long address : addresses) {
      out.putLong(address);
    }
  }
}
