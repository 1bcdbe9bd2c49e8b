package dev.kasuari.block.vdi;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;

/** {@code vdi}: images of VirtualBox. */
public final class VdiDriver implements BlockDriver<VdiDriver.Vdi> {
  /** It has no options of its own. */
  @Options
  public record Vdi() {}

  @Override
  public String name() {
    return "vdi";
  }

  @Override
  public String doc() {
    return "VirtualBox disk image";
  }

  @Override
  public OptionCodec<Vdi> options() {
    return VdiDriverVdiCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file");
  }

  @Override
  public ImageCreator<?> creator() {
    return new VdiCreator();
  }

  @Override
  public BlockNode open(Vdi options, Opening opening) {
    BlockNode file = opening.file();
    if (!file.writable()) {
      opening.readOnly();
    }
    return new VdiNode(opening, file, Header.read(file));
  }
}
