package dev.kasuari.cli;

import dev.kasuari.img.io.IoTool;
import java.util.List;

/** {@code kasuari io}: requests to a disk image. {@code kasuari-io} is the same on its own. */
final class IoCommand implements Subcommand {
  @Override
  public String name() {
    return "io";
  }

  @Override
  public String doc() {
    return "read and write disk images request by request, as qemu-io does";
  }

  @Override
  public int run(List<String> arguments, Streams streams) {
    return IoTool.run(arguments, System.in, streams.out(), streams.err());
  }
}
