package dev.kasuari.block.crypto;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** AES in CBC mode, each sector on its own. */
final class Cbc implements SectorCipher {
  private final Cipher cipher;
  private final SecretKeySpec key;
  private final InitialVector vector;
  private byte[] vectors = new byte[0];

  Cbc(byte[] key, InitialVector vector) {
    this.key = new SecretKeySpec(key, "AES");
    this.vector = vector;
    try {
      cipher = Cipher.getInstance("AES/CBC/NoPadding");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JDK has AES
    }
  }

  @Override
  public void encrypt(long sector, byte[] bytes, int length) {
    crypt(Cipher.ENCRYPT_MODE, sector, bytes, length);
  }

  @Override
  public void decrypt(long sector, byte[] bytes, int length) {
    crypt(Cipher.DECRYPT_MODE, sector, bytes, length);
  }

  private void crypt(int mode, long sector, byte[] bytes, int length) {
    int sectors = length / SECTOR;
    if (vectors.length < sectors * InitialVector.SIZE) {
      vectors = new byte[sectors * InitialVector.SIZE];
    }
    vector.fill(sector, sectors, vectors);
    try {
      for (int i = 0; i < sectors; i++) {
        int at = i * InitialVector.SIZE;
        byte[] iv = Arrays.copyOfRange(vectors, at, at + InitialVector.SIZE);
        cipher.init(mode, key, new IvParameterSpec(iv));
        cipher.doFinal(bytes, i * SECTOR, SECTOR, bytes, i * SECTOR);
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // keys and lengths have been checked
    }
  }
}
