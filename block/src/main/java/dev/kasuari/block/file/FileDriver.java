package dev.kasuari.block.file;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.host.HostException;
import dev.kasuari.host.HostFile;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code file}: a file or block device of the host. */
public final class FileDriver implements BlockDriver<FileDriver.FileOptions> {
  /**
   * Which file.
   *
   * @param filename its path
   * @param locking keep two programs from using one image in ways that do not go together
   * @param aio how requests are handed to the host; accepted, and all the same here
   */
  @Options
  public record FileOptions(
      String filename,
      @Options.Default("auto") Locking locking,
      @Options.Default("threads") Aio aio) {}

  /** Whether images are locked. */
  public enum Locking {
    /** Where the host can. */
    AUTO,
    /** Always; an error where the host cannot. */
    ON,
    /** Never. */
    OFF
  }

  /** How requests are handed to the host. */
  public enum Aio {
    /** By threads that wait. */
    THREADS,
    /** As Linux had it first. */
    NATIVE,
    /** As Linux has it now. */
    @Options.Name("io_uring")
    IO_URING
  }

  @Override
  public String name() {
    return "file";
  }

  @Override
  public String doc() {
    return "a file or block device of the host";
  }

  @Override
  public OptionCodec<FileOptions> options() {
    return FileDriverFileOptionsCodec.CODEC;
  }

  @Override
  public BlockNode open(FileOptions options, Opening opening) {
    String path = options.filename();
    HostFile file;
    try {
      file = opened(path, opening);
    } catch (HostException e) {
      throw BlockException.of(e).in("Could not open '" + path + "'");
    }
    try {
      return new FileNode(opening, file, options.locking());
    } catch (HostException e) { // it has no size
      throw BlockException.of(e);
    }
  }

  private static HostFile opened(String path, Opening opening) {
    if (Files.isDirectory(Path.of(path))) {
      throw BlockException.invalid(
          "Could not open '" + path + "': '" + path + "' is not a regular file or block device");
    }
    if (!opening.access().writable()) {
      return HostFile.open(path);
    }
    List<HostFile.Mode> modes = new ArrayList<>(List.of(HostFile.Mode.WRITE));
    try {
      return HostFile.open(path, modes.toArray(HostFile.Mode[]::new));
    } catch (HostException e) {
      BlockException.Kind kind = BlockException.of(e).kind();
      boolean refused =
          kind == BlockException.Kind.READ_ONLY || kind == BlockException.Kind.PERMISSION;
      if (!refused || !opening.access().autoReadOnly()) {
        throw e;
      }
      HostFile file = HostFile.open(path);
      opening.readOnly();
      return file;
    }
  }
}
