package dev.kasuari.block.object;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CRL;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/** Certificates and keys in text. Source: RFC 7468; RFC 5208 and 8017, A.1.2, for keys. */
final class Pem {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  /** RSA's object identifier and no parameters: 1.2.840.113549.1.1.1. */
  private static final byte[] RSA = {
    0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0
  };

  private Pem() {}

  private static final class Block {
    private final String label;
    private final byte[] bytes;

    Block(String label, byte[] bytes) {
      this.label = label;
      this.bytes = bytes;
    }

    String label() {
      return label;
    }

    byte[] bytes() {
      return bytes;
    }
  }

  private static List<Block> blocks(Path file) throws IOException {
    var out = new ArrayList<Block>();
    Matcher matcher = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    while (matcher.find()) {
      out.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
    }
    return out;
  }

  static List<Certificate> certificates(Path file) throws IOException, GeneralSecurityException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    var out = new ArrayList<Certificate>();
    for (Block block : blocks(file)) {
      if (block.label().equals("CERTIFICATE")) {
        out.add(factory.generateCertificate(new ByteArrayInputStream(block.bytes())));
      }
    }
    if (out.isEmpty()) {
      throw new GeneralSecurityException("no certificate in " + file);
    }
    return out;
  }

  static Collection<? extends CRL> revocations(Path file)
      throws IOException, GeneralSecurityException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    var out = new ArrayList<CRL>();
    for (Block block : blocks(file)) {
      if (block.label().equals("X509 CRL")) {
        out.add(factory.generateCRL(new ByteArrayInputStream(block.bytes())));
      }
    }
    return out;
  }

  static PrivateKey privateKey(Path file, @Nullable String password)
      throws IOException, GeneralSecurityException {
    for (Block block : blocks(file)) {
      switch (block.label()) {
        case "PRIVATE KEY" -> {
          return key(new PKCS8EncodedKeySpec(block.bytes()));
        }
        case "RSA PRIVATE KEY" -> {
          return key(new PKCS8EncodedKeySpec(wrapped(block.bytes())));
        }
        case "ENCRYPTED PRIVATE KEY" -> {
          if (password == null) {
            throw new GeneralSecurityException(file + " is encrypted; name a secret: passwordid=");
          }
          return key(decrypted(block.bytes(), password));
        }
        default -> {}
      }
    }
    throw new GeneralSecurityException("no private key in " + file + "; PKCS #8 is best");
  }

  private static PKCS8EncodedKeySpec decrypted(byte[] bytes, String password)
      throws IOException, GeneralSecurityException {
    var info = new EncryptedPrivateKeyInfo(bytes);
    String algorithm =
        info.getAlgName().equals("PBES2") ? info.getAlgParameters().toString() : info.getAlgName();
    var key =
        SecretKeyFactory.getInstance(algorithm)
            .generateSecret(new PBEKeySpec(password.toCharArray()));
    Cipher cipher = Cipher.getInstance(algorithm);
    cipher.init(Cipher.DECRYPT_MODE, key, info.getAlgParameters());
    return info.getKeySpec(cipher);
  }

  private static PrivateKey key(PKCS8EncodedKeySpec spec) throws GeneralSecurityException {
    GeneralSecurityException failure = null;
    for (String algorithm : List.of("RSA", "EC", "EdDSA", "RSASSA-PSS", "DSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (GeneralSecurityException e) {
        failure = e;
      }
    }
    throw new GeneralSecurityException("a private key of an unknown kind", failure);
  }

  /** A key of PKCS #1 as PKCS #8 has it: version 0, algorithm, octets. */
  private static byte[] wrapped(byte[] pkcs1) {
    var inner = new ByteArrayOutputStream();
    inner.writeBytes(new byte[] {2, 1, 0});
    inner.writeBytes(RSA);
    inner.writeBytes(tagged(4, pkcs1));
    return tagged(0x30, inner.toByteArray());
  }

  private static byte[] tagged(int tag, byte[] content) {
    var out = new ByteArrayOutputStream();
    out.write(tag);
    int length = content.length;
    int octets = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 3;
    if (octets > 0) {
      out.write(0x80 | octets);
    }
    for (int shift = 8 * Math.max(octets - 1, 0); shift >= 0; shift -= 8) {
      out.write(length >> shift);
    }
    out.writeBytes(content);
    return out.toByteArray();
  }
}
