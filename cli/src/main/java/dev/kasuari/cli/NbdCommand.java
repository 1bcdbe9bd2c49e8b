package dev.kasuari.cli;

import dev.kasuari.img.nbd.NbdTool;
import java.util.List;

/** {@code kasuari nbd}: a disk image for clients. {@code kasuari-nbd} is the same on its own. */
final class NbdCommand implements Subcommand {
  @Override
  public String name() {
    return "nbd";
  }

  @Override
  public String doc() {
    return "show a disk image to clients over the network, as qemu-nbd does";
  }

  @Override
  public int run(List<String> arguments, Streams streams) {
    return NbdTool.run(arguments, streams.out(), streams.err());
  }
}
