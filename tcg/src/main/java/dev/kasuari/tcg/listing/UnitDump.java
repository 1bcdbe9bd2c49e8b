package dev.kasuari.tcg.listing;

import dev.kasuari.tcg.HostCode;
import dev.kasuari.tcg.TranslatedUnit;
import dev.kasuari.tcg.TranslationObserver;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes each unit to a file, in the order in which they are made: guest code, intermediate
 * representation before and after optimisation, emitted code.
 */
public final class UnitDump implements TranslationObserver, AutoCloseable {
  private final Path file;
  private final BufferedWriter writer;
  private final Lister lister;
  private final Consumer<String> notices;
  private int count;
  private boolean failed;

  /**
   * @param file is emptied
   * @param notices told what goes wrong later
   * @throws IOException if the file cannot be written
   */
  public UnitDump(Path file, Consumer<String> notices) throws IOException {
    this(file, new Objdump(), notices);
  }

  UnitDump(Path file, Objdump objdump, Consumer<String> notices) throws IOException {
    this.file = file;
    this.notices = notices;
    writer = Files.newBufferedWriter(file);
    lister = new Lister("dump of " + file, objdump, this::notice);
  }

  private void notice(String what) {
    notices.accept("dump=" + file + ": " + what);
  }

  @Override
  public void translated(TranslatedUnit unit) {
    String head =
        """
        %s, ram 0x%x, flags 0x%x, %d bytes
        guest:
        %s
        ir:
        %s\
        """
            .formatted(
                unit.title(),
                unit.ramAddress(),
                unit.flags(),
                unit.bytes(),
                unit.guest().get().strip(),
                unit.unit());
    HostCode code = unit.code().hostCode(unit.unit());
    lister.list(code, text -> write(head, code, text));
  }

  /** The lister's thread. */
  private void write(String head, @Nullable HostCode code, String text) {
    if (failed) {
      return;
    }
    try {
      writer.write("== unit %d: ".formatted(++count));
      writer.write(head);
      if (code != null) {
        writer.write("optimised:\n" + code.unit());
        writer.write("emitted, %d bytes at 0x%x:\n".formatted(code.size(), code.address()));
        writer.write(text);
      }
      writer.write("\n");
      writer.flush();
    } catch (IOException e) {
      failed = true;
      notice("cannot be written, the rest is left out: " + e.getMessage());
    }
  }

  /** Waits until all is written. No unit is made any more. */
  @Override
  public void close() throws IOException {
    lister.close();
    writer.close();
  }
}
