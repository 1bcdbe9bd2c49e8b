package dev.kasuari.bench;

import java.nio.ByteBuffer;
import java.util.Random;

/**
 * Instructions of A64 for code that runs once: integer arithmetic, flags and selection, loads and
 * stores, and branches. Encodings are those of the Arm Architecture Reference Manual, C6.2.
 *
 * <p>x0 is the number, x1 the memory; only x0 and x2 to x15 change.
 */
final class A64OnceInstructions implements OnceInstructions {
  private static final int MEMORY = 1;
  private static final int[] FREE = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  private static final int[] SHIFTED = {
    0x8b000000, // add
    0x0b000000, // add, 32 bits
    0xab000000, // adds
    0xcb000000, // sub
    0xeb000000, // subs
    0x8a000000, // and
    0xaa000000, // orr
    0xca000000, // eor
  };
  // ldr of 64, 32, 16 and 8 bits, and the shift of its offset; str is without bit 22.
  private static final int[] LOADS = {0xf9400000, 0xb9400000, 0x79400000, 0x39400000};
  private static final int LOAD = 1 << 22;

  private final Random random;

  A64OnceInstructions(Random random) {
    this.random = random;
  }

  @Override
  public void plain(ByteBuffer code) {
    code.putInt(plain());
  }

  private int plain() {
    int rd = pick(FREE);
    int operands = rd | pick(FREE) << 5;
    return switch (random.nextInt(12)) {
      case 0, 1 -> memory(random.nextInt(4)) | rd;
      case 2 -> (memory(random.nextInt(4)) & ~LOAD) | rd;
      case 3 -> pair(rd);
      case 4, 5 -> 0x91000000 | random.nextInt(4096) << 10 | operands; // add
      case 6 -> 0xd2800000 | random.nextInt(4) << 21 | random.nextInt(1 << 16) << 5 | rd; // movz
      case 7 -> 0xd3400000 | random.nextInt(64) << 16 | 63 << 10 | operands; // lsr
      case 8 -> 0x9b000000 | pick(FREE) << 16 | pick(FREE) << 10 | operands; // madd
      case 9 -> 0x9a800000 | pick(FREE) << 16 | random.nextInt(14) << 12 | operands; // csel
      default -> pick(SHIFTED) | pick(FREE) << 16 | random.nextInt(32) << 10 | operands;
    };
  }

  /** In the first 512 bytes. */
  private int memory(int narrower) {
    return LOADS[narrower] | random.nextInt(64) << 10 | MEMORY << 5;
  }

  private int pair(int first) {
    int second = first == FREE[1] ? FREE[2] : FREE[1];
    return 0xa9400000 | random.nextInt(32) << 15 | second << 10 | MEMORY << 5 | first; // ldp
  }

  @Override
  public int branchBytes() {
    return Integer.BYTES;
  }

  @Override
  public void branch(ByteBuffer code, int at, int bytes, int distance) {
    int to = (distance / Integer.BYTES) << 5;
    code.putInt(
        at,
        switch (random.nextInt(4)) {
          case 0 -> 0xb4000000 | to | pick(FREE); // cbz
          case 1 -> 0x37000000 | random.nextInt(32) << 19 | to | pick(FREE); // tbnz
          default -> 0x54000000 | to | random.nextInt(14); // b.cond
        });
  }

  @Override
  public void end(ByteBuffer code) {
    code.putInt(0xca000000 | pick(FREE) << 16); // eor x0, x0, ...
    code.putInt(0xd65f03c0); // ret
  }

  private int pick(int[] from) {
    return from[random.nextInt(from.length)];
  }
}
