package dev.kasuari.block.file;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code file}: a regular file of the host. */
public final class FileDriver implements BlockDriver<FileDriver.FileOptions> {
  /**
   * Which file.
   *
   * @param filename its path
   * @param locking keep two programs from using one image in ways that do not go together
   * @param aio how requests are handed to the host: threads do it here in any case; native asks for
   *     cache.direct=on, as in QEMU
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
  public boolean takesImages() {
    return true;
  }

  @Override
  public String doc() {
    return "a file of the host";
  }

  @Override
  public OptionCodec<FileOptions> options() {
    return FileDriverFileOptionsCodec.CODEC;
  }

  @Override
  public BlockNode open(FileOptions options, Opening opening) {
    String path = options.filename();
    if (Files.exists(Path.of(path)) && !HostFiles.regular(path)) {
      throw BlockException.invalid("'file' driver requires '" + path + "' to be a regular file");
    }
    return HostFiles.open(options, opening);
  }
}
