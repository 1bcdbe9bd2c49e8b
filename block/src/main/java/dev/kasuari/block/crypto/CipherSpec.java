package dev.kasuari.block.crypto;

import dev.kasuari.block.BlockException;
import org.jspecify.annotations.Nullable;

/**
 * A cipher for sectors, by the names that images have.
 *
 * @param cipher {@code aes}
 * @param mode {@code xts}, {@code cbc} or {@code ecb}
 * @param vector {@code plain}, {@code plain64} or {@code essiv}
 * @param vectorHash of {@code essiv}, else null
 */
public record CipherSpec(String cipher, String mode, String vector, @Nullable String vectorHash) {
  /**
   * Reads {@code aes} and {@code xts-plain64}, {@code cbc-essiv:sha256} and so on.
   *
   * @throws BlockException if that is nothing that this program has
   */
  public static CipherSpec parse(String cipher, String modeAndVector) {
    int dash = modeAndVector.indexOf('-');
    if (dash < 0) {
      throw BlockException.invalid("Unexpected cipher mode string format '" + modeAndVector + "'");
    }
    String mode = modeAndVector.substring(0, dash);
    String vector = modeAndVector.substring(dash + 1);
    int colon = vector.indexOf(':');
    String hash = colon < 0 ? null : vector.substring(colon + 1);
    return new CipherSpec(cipher, mode, colon < 0 ? vector : vector.substring(0, colon), hash)
        .checked();
  }

  /** This, if it is something that this program has. */
  public CipherSpec checked() {
    if (!cipher.equals("aes")) {
      throw BlockException.notSupported("the cipher '" + cipher + "' is not known");
    }
    if (!mode.equals("xts") && !mode.equals("cbc")) {
      throw BlockException.notSupported("the cipher mode '" + mode + "' is not known");
    }
    var _ = InitialVector.of(vector, vectorHash, new byte[16]);
    return this;
  }

  /** {@code xts-plain64}. */
  public String modeAndVector() {
    return mode + "-" + vector + (vectorHash == null ? "" : ":" + vectorHash);
  }

  /**
   * Bytes of a key of which AES uses so many bits.
   *
   * @param bits 128, 192 or 256
   */
  public int keyBytes(int bits) {
    return mode.equals("xts") ? bits / 4 : bits / 8;
  }

  /** The bits that AES uses of such a key. */
  public int bits(int keyBytes) {
    return mode.equals("xts") ? keyBytes * 4 : keyBytes * 8;
  }

  /** A cipher with that key. */
  public SectorCipher with(byte[] key) {
    int bits = bits(key.length);
    if (bits != 128 && bits != 192 && bits != 256) {
      throw BlockException.invalid("AES has no keys of " + bits + " bits");
    }
    InitialVector iv = InitialVector.of(vector, vectorHash, key);
    return mode.equals("xts") ? new Xts(key, iv) : new Cbc(key, iv);
  }
}
