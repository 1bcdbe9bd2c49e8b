package dev.kasuari.tcg.listing;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.tcg.HostCode;
import dev.kasuari.tcg.TranslatedUnit;
import dev.kasuari.tcg.TranslationObserver;
import org.jspecify.annotations.Nullable;

/**
 * Writes what {@code -d op_opt} and {@code -d out_asm} ask for. Emitted code comes a little after
 * what else is logged of a unit, and maybe after it began to run.
 */
public final class CodeLog implements TranslationObserver, AutoCloseable {
  private final Log log;
  private final String name;
  private @Nullable Lister lister;

  /**
   * @param name of the machine
   */
  public CodeLog(Log log, String name) {
    this.log = log;
    this.name = name;
  }

  @Override
  public boolean listens() {
    return log.on(LogCategory.OP_OPT) || log.on(LogCategory.OUT_ASM);
  }

  @Override
  public void translated(TranslatedUnit unit) {
    boolean optimized = log.on(LogCategory.OP_OPT);
    boolean emitted = log.on(LogCategory.OUT_ASM);
    HostCode code = optimized || emitted ? unit.code().hostCode(unit.unit()) : null;
    if (code == null) {
      return;
    }
    String title = unit.title();
    if (optimized) {
      log.write(LogCategory.OP_OPT, () -> "OP_OPT: " + title + "\n" + code.unit());
    }
    if (emitted) {
      String head = "OUT: %s, %d bytes at 0x%x\n".formatted(title, code.size(), code.address());
      lister().list(code, text -> log.write(LogCategory.OUT_ASM, () -> head + text));
    }
  }

  private synchronized Lister lister() {
    if (lister == null) {
      lister = new Lister(name + " out_asm", new Objdump(), line -> log.always("out_asm: " + line));
    }
    return lister;
  }

  /** Waits until all is written. No unit is made any more. */
  @Override
  public synchronized void close() {
    if (lister != null) {
      lister.close();
    }
  }
}
