package dev.kasuari.block.crypto;

import dev.kasuari.block.BlockException;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** What makes equal sectors different: 16 bytes from a sector's number (dm-crypt, "IV"). */
final class InitialVector {
  static final int SIZE = 16;

  private final int wide;
  private final @Nullable Cipher essiv;

  private InitialVector(int wide, @Nullable Cipher essiv) {
    this.wide = wide;
    this.essiv = essiv;
  }

  /**
   * By name.
   *
   * @param hash of {@code essiv}: the key's hash is a key of its own
   */
  static InitialVector of(String name, @Nullable String hash, byte[] key) {
    return switch (name) {
      case "plain" -> new InitialVector(4, null);
      case "plain64" -> new InitialVector(8, null);
      case "essiv" -> new InitialVector(8, essiv(hash, key));
      default -> throw BlockException.notSupported("the IV generator '" + name + "' is not known");
    };
  }

  private static Cipher essiv(@Nullable String hash, byte[] key) {
    if (hash == null) {
      throw BlockException.invalid("the IV generator 'essiv' needs a hash");
    }
    try {
      byte[] salt = Hashes.named(hash).digest(key);
      int length = salt.length >= 32 ? 32 : salt.length >= 24 ? 24 : 16;
      Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
      cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(Arrays.copyOf(salt, length), "AES"));
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JDK has AES
    }
  }

  /** Those of sectors in a row, into {@code to}. */
  void fill(long sector, int count, byte[] to) {
    for (int i = 0; i < count; i++) {
      long number = sector + i;
      for (int b = 0; b < SIZE; b++) {
        to[i * SIZE + b] = (byte) (b < wide ? number >>> (8 * b) : 0);
      }
    }
    if (essiv != null) {
      Aes.run(essiv, to, count * SIZE);
    }
  }
}
