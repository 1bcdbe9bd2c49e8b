package dev.kasuari.machine;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The log of one machine ({@code -d}, {@code -D}). A category that is off costs one volatile read;
 * its message is never made.
 */
public final class Log implements AutoCloseable {
  /** A bit for each category, by its ordinal. */
  private volatile long selected;

  private final Consumer<String> sink;
  private final @Nullable PrintStream file;

  private Log(Consumer<String> sink, @Nullable PrintStream file) {
    this.sink = sink;
    this.file = file;
  }

  /** Writes lines to the standard error stream. */
  @SuppressWarnings("SystemOut")
  public static Log toStderr() {
    return new Log(System.err::println, null);
  }

  /**
   * Writes lines to a file, which is emptied first and closed with the log.
   *
   * @throws IOException if it cannot be written
   */
  public static Log toFile(Path path) throws IOException {
    var stream = new PrintStream(Files.newOutputStream(path), true, StandardCharsets.UTF_8);
    return new Log(stream::println, stream);
  }

  /** Gives each line to {@code sink}, on whatever thread it was written. */
  public static Log to(Consumer<String> sink) {
    return new Log(sink, null);
  }

  /** Switches on these categories and off all others. */
  public void select(Collection<LogCategory> categories) {
    long chosen = 0;
    for (LogCategory category : categories) {
      chosen |= 1L << category.ordinal();
    }
    selected = chosen;
  }

  /** True if {@code category} is switched on. */
  public boolean on(LogCategory category) {
    return (selected >>> category.ordinal() & 1) != 0;
  }

  /** Writes a line if {@code category} is on. */
  public void write(LogCategory category, Supplier<String> message) {
    if (on(category)) {
      sink.accept(message.get());
    }
  }

  /** Writes a line whatever is switched on: a failure that a person must see. */
  public void always(String message) {
    sink.accept(message);
  }

  @Override
  public void close() {
    select(List.of());
    if (file != null) {
      file.close();
    }
  }
}
