package dev.kasuari.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What is left of a failure of Kasuari itself: one line for the person, a file for the report. */
final class FailureReport {
  private FailureReport() {}

  /**
   * Writes the report to a new file.
   *
   * @return the line
   */
  static String write(String program, List<String> arguments, Throwable failure) {
    String line = "internal error: " + firstLine(failure);
    try {
      Path file = Files.createTempFile("kasuari-report-", ".txt");
      Files.writeString(file, report(program, arguments, failure));
      return line + "; please report it with " + file;
    } catch (IOException e) {
      return line + "; the report could not be written: " + e.getMessage();
    }
  }

  private static String firstLine(Throwable failure) {
    return failure.toString().lines().findFirst().orElse("");
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
