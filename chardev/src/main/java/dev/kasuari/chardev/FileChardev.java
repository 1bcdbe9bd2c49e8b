package dev.kasuari.chardev;

import dev.kasuari.qapi.OptionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes output to a file and has no input ({@code file}). */
public final class FileChardev extends OutputChardev {
  private final OutputQueue output;

  private FileChardev(String id, OutputQueue output) {
    super(id);
    this.output = output;
  }

  /**
   * Opens or creates the file.
   *
   * @param append whether what is in it stays
   * @throws OptionException if it cannot be written
   */
  public static FileChardev open(String id, Path path, boolean append) {
    StandardOpenOption how =
        append ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING;
    try {
      var stream =
          Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, how);
      return new FileChardev(id, new OutputQueue("chardev " + id, stream, true));
    } catch (IOException e) {
      throw new OptionException(path + ": cannot be written: " + reason(path, e), e);
    }
  }

  private static String reason(Path path, IOException e) {
    Path folder = path.toAbsolutePath().getParent();
    if (Files.isDirectory(path)) {
      return "it is a folder";
    }
    if (folder != null && !Files.isDirectory(folder)) {
      return "there is no folder " + folder;
    }
    return e instanceof java.nio.file.AccessDeniedException ? "permission denied" : e.toString();
  }

  @Override
  public int write(byte[] bytes, int offset, int length, Runnable writable) {
    return output.write(bytes, offset, length, writable);
  }

  @Override
  public void close() {
    output.close();
  }
}
