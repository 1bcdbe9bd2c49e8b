package dev.kasuari.block.luks;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.crypto.CipherSpec;
import org.jspecify.annotations.Nullable;

/** What QEMU's options of the name {@code cipher-alg} and so on mean together. */
public record LuksOptions(
    @Nullable String cipherAlg,
    @Nullable String cipherMode,
    @Nullable String ivgenAlg,
    @Nullable String ivgenHashAlg,
    @Nullable String hashAlg,
    @Nullable Long iterTime) {
  private static final long STANDARD_TIME = 2000;

  /**
   * How a header is made by them.
   *
   * @throws BlockException if they make no sense
   */
  public Luks.Making making() {
    String alg = cipherAlg == null ? "aes-256" : cipherAlg;
    int dash = alg.indexOf('-');
    if (dash < 0 || !alg.substring(dash + 1).matches("128|192|256")) {
      throw BlockException.notSupported("the cipher '" + alg + "' is not known");
    }
    String mode = cipherMode == null ? "xts" : cipherMode;
    String vector = ivgenAlg == null ? (mode.equals("cbc") ? "essiv" : "plain64") : ivgenAlg;
    String vectorHash = ivgenHashAlg == null && vector.equals("essiv") ? "sha256" : ivgenHashAlg;
    CipherSpec spec = new CipherSpec(alg.substring(0, dash), mode, vector, vectorHash).checked();
    int bits = Integer.parseInt(alg.substring(dash + 1));
    if (mode.equals("xts") && bits == 192) {
      throw BlockException.invalid("XTS has keys of 128 or 256 bits");
    }
    long time = iterTime == null ? STANDARD_TIME : iterTime;
    if (time <= 0) {
      throw BlockException.invalid("iter-time must be more than 0");
    }
    String hash = hashAlg == null ? "sha256" : hashAlg;
    var _ = dev.kasuari.block.crypto.Hashes.named(hash);
    return new Luks.Making(spec, spec.keyBytes(bits), hash, time);
  }
}
