package dev.kasuari.cli;

import dev.kasuari.img.ImageTool;
import java.util.List;

/** {@code kasuari img}: disk images. {@code kasuari-img} comes to the same without the emulator. */
final class ImageCommand implements Subcommand {
  @Override
  public String name() {
    return "img";
  }

  @Override
  public String doc() {
    return "make, look at and change disk images, as qemu-img does";
  }

  @Override
  public int run(List<String> arguments, Streams streams) {
    return ImageTool.run(arguments, streams.out(), streams.err());
  }
}
