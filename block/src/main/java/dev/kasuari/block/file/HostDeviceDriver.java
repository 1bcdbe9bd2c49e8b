package dev.kasuari.block.file;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code host_device}: a block or character device of the host. */
public final class HostDeviceDriver implements BlockDriver<FileDriver.FileOptions> {
  @Override
  public String name() {
    return "host_device";
  }

  @Override
  public boolean takesImages() {
    return true;
  }

  @Override
  public String doc() {
    return "a block or character device of the host";
  }

  @Override
  public OptionCodec<FileDriver.FileOptions> options() {
    return new FileDriver().options();
  }

  @Override
  public BlockNode open(FileDriver.FileOptions options, Opening opening) {
    String path = options.filename();
    if (Files.exists(Path.of(path)) && !HostFiles.device(path)) {
      throw BlockException.invalid(
          "'host_device' driver requires '" + path + "' to be either a character or block device");
    }
    return HostFiles.open(options, opening);
  }
}
