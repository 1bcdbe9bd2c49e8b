package dev.kasuari.block.ssh;

import dev.kasuari.block.BlockException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How it is made sure that a server is the one that is meant. */
sealed interface HostKeyCheck {
  /** It is not. */
  record None() implements HostKeyCheck {}

  /** The user's list of known hosts, or the host's. */
  record KnownHosts() implements HostKeyCheck {}

  /**
   * Its key has that fingerprint.
   *
   * @param hash in hexadecimal, with or without colons
   */
  record Fingerprint(SshDriver.HashType type, String hash) implements HostKeyCheck {
    private static final int MAX_NAME = 64;

    /**
     * What is wrong with a key; null if nothing is.
     *
     * @param key as the server sends it: RFC 4253, section 6.6
     */
    @Nullable String refusal(byte[] key) {
      byte[] digest;
      try {
        digest = MessageDigest.getInstance(type.algorithm()).digest(key);
      } catch (NoSuchAlgorithmException e) {
        throw BlockException.notSupported("no " + type.algorithm());
      }
      String is = HexFormat.of().formatHex(digest);
      if (is.equals(hash.replace(":", "").toLowerCase(Locale.ROOT))) {
        return null;
      }
      String kind = type.name().toLowerCase(Locale.ROOT);
      return "remote host %s key fingerprint '%s:%s' does not match host_key_check '%s:%s'"
          .formatted(keyType(key), kind, is, kind, hash);
    }

    /** What a key calls itself, such as {@code ssh-ed25519}. */
    static String keyType(byte[] key) {
      var bytes = ByteBuffer.wrap(key);
      int length = bytes.remaining() < 4 ? -1 : bytes.getInt();
      boolean sane = length >= 0 && length <= Math.min(MAX_NAME, bytes.remaining());
      return sane ? new String(key, 4, length, StandardCharsets.US_ASCII) : "unknown";
    }
  }

  /**
   * By what {@code host_key_check} says: {@code no}, {@code yes}, {@code md5:…}, {@code sha1:…},
   * {@code sha256:…}.
   *
   * @param text null for what is done if nothing is said
   */
  static HostKeyCheck of(@Nullable String text) {
    if (text == null || text.equals("yes")) {
      return new KnownHosts();
    }
    if (text.equals("no")) {
      return new None();
    }
    for (SshDriver.HashType type : SshDriver.HashType.values()) {
      String prefix = type.name().toLowerCase(Locale.ROOT) + ":";
      if (text.startsWith(prefix)) {
        return new Fingerprint(type, text.substring(prefix.length()));
      }
    }
    throw BlockException.invalid("unknown host_key_check setting (" + text + ")");
  }
}
