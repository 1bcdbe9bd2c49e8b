package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.crypto.CipherSpec;
import dev.kasuari.block.crypto.EncryptedBytes;
import dev.kasuari.block.luks.Area;
import dev.kasuari.block.luks.Luks;
import dev.kasuari.qapi.Json;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/** How an image is encrypted ("crypt_method", "Full disk encryption header pointer"). */
final class Encryption {
  static final int AES = 1;
  static final int LUKS = 2;
  private static final int AES_KEY = 16;
  private static final long MOST_HEADER = 64L << 20;

  private Encryption() {}

  /** Where the header with the keys is. */
  static Area area(Header header, BlockNode file) {
    Header.Extension extension = header.extension(Header.EXTENSION_ENCRYPTION);
    if (extension == null) {
      throw BlockException.invalid("CRYPTO header extension not found");
    }
    if (extension.data().length != 16) {
      throw BlockException.invalid("CRYPTO header extension size is not 16");
    }
    ByteBuffer in = ByteBuffer.wrap(extension.data());
    long offset = in.getLong(0);
    long length = in.getLong(8);
    if ((offset & header.geometry().clusterMask()) != 0) {
      throw BlockException.invalid("Encryption header offset is not a multiple of cluster size");
    }
    if (offset <= 0 || length < 0 || length > MOST_HEADER || offset > file.size()) {
      throw BlockException.invalid("the encryption header is not within the file");
    }
    return new Area(file, offset, length);
  }

  static byte[] extension(long offset, long length) {
    return ByteBuffer.allocate(16).putLong(offset).putLong(length).array();
  }

  static GuestData.Encryption kind(Header header) {
    return switch (header.cryptMethod) {
      case AES -> GuestData.Encryption.AES;
      case LUKS -> GuestData.Encryption.LUKS;
      default -> GuestData.Encryption.NONE;
    };
  }

  /** What decrypts, or null where no password is needed or none was given. */
  static @Nullable EncryptedBytes open(
      Qcow2Driver.Qcow2 options, Opening opening, Header header, BlockNode file) {
    Qcow2Driver.Encrypt asked = options.encrypt();
    GuestData.Encryption kind = kind(header);
    if (kind == GuestData.Encryption.NONE) {
      if (asked != null) {
        throw BlockException.invalid(
            "No encryption in image header, but options specified format '"
                + (asked.format() == null ? "" : asked.format())
                + "'");
      }
      return null;
    }
    String there = kind == GuestData.Encryption.AES ? "aes" : "luks";
    if (asked != null && asked.format() != null && !there.equals(asked.format())) {
      throw BlockException.invalid(
          "Header reported '%s' encryption format but options specify '%s'"
              .formatted(there, asked.format()));
    }
    String secret = asked == null ? null : asked.keySecret();
    byte[] password = opening.password(secret, "encrypt.key-secret");
    if (kind == GuestData.Encryption.AES) {
      return password == null ? null : aes(password);
    }
    Luks luks = Luks.read(area(header, file));
    return password == null ? null : luks.bytes(luks.unlock(password));
  }

  /** As the first version of encryption had it: the password is the key. */
  static EncryptedBytes aes(byte[] password) {
    byte[] key = Arrays.copyOf(password, AES_KEY);
    CipherSpec cipher = new CipherSpec("aes", "cbc", "plain64", null);
    return new EncryptedBytes(() -> cipher.with(key));
  }

  static Json.@Nullable Members describe(Qcow2Node image) {
    if (image.header.cryptMethod == 0) {
      return null;
    }
    var out = new LinkedHashMap<String, Json>();
    if (image.header.cryptMethod == AES) {
      out.put("format", new Json.Text("aes"));
      return new Json.Members(out);
    }
    Luks.read(area(image.header, image.file))
        .describe()
        .forEach((key, value) -> {
          if (key.equals("cipher-mode")) { // where QEMU has it
            out.put("format", new Json.Text("luks"));
          }
          out.put(key, value);
        });
    return new Json.Members(out);
  }
}
