package dev.kasuari.cli;

import dev.kasuari.img.daemon.StorageDaemon;
import java.util.List;

/** {@code kasuari storage-daemon}: disk images for clients, until it is told to end. */
final class StorageDaemonCommand implements Subcommand {
  @Override
  public String name() {
    return "storage-daemon";
  }

  @Override
  public String doc() {
    return "open disk images and show them to clients, as qemu-storage-daemon does";
  }

  @Override
  public int run(List<String> arguments, Streams streams) {
    return StorageDaemon.run(arguments, streams.out(), streams.err());
  }
}
