package dev.kasuari.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is left of a failure of Kasuari itself: one line for the person, a file for the report. */
final class FailureReport {
  private FailureReport() {}

  /**
   * Writes the report to a new file, if it is not a file of the host's that failed.
   *
   * @return the line
   */
  static String write(String program, List<String> arguments, Throwable failure) {
    if (failure instanceof UncheckedIOException) {
      return firstLine(failure.getMessage());
    }
    String line = "internal error: " + firstLine(failure.toString());
    try {
      Path file = Files.createTempFile("kasuari-report-", ".txt");
      Files.writeString(file, report(program, arguments, failure));
      return line + "; please report it with " + file;
    } catch (IOException e) {
      return line + "; the report could not be written: " + e.getMessage();
    }
  }

  private static String firstLine(@Nullable String text) {
    return String.valueOf(text).lines().findFirst().orElse("");
  }

  private static String report(String program, List<String> arguments, Throwable failure) {
    var text = new StringWriter();
    try (var out = new PrintWriter(text)) {
      out.println(program + " " + String.join(" ", arguments));
      out.println("Kasuari " + Version.number());
      out.println("Java " + Runtime.version() + ", " + System.getProperty("java.vm.name"));
      out.println(System.getProperty("os.name") + " " + System.getProperty("os.arch"));
      out.println();
      failure.printStackTrace(out);
    }
    return text.toString();
  }
}
