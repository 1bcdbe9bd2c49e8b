package dev.kasuari.block.crypto;

import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Keys from passwords, made slow on purpose (RFC 8018, "PBKDF2", with HMAC). Passwords are bytes,
 * which the JDK's own does not take.
 */
public final class Pbkdf2 {
  /** The fewest iterations that are used. */
  public static final int LEAST = 1000;

  private static final int TRIAL = 1 << 14;

  private final MessageDigest inner;
  private final MessageDigest outer;

  private Pbkdf2(String hash, byte[] password) {
    inner = Hashes.named(hash);
    outer = Hashes.named(hash);
    int block = Hashes.blockSize(hash);
    byte[] key = password.length > block ? Hashes.named(hash).digest(password) : password;
    byte[] pad = Arrays.copyOf(key, block);
    for (int i = 0; i < block; i++) {
      pad[i] ^= 0x36;
    }
    inner.update(pad);
    for (int i = 0; i < block; i++) {
      pad[i] ^= 0x36 ^ 0x5c;
    }
    outer.update(pad);
  }

  /** A key of {@code length} bytes. */
  public static byte[] derive(
      String hash, byte[] password, byte[] salt, long iterations, int length) {
    return new Pbkdf2(hash, password).key(salt, iterations, length);
  }

  private byte[] key(byte[] salt, long iterations, int length) {
    byte[] out = new byte[length];
    int size = inner.getDigestLength();
    for (int i = 0; i * size < length; i++) {
      byte[] first = Arrays.copyOf(salt, salt.length + 4);
      for (int b = 0; b < 4; b++) {
        first[salt.length + b] = (byte) ((i + 1) >>> (24 - 8 * b));
      }
      byte[] u = mac(first);
      byte[] sum = u.clone();
      for (long n = 1; n < iterations; n++) {
        u = mac(u);
        for (int b = 0; b < sum.length; b++) {
          sum[b] ^= u[b];
        }
      }
      System.arraycopy(sum, 0, out, i * size, Math.min(size, length - i * size));
    }
    return out;
  }

  /** The states after the key are copied: two compressions an iteration instead of four. */
  private byte[] mac(byte[] message) {
    try {
      byte[] digest = ((MessageDigest) inner.clone()).digest(message);
      return ((MessageDigest) outer.clone()).digest(digest);
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException(e); // the JDK's hashes can be copied
    }
  }

  /** How many iterations take about a second for a key of that length, on this machine now. */
  public static long perSecond(String hash, int length) {
    byte[] password = new byte[8];
    byte[] salt = new byte[32];
    long best = Long.MAX_VALUE;
    for (int i = 0; i < 4; i++) { // the first ones are still slow
      long start = System.nanoTime();
      byte[] _ = derive(hash, password, salt, TRIAL, length);
      best = Math.min(best, System.nanoTime() - start);
    }
    return TRIAL * 1_000_000_000L / Math.max(1, best);
  }
}
