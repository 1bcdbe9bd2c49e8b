package dev.kasuari.block.crypto;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;

/** AES block by block, many blocks in one call. */
final class Aes {
  private Aes() {}

  static Cipher cipher(boolean encrypts, byte[] key) {
    try {
      Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
      int mode = encrypts ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE;
      cipher.init(mode, new SecretKeySpec(key, "AES"));
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JDK has AES
    }
  }

  /** In place. */
  static void run(Cipher cipher, byte[] bytes, int length) {
    try {
      int done = cipher.update(bytes, 0, length, bytes, 0);
      if (done != length) {
        throw new IllegalStateException("a block cipher kept " + (length - done) + " bytes");
      }
    } catch (ShortBufferException e) {
      throw new IllegalStateException(e);
    }
  }
}
