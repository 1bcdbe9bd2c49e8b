package dev.kasuari.block.crypto;

import dev.kasuari.block.BlockException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Hashes by the names that images have for them. */
public final class Hashes {
  private Hashes() {}

  /**
   * The hash of that name.
   *
   * @throws BlockException if it is none that this program has
   */
  public static MessageDigest named(String name) {
    String standard =
        switch (name) {
          case "md5" -> "MD5";
          case "sha1" -> "SHA-1";
          case "sha224" -> "SHA-224";
          case "sha256" -> "SHA-256";
          case "sha384" -> "SHA-384";
          case "sha512" -> "SHA-512";
          default ->
              throw BlockException.notSupported("the hash algorithm '" + name + "' is not known");
        };
    try {
      return MessageDigest.getInstance(standard);
    } catch (NoSuchAlgorithmException e) {
      throw BlockException.notSupported("this JDK has no " + standard);
    }
  }

  /** Bytes of a block that a hash takes, which HMAC must know (RFC 2104). */
  static int blockSize(String name) {
    return name.equals("sha384") || name.equals("sha512") ? 128 : 64;
  }
}
