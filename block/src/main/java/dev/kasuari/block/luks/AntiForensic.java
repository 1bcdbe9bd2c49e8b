package dev.kasuari.block.luks;

import dev.kasuari.block.crypto.Hashes;
import java.security.MessageDigest;
import java.security.SecureRandom;

/**
 * Spreads a key over so many stripes that all of them are needed, and one that is overwritten
 * destroys it (LUKS On-Disk Format Specification 1.2.3, "Anti-forensic information splitting").
 */
final class AntiForensic {
  private AntiForensic() {}

  static byte[] split(byte[] key, int stripes, String hash, SecureRandom random) {
    byte[] out = new byte[key.length * stripes];
    random.nextBytes(out);
    byte[] state = mixed(out, key.length, stripes, hash);
    int last = key.length * (stripes - 1);
    for (int i = 0; i < key.length; i++) {
      out[last + i] = (byte) (state[i] ^ key[i]);
    }
    return out;
  }

  static byte[] merge(byte[] spread, int length, int stripes, String hash) {
    byte[] state = mixed(spread, length, stripes, hash);
    int last = length * (stripes - 1);
    for (int i = 0; i < length; i++) {
      state[i] ^= spread[last + i];
    }
    return state;
  }

  /** All stripes but the last. */
  private static byte[] mixed(byte[] stripes, int length, int count, String hash) {
    MessageDigest digest = Hashes.named(hash);
    byte[] state = new byte[length];
    for (int stripe = 0; stripe < count - 1; stripe++) {
      for (int i = 0; i < length; i++) {
        state[i] ^= stripes[stripe * length + i];
      }
      diffuse(state, digest);
    }
    return state;
  }

  private static void diffuse(byte[] state, MessageDigest digest) {
    int size = digest.getDigestLength();
    for (int i = 0; i * size < state.length; i++) {
      for (int b = 24; b >= 0; b -= 8) {
        digest.update((byte) (i >>> b));
      }
      int length = Math.min(size, state.length - i * size);
      digest.update(state, i * size, length);
      System.arraycopy(digest.digest(), 0, state, i * size, length);
    }
  }
}
