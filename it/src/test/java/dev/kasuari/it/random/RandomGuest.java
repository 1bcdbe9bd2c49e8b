package dev.kasuari.it.random;

import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * A guest that a seed stands for: an image of RAM, and what its {@link Director} will do.
 *
 * @param hardwareUpdates whether walks set A and D; then tables are open to all of their writes,
 *     and M-mode and untranslated S-mode execute nothing random
 * @param image all of RAM, not to be changed
 */
record RandomGuest(long seed, boolean hardwareUpdates, ByteBuffer image) {
  /** Tells the director of a trap, where the monitor has it: a hint, which means nothing. */
  static final int REPORT = RiscvEncoder.addi(0, 0, 0x5a5);

  static RiscvModel model() {
    return RiscvModel.max();
  }

  static RandomGuest of(long seed) {
    var random = new SplittableRandom(seed);
    boolean hardwareUpdates = random.nextBoolean();
    ByteBuffer ram = ByteBuffer.allocate(Layout.RAM_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    ram.putInt(0, REPORT).putInt(4, RiscvEncoder.mret());
    pages(seed).put(ram);
    long features = model().features();
    var machine = new RandomCode(random.split(), features, true);
    for (int page = 0; page < Layout.BODY_PAGES; page++) {
      machine.fill(slice(ram, Layout.BODIES + page));
    }
    var code = new RandomCode(random.split(), features, false);
    for (int page = 0; page < Layout.ARENA_PAGES; page++) {
      if (random.nextInt(6) == 0) {
        data(random, slice(ram, Layout.ARENA + page));
      } else {
        code.fill(slice(ram, Layout.ARENA + page));
      }
    }
    return new RandomGuest(seed, hardwareUpdates, ram);
  }

  /** Its page tables as they are at first, and how they will change. */
  static PageMap pages(long seed) {
    return new PageMap(new SplittableRandom(seed + 1));
  }

  private static ByteBuffer slice(ByteBuffer ram, int page) {
    return ram.slice(page * Layout.PAGE, Layout.PAGE).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void data(SplittableRandom random, ByteBuffer page) {
    while (page.hasRemaining()) {
      page.putLong(number(random));
    }
  }

  /** Numbers at which things happen, as integers or as floats, and others. */
  static long number(SplittableRandom random) {
    return switch (random.nextInt(9)) {
      case 0 -> random.nextInt(-4, 5);
      case 1 -> 1L << random.nextInt(64);
      case 2 -> (1L << random.nextInt(64)) - 1;
      case 3 -> random.nextInt();
      case 4 -> Double.doubleToRawLongBits(random.nextInt(-64, 64) / 8.0);
      case 5 -> -1L << 32 | Float.floatToRawIntBits(random.nextInt(-64, 64) / 8.0f);
      case 6 -> -1L << 32 | (random.nextInt() & 0xff80_0000L);
      case 7 -> random.nextLong() & 0xfff0_0000_0000_0000L;
      default -> random.nextLong();
    };
  }
}
