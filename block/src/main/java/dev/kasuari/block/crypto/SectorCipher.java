package dev.kasuari.block.crypto;

/**
 * Encrypts and decrypts sectors of 512 bytes in place, each by its number. For one thread at a
 * time.
 */
public interface SectorCipher {
  /** Bytes of a sector. */
  int SECTOR = 512;

  /**
   * Encrypts sectors in a row.
   *
   * @param sector the number of the first
   * @param length bytes, a multiple of {@link #SECTOR}
   */
  void encrypt(long sector, byte[] bytes, int length);

  /** The reverse. */
  void decrypt(long sector, byte[] bytes, int length);
}
