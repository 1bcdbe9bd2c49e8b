package dev.kasuari.tcg.listing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.TranslatedUnit;
import dev.kasuari.tcg.TranslationObserver;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.function.Consumer;

/**
 * Tells {@code perf} the names of emitted code: a line for each unit in {@code /tmp/perf-PID.map},
 * with address and size in hexadecimal (Linux, {@code tools/perf/Documentation/jit-interface.txt}).
 *
 * <p>Lines are added at the end, whole: other machines of the process and HotSpot, which lists its
 * own code in a file of the same form, may write to it too. The file only grows; where code gave
 * way to other code, the later line is true.
 */
public final class PerfMap implements TranslationObserver, AutoCloseable {
  private final Path file;
  private final OutputStream stream;
  private final Consumer<String> notices;
  private boolean failed;

  /** Where perf looks for the names of this process' code. */
  public static Path fileOfThisProcess() {
    return Path.of("/tmp/perf-" + ProcessHandle.current().pid() + ".map");
  }

  /**
   * @param file what an earlier process with the same number left there is thrown away
   * @param notices told what goes wrong later
   * @throws IOException if the file cannot be written, or is none: everybody can guess its name and
   *     put a link there that leads to a file of ours, or a pipe that is never read
   */
  public PerfMap(Path file, Consumer<String> notices) throws IOException {
    this.file = file;
    this.notices = notices;
    if (Files.exists(file, NOFOLLOW_LINKS)) {
      takeOver(file);
    }
    stream = Files.newOutputStream(file, CREATE, APPEND, NOFOLLOW_LINKS);
  }

  private static void takeOver(Path file) throws IOException {
    if (Files.isSymbolicLink(file)) {
      throw new FileSystemException(file.toString(), null, "it is a link, which is not followed");
    }
    if (!Files.isRegularFile(file, NOFOLLOW_LINKS)) {
      throw new FileSystemException(file.toString(), null, "it is no regular file");
    }
    Instant started = ProcessHandle.current().info().startInstant().orElse(Instant.MIN);
    if (Files.getLastModifiedTime(file, NOFOLLOW_LINKS).toInstant().isBefore(started)) {
      Files.delete(file);
    }
  }

  @Override
  public void routine(String name, long address, int size) {
    line(address, size, "kasuari " + name);
  }

  @Override
  public void translated(TranslatedUnit unit) {
    CompiledCode code = unit.code();
    if (code.hostSize() != 0) {
      String name = "guest 0x%x mode 0x%x".formatted(unit.pc(), unit.mode());
      line(code.hostAddress(), code.hostSize(), name);
    }
  }

  private synchronized void line(long address, int size, String name) {
    if (failed) {
      return;
    }
    try {
      stream.write("%x %x %s\n".formatted(address, size, name).getBytes(US_ASCII));
    } catch (IOException e) {
      failed = true;
      notices.accept(file + ": cannot be written, the rest is left out: " + e.getMessage());
    }
  }

  @Override
  public synchronized void close() throws IOException {
    failed = true;
    stream.close();
  }
}
