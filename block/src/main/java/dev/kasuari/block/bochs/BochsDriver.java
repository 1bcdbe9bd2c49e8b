package dev.kasuari.block.bochs;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;

/** {@code bochs}: growing images of the Bochs emulator, to be read. */
public final class BochsDriver implements BlockDriver<BochsDriver.Bochs> {
  /** It has no options of its own. */
  @Options
  public record Bochs() {}

  @Override
  public String name() {
    return "bochs";
  }

  @Override
  public String doc() {
    return "growing images of the Bochs emulator, to be read";
  }

  @Override
  public OptionCodec<Bochs> options() {
    return BochsDriverBochsCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file");
  }

  @Override
  public BlockNode open(Bochs options, Opening opening) {
    opening.readOnly();
    BlockNode file = opening.file();
    return new BochsNode(opening, file, Header.read(file));
  }
}
