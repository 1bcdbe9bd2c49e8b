package dev.kasuari.block.luks;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Making;
import dev.kasuari.block.Preallocation;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/** Makes images. */
final class LuksCreator implements ImageCreator<LuksCreator.Creation> {
  /**
   * How an image is made.
   *
   * @param keySecret ID of the secret that provides the keyslot passphrase
   * @param cipherAlg Name of encryption cipher algorithm
   * @param cipherMode Name of encryption cipher mode
   * @param ivgenAlg Name of IV generator algorithm
   * @param ivgenHashAlg Name of IV generator hash algorithm
   * @param hashAlg Name of encryption hash algorithm
   * @param iterTime Time to spend in PBKDF in milliseconds
   * @param preallocation Preallocation mode (allowed values: off, metadata, falloc, full)
   */
  @Options
  record Creation(
      @Nullable String keySecret,
      @Nullable String cipherAlg,
      @Nullable String cipherMode,
      @Nullable String ivgenAlg,
      @Nullable String ivgenHashAlg,
      @Nullable String hashAlg,
      @Nullable Long iterTime,
      @Nullable Preallocation preallocation) {
    private Luks.Making making() {
      return new LuksOptions(cipherAlg, cipherMode, ivgenAlg, ivgenHashAlg, hashAlg, iterTime)
          .making();
    }
  }

  @Override
  public OptionCodec<Creation> options() {
    return LuksCreatorCreationCodec.CODEC;
  }

  @Override
  public void create(BlockNode file, long size, Creation options) {
    throw BlockException.notSupported("An image with a password cannot be made here");
  }

  @Override
  public void create(Making making, BlockNode file, long size, Creation o) {
    String secret = requireSecret(o);
    Luks.Making how = o.making();
    byte[] password = making.secrets().get(secret);
    file.truncate(
        how.bytes() + size, o.preallocation() == null ? Preallocation.OFF : o.preallocation());
    byte[] _ = Luks.create(new Area(file, 0, how.bytes()), how, password, false);
    file.flush();
  }

  private static String requireSecret(Creation o) {
    String secret = o.keySecret();
    if (secret == null) {
      throw BlockException.invalid("Parameter 'key-secret' is required for cipher");
    }
    return secret;
  }

  @Override
  public Measure measure(long size, long data, Creation o) {
    String _ = requireSecret(o);
    long header = o.making().bytes();
    return new Measure(header + size, header + size);
  }
}
