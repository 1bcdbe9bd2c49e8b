package dev.kasuari.block.crypto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import javax.crypto.Cipher;

/**
 * AES in XTS mode (IEEE 1619): a block is XORed with a tweak before and after it is encrypted; the
 * tweak is the encrypted sector number, doubled in GF(2^128) from block to block. Tweaks of many
 * sectors are made first, so that the cipher sees one long row of blocks.
 */
final class Xts implements SectorCipher {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int BLOCK = 16;

  private final Cipher encrypt;
  private final Cipher decrypt;
  private final Cipher tweak;
  private final InitialVector vector;
  private byte[] tweaks = new byte[0];
  private byte[] first = new byte[0];

  /** The first half of the key is for blocks, the second one for tweaks. */
  Xts(byte[] key, InitialVector vector) {
    byte[] half = Arrays.copyOf(key, key.length / 2);
    encrypt = Aes.cipher(true, half);
    decrypt = Aes.cipher(false, half);
    tweak = Aes.cipher(true, Arrays.copyOfRange(key, key.length / 2, key.length));
    this.vector = vector;
  }

  @Override
  public void encrypt(long sector, byte[] bytes, int length) {
    crypt(encrypt, sector, bytes, length);
  }

  @Override
  public void decrypt(long sector, byte[] bytes, int length) {
    crypt(decrypt, sector, bytes, length);
  }

  private void crypt(Cipher cipher, long sector, byte[] bytes, int length) {
    int sectors = length / SECTOR;
    if (tweaks.length < length) {
      tweaks = new byte[length];
      first = new byte[sectors * BLOCK];
    }
    vector.fill(sector, sectors, first);
    Aes.run(tweak, first, sectors * BLOCK);
    for (int i = 0; i < sectors; i++) {
      expand(first, i * BLOCK, tweaks, i * SECTOR);
    }
    xor(bytes, tweaks, length);
    Aes.run(cipher, bytes, length);
    xor(bytes, tweaks, length);
  }

  /** All tweaks of a sector from its first one. */
  private static void expand(byte[] from, int at, byte[] to, int start) {
    long low = (long) LONG.get(from, at);
    long high = (long) LONG.get(from, at + 8);
    for (int i = start; i < start + SECTOR; i += BLOCK) {
      LONG.set(to, i, low);
      LONG.set(to, i + 8, high);
      long carry = high >> 63 & 0x87;
      high = high << 1 | low >>> 63;
      low = low << 1 ^ carry;
    }
  }

  private static void xor(byte[] bytes, byte[] with, int length) {
    for (int i = 0; i < length; i += 8) {
      LONG.set(bytes, i, (long) LONG.get(bytes, i) ^ (long) LONG.get(with, i));
    }
  }
}
