package dev.kasuari.block.luks;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageAmender;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code luks}: encrypted, with a header of LUKS version 1. */
public final class LuksDriver implements BlockDriver<LuksDriver.LuksImage> {
  /**
   * How one is opened.
   *
   * @param keySecret the id of the secret that is the password
   */
  @Options
  public record LuksImage(@Nullable String keySecret) {}

  @Override
  public String name() {
    return "luks";
  }

  @Override
  public String doc() {
    return "encrypted, with a header of LUKS version 1";
  }

  @Override
  public OptionCodec<LuksImage> options() {
    return LuksDriverLuksImageCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file", "header");
  }

  @Override
  public ImageCreator<?> creator() {
    return new LuksCreator();
  }

  @Override
  public ImageAmender<?> amender() {
    return new LuksAmender();
  }

  @Override
  public BlockNode open(LuksImage options, Opening opening) {
    BlockNode file = opening.file();
    if (!file.writable()) {
      opening.readOnly();
    }
    BlockNode place = opening.has("header") ? opening.data("header") : file;
    Luks luks = Luks.read(new Area(place, 0, place.size()));
    if (luks.payloadOffset() > file.size()) {
      throw dev.kasuari.block.BlockException.invalid("the encrypted payload is behind the end");
    }
    byte[] password = opening.password(options.keySecret(), "key-secret");
    return new LuksNode(
        opening,
        file,
        luks,
        password == null ? null : luks.bytes(luks.unlock(password)),
        options.keySecret());
  }
}
