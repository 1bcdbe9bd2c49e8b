package dev.kasuari.block.crypto;

import dev.kasuari.block.BlockException;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Options;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Passwords by the ids that options name ({@code --object secret,id=ID,...}). */
public final class Secrets {
  private static final int KEY_BYTES = 32;
  private static final int IV_BYTES = 16;
  private static final long MOST_FILE_BYTES = 16 << 20;

  /** How a secret is written. */
  public enum Format {
    /** As it is; UTF-8. */
    RAW,
    /** In base64 (RFC 4648). */
    BASE64
  }

  /**
   * A secret.
   *
   * @param id the name by which options refer to it
   * @param data itself
   * @param file or the file that contains it
   * @param format how it is written there
   * @param keyid the id of the secret with which it is encrypted, by AES-256-CBC with PKCS #7
   * @param iv for that, in base64
   */
  @Options
  public record Secret(
      String id,
      @Nullable String data,
      @Nullable String file,
      @Options.Default("raw") Format format,
      @Nullable String keyid,
      @Nullable String iv) {}

  private final Map<String, byte[]> byId = new ConcurrentHashMap<>();

  /**
   * Adds one.
   *
   * @param source its options, {@code id} among them
   * @throws OptionException if it cannot be read
   */
  public void add(OptionSource source) {
    try {
      add(SecretsSecretCodec.CODEC.parse(source));
    } catch (BlockException e) { // the secret by which it is encrypted
      throw new OptionException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Adds one. */
  public void add(Secret secret) {
    if ((secret.data() == null) == (secret.file() == null)) {
      throw new OptionException(
          secret.data() == null
              ? "Must provide 'file' or 'data'"
              : "'file' and 'data' are mutually exclusive");
    }
    byte[] bytes =
        secret.data() == null ? read(String.valueOf(secret.file())) : utf8(secret.data());
    if (secret.keyid() != null) {
      bytes = decrypted(secret, bytes);
    } else if (secret.iv() != null) {
      throw new OptionException("'keyid' is required to use 'iv'");
    }
    boolean packed = secret.keyid() == null && secret.format() == Format.BASE64;
    byte[] plain = packed ? base64("data", bytes) : bytes;
    if (secret.format() == Format.RAW) {
      refuseBinary(secret.id(), plain);
    }
    if (byId.putIfAbsent(secret.id(), plain) != null) {
      throw new OptionException("attempt to add duplicate object '" + secret.id() + "'");
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void refuseBinary(String id, byte[] bytes) {
    try {
      var _ = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
    } catch (CharacterCodingException e) {
      throw new OptionException("Data from secret " + id + " is not valid UTF-8", e);
    }
  }

  private static byte[] read(String file) {
    try {
      if (Files.size(Path.of(file)) > MOST_FILE_BYTES) {
        throw new OptionException("the secret's file '" + file + "' is too large");
      }
      return Files.readAllBytes(Path.of(file));
    } catch (IOException e) {
      throw new OptionException("Unable to read " + file + ": " + e.getMessage(), e);
    }
  }

  private static byte[] base64(String what, byte[] text) {
    try {
      return Base64.getMimeDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new OptionException("the secret's " + what + " is not valid base64", e);
    }
  }

  private byte[] decrypted(Secret secret, byte[] bytes) {
    byte[] key = get(String.valueOf(secret.keyid()));
    if (key.length != KEY_BYTES) {
      throw new OptionException("Key should be 32 bytes in length");
    }
    if (secret.iv() == null) {
      throw new OptionException("IV is required to decrypt secret");
    }
    byte[] iv = base64("IV", utf8(secret.iv()));
    if (iv.length != IV_BYTES) {
      throw new OptionException("IV should be 16 bytes in length not " + iv.length);
    }
    byte[] packed = secret.format() == Format.BASE64 ? base64("data", bytes) : bytes;
    try {
      Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
      cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
      return cipher.doFinal(packed);
    } catch (GeneralSecurityException e) {
      throw new OptionException("Incorrect key, or data that it does not fit", e);
    }
  }

  /**
   * A copy of a secret.
   *
   * @throws BlockException if there is none of that id
   */
  public byte[] get(String id) {
    byte[] secret = byId.get(id);
    if (secret == null) {
      throw BlockException.invalid("No secret with id '" + id + "'");
    }
    return Arrays.copyOf(secret, secret.length);
  }
}
