package dev.kasuari.bench;

import dev.kasuari.bench.Benchmark.Kernel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/**
 * Generates functions that are to be called once each: straight code with short branches forward,
 * integer arithmetic, and loads and stores in 512 bytes.
 *
 * <p>A function is called with a number and the memory, and returns a number. It changes
 * caller-saved registers only.
 */
final class OnceCode {
  /** The C file that calls the functions. */
  static final String SOURCE = "once";

  /** The flag of a kernel all of whose instructions have four bytes. */
  static final String FOUR = "-DONCE_FOUR";

  /** The flag of a kernel with instructions of two and four bytes. */
  static final String MIXED = "-DONCE_MIXED";

  private static final int BYTES = 2 << 20;
  private static final long SEED = 20;
  private static final int SHORTEST = 16; // instructions of a function
  private static final int LONGEST = 64;

  private final Random random;
  private final OnceInstructions instructions;
  private final ByteBuffer code;

  private OnceCode(Random random, OnceInstructions instructions, int bytes) {
    this.random = random;
    this.instructions = instructions;
    code = ByteBuffer.allocate(bytes + 8 * LONGEST).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** What a kernel with one of the flags calls. */
  static byte[] of(Target target, Kernel kernel) {
    return generate(target, kernel.flags().contains(MIXED), BYTES);
  }

  /**
   * The number of functions, the offset of each from the beginning, and the functions; all numbers
   * are of 32 bits. The same arguments give the same bytes.
   *
   * @param compressed whether half of the instructions have two bytes; otherwise none has
   * @param bytes of code, about
   */
  static byte[] generate(Target target, boolean compressed, int bytes) {
    var random = new Random(SEED);
    OnceInstructions instructions =
        switch (target) {
          case RISCV64 -> new RiscvOnceInstructions(compressed, random);
          case AARCH64 -> new A64OnceInstructions(random);
        };
    var generator = new OnceCode(random, instructions, bytes);
    var starts = ByteBuffer.allocate(bytes / SHORTEST * Integer.BYTES);
    int count = 0;
    while (generator.code.position() < bytes) {
      starts.putInt(generator.code.position());
      generator.function();
      count++;
    }
    int header = Integer.BYTES * (count + 1);
    var all =
        ByteBuffer.allocate(header + generator.code.position()).order(ByteOrder.LITTLE_ENDIAN);
    all.putInt(count);
    starts.flip();
    while (starts.hasRemaining()) {
      all.putInt(header + starts.getInt());
    }
    return all.put(generator.code.flip()).array();
  }

  private void function() {
    int end = SHORTEST + random.nextInt(LONGEST - SHORTEST);
    for (int done = 0; done < end; ) {
      if (random.nextInt(7) == 0) {
        int skipped = 1 + random.nextInt(5);
        branchOver(skipped);
        done += skipped + 1;
      } else {
        instructions.plain(code);
        done++;
      }
    }
    instructions.end(code);
  }

  private void branchOver(int skipped) {
    int at = code.position();
    int bytes = instructions.branchBytes();
    code.position(at + bytes);
    for (int n = 0; n < skipped; n++) {
      instructions.plain(code);
    }
    instructions.branch(code, at, bytes, code.position() - at);
  }
}
