package dev.kasuari.block.dmg;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;

/** {@code dmg}: Apple's disk images (UDIF), to be read. */
public final class DmgDriver implements BlockDriver<DmgDriver.Dmg> {
  /** It has no options of its own. */
  @Options
  public record Dmg() {}

  @Override
  public String name() {
    return "dmg";
  }

  @Override
  public String doc() {
    return "Apple's disk images, to be read";
  }

  @Override
  public OptionCodec<Dmg> options() {
    return DmgDriverDmgCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file");
  }

  @Override
  public BlockNode open(Dmg options, Opening opening) {
    opening.readOnly();
    BlockNode file = opening.file();
    Trailer trailer = Trailer.read(file);
    return new DmgNode(opening, file, trailer.size(), BlockTables.read(file, trailer));
  }
}
