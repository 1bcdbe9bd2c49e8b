package dev.kasuari.block.file;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.host.Errno;
import dev.kasuari.host.HostException;
import dev.kasuari.host.HostFile;
import dev.kasuari.host.HostOs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/** What is the same for regular files and for devices of the host: how they are opened. */
public final class HostFiles {
  private static final int TYPE = 0xf000;
  private static final int CHARACTER_DEVICE = 0x2000;
  private static final int BLOCK_DEVICE = 0x6000;

  private HostFiles() {}

  static boolean regular(String path) {
    return Files.isRegularFile(Path.of(path));
  }

  /** True for what is there and is a block or character device. */
  public static boolean device(String path) {
    try {
      int type = (Integer) Files.getAttribute(Path.of(path), "unix:mode") & TYPE;
      return type == CHARACTER_DEVICE || type == BLOCK_DEVICE;
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return false; // it is not there, or this host has no such files
    }
  }

  static BlockNode open(FileDriver.FileOptions options, Opening opening) {
    if (options.aio() == FileDriver.Aio.NATIVE && !opening.access().direct()) {
      throw BlockException.invalid(
          "aio=native was specified, but it requires cache.direct=on, which was not specified.");
    }
    String path = options.filename();
    HostFile file;
    try {
      file = opened(path, opening);
    } catch (HostException e) {
      throw failed(path, opening.access(), e);
    }
    try {
      return new FileNode(opening, file, options.locking());
    } catch (HostException e) { // it has no size
      throw BlockException.of(e);
    }
  }

  static BlockException failed(String path, Access access, HostException e) {
    boolean refused = access.direct() && e.errno().number() == Errno.EINVAL;
    return BlockException.of(e)
        .in(
            "Could not open '"
                + path
                + (refused ? "': file system may not support O_DIRECT" : "'"));
  }

  private static HostFile opened(String path, Opening opening) {
    Access access = opening.access();
    try {
      return opened(path, access);
    } catch (HostException e) {
      Kind kind = BlockException.of(e).kind();
      boolean refused = kind == Kind.READ_ONLY || kind == Kind.PERMISSION;
      if (!refused || !access.writable() || !access.autoReadOnly()) {
        throw e;
      }
      HostFile file = opened(path, access.withWritable(false));
      opening.readOnly();
      return file;
    }
  }

  /** Opens the file as {@code access} says, without another try. */
  static HostFile opened(String path, Access access) {
    Set<HostFile.Mode> modes = EnumSet.noneOf(HostFile.Mode.class);
    if (access.writable()) {
      modes.add(HostFile.Mode.WRITE);
    }
    if (access.direct()) {
      if (HostOs.current() != HostOs.LINUX) {
        throw BlockException.notSupported("cache.direct=on: this host has no way past its cache");
      }
      modes.add(HostFile.Mode.DIRECT);
    }
    return HostFile.open(path, modes.toArray(HostFile.Mode[]::new));
  }
}
