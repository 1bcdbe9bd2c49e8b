package dev.kasuari.img.daemon;

import dev.kasuari.img.ToolException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** {@code --pid-file}: which process it is. */
public final class PidFile {
  private PidFile() {}

  /**
   * Writes it.
   *
   * @param path or null for none
   * @throws ToolException if that cannot be
   */
  public static void write(@Nullable String path) {
    if (path == null) {
      return;
    }
    try {
      Files.writeString(Path.of(path), ProcessHandle.current().pid() + "\n");
    } catch (NoSuchFileException e) {
      throw new ToolException(
          "cannot create PID file: Could not create '" + path + "': No such file or directory");
    } catch (IOException e) {
      throw new ToolException(
          "cannot create PID file: Could not create '" + path + "': " + e.getMessage());
    }
  }
}
