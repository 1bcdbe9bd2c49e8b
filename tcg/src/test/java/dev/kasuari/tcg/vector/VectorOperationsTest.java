package dev.kasuari.tcg.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorOp;
import java.lang.foreign.Arena;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Definitions against arithmetic without bounds, published answers and the JDK's hashes. */
@Tag("fast")
class VectorOperationsTest {
  private static final int FLAG = 256;
  private static final int[] SHA256_START = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
  };

  private final Arena arena = Arena.ofConfined();
  private final long state = arena.allocate(512, 64).address();
  private final VectorOperations vectors = new VectorOperations(state);

  @AfterEach
  void close() {
    arena.close();
  }

  private void apply(VectorOp op, int size, int d, int... from) {
    VectorDesc desc = VectorDesc.of(op, size, 16 * d, 16, 16);
    vectors.apply(
        switch (from.length) {
          case 1 -> desc.from(16 * from[0]);
          case 2 -> desc.from(16 * from[0], 16 * from[1]);
          default -> desc.from(16 * from[0], 16 * from[1], 16 * from[2]);
        });
  }

  private long at(int register, int i) {
    return state + 16L * register + 4L * i;
  }

  private void put(int register, int... words) {
    for (int i = 0; i < words.length; i++) {
      RawMemory.putInt(at(register, i), words[i]);
    }
  }

  private int word(int register, int i) {
    return RawMemory.getInt(at(register, i));
  }

  // ---- saturation ------------------------------------------------------------------------------

  private static BigInteger big(boolean signed, int bits, long x) {
    BigInteger value = BigInteger.valueOf(Lanes.signed(bits, x));
    return signed || value.signum() >= 0 ? value : value.add(BigInteger.TWO.pow(bits));
  }

  private static BigInteger exact(VectorOp op, boolean signed, int bits, long x, long y, int n) {
    BigInteger a = big(signed, bits, x);
    BigInteger b = big(signed, bits, y);
    return switch (op) {
      case QADD -> a.add(b);
      case QSUB -> a.subtract(b);
      case SUQADD -> big(true, bits, x).add(big(false, bits, y));
      case USQADD -> big(false, bits, x).add(big(true, bits, y));
      case QSHL -> a.shiftLeft(n);
      case QSHIFT -> (byte) y >= 0 ? a.shiftLeft((byte) y) : a.shiftRight(-(byte) y);
      default -> throw new AssertionError(op);
    };
  }

  @Test
  void saturatesWhereTheResultDoesNotFit() {
    var random = new SplittableRandom(20_261_122);
    VectorOp[] operations = {
      VectorOp.QADD, VectorOp.QSUB, VectorOp.SUQADD, VectorOp.USQADD, VectorOp.QSHL, VectorOp.QSHIFT
    };
    for (int i = 0; i < 40_000; i++) {
      VectorOp op = operations[random.nextInt(operations.length)];
      int size = random.nextInt(4);
      int bits = 8 << size;
      boolean signed = random.nextBoolean();
      int n = random.nextInt(bits);
      long x = random.nextLong() >> random.nextInt(64);
      long y = random.nextLong() >> random.nextInt(64);
      RawMemory.putLong(state, x);
      RawMemory.putLong(state + 16, y);
      RawMemory.putInt(state + FLAG, 0);
      VectorDesc desc = VectorDesc.of(op, size, 32, 1 << size, 16).from(0, 16).immediate(n);
      vectors.apply(desc.signed(signed).saturating(FLAG));
      boolean signedResult = op == VectorOp.SUQADD || (op != VectorOp.USQADD && signed);
      BigInteger most = BigInteger.TWO.pow(signedResult ? bits - 1 : bits).subtract(BigInteger.ONE);
      BigInteger least = signedResult ? most.not() : BigInteger.ZERO;
      BigInteger exact = exact(op, signed, bits, x, y, n);
      BigInteger expected = exact.max(least).min(most);
      String what = desc.describe() + " of %x, %x".formatted(x, y);
      long result = Lanes.signed(bits, RawMemory.getLong(state + 32));
      assertThat(big(signedResult, bits, result)).as(what).isEqualTo(expected);
      boolean fits = exact.equals(expected);
      assertThat(RawMemory.getInt(state + FLAG)).as(what).isEqualTo(fits ? 0 : 1);
    }
  }

  // ---- cryptography ----------------------------------------------------------------------------

  /** Fractions of cube roots of the first primes, FIPS 180-4, 4.2.2. */
  private static int[] sha256Constants() {
    int[] constants = new int[64];
    int found = 0;
    for (int n = 2; found < 64; n++) {
      if (BigInteger.valueOf(n).isProbablePrime(50)) {
        constants[found++] = (int) (long) ((Math.cbrt(n) % 1) * (1L << 32));
      }
    }
    return constants;
  }

  @Test
  void sha256IsTheJdks() throws Exception {
    byte[] block = new byte[64];
    block[0] = (byte) 0x80; // the padding of nothing
    int[] constants = sha256Constants();
    put(0, SHA256_START[0], SHA256_START[1], SHA256_START[2], SHA256_START[3]);
    put(1, SHA256_START[4], SHA256_START[5], SHA256_START[6], SHA256_START[7]);
    for (int i = 0; i < 16; i++) {
      RawMemory.putInt(at(2, i), ByteBuffer.wrap(block).getInt(4 * i));
    }
    for (int round = 0; round < 64; round += 4) {
      int w = 2 + round / 4 % 4;
      for (int i = 0; i < 4; i++) {
        RawMemory.putInt(at(8, i), word(w, i) + constants[round + i]);
      }
      apply(VectorOp.MOV, 3, 9, 0);
      apply(VectorOp.SHA256H, 2, 0, 0, 1, 8);
      apply(VectorOp.SHA256H2, 2, 1, 1, 9, 8);
      apply(VectorOp.SHA256SU0, 2, w, w, 2 + (round / 4 + 1) % 4);
      apply(VectorOp.SHA256SU1, 2, w, w, 2 + (round / 4 + 2) % 4, 2 + (round / 4 + 3) % 4);
    }
    byte[] expected = MessageDigest.getInstance("SHA-256").digest();
    for (int i = 0; i < 8; i++) {
      assertThat(word(i / 4, i % 4) + SHA256_START[i])
          .as("word %d", i)
          .isEqualTo(ByteBuffer.wrap(expected).getInt(4 * i));
    }
  }

  /** GB/T 32907-2016, appendix A.1. */
  @Test
  void sm4IsAsPublished() {
    int[] key = {0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210};
    put(0, key[0] ^ 0xa3b1bac6, key[1] ^ 0x56aa3350, key[2] ^ 0x677d9197, key[3] ^ 0xb27022dc);
    put(1, key);
    for (int round = 0; round < 32; round += 4) {
      for (int i = 0; i < 4; i++) {
        int constant = 0;
        for (int b = 0; b < 4; b++) {
          constant = constant << 8 | ((28 * (round + i) + 7 * b) & 0xff);
        }
        RawMemory.putInt(at(2, i), constant);
      }
      apply(VectorOp.SM4EKEY, 2, 0, 0, 2);
      apply(VectorOp.SM4E, 2, 1, 1, 0);
    }
    int[] result = {word(1, 3), word(1, 2), word(1, 1), word(1, 0)};
    assertThat(result).containsExactly(0x681edf34, 0xd206965e, 0x86b3e94f, 0x536e4246);
  }

  /** FIPS 197, appendix B, the first round: state, SubBytes and ShiftRows, MixColumns. */
  @Test
  void aesIsAsPublished() {
    put(0, 0x3243f6a8, 0x885a308d, 0x313198a2, 0xe0370734);
    put(1, 0x2b7e1516, 0x28aed2a6, 0xabf71588, 0x09cf4f3c);
    for (int r = 0; r < 2; r++) {
      for (int i = 0; i < 4; i++) {
        RawMemory.putInt(at(r, i), Integer.reverseBytes(word(r, i)));
      }
    }
    apply(VectorOp.AESE, 0, 2, 0, 1);
    apply(VectorOp.AESMC, 0, 3, 2);
    int[] mixed = {0x046681e5, 0xe0cb199a, 0x48f8d37a, 0x2806264c};
    for (int i = 0; i < 4; i++) {
      assertThat(Integer.reverseBytes(word(3, i))).isEqualTo(mixed[i]);
    }
    apply(VectorOp.AESIMC, 0, 4, 3);
    apply(VectorOp.XOR, 3, 5, 5, 5);
    apply(VectorOp.AESD, 0, 6, 4, 5);
    apply(VectorOp.XOR, 3, 6, 6, 1);
    for (int i = 0; i < 4; i++) {
      assertThat(word(6, i)).isEqualTo(word(0, i));
    }
  }
}
