package dev.kasuari.block.cloop;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;

/** {@code cloop}: compressed loop images of version 2, to be read. */
public final class CloopDriver implements BlockDriver<CloopDriver.Cloop> {
  /** It has no options of its own. */
  @Options
  public record Cloop() {}

  @Override
  public String name() {
    return "cloop";
  }

  @Override
  public String doc() {
    return "compressed loop images of version 2, to be read";
  }

  @Override
  public OptionCodec<Cloop> options() {
    return CloopDriverCloopCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file");
  }

  @Override
  public BlockNode open(Cloop options, Opening opening) {
    opening.readOnly();
    BlockNode file = opening.file();
    return new CloopNode(opening, file, Header.read(file));
  }
}
