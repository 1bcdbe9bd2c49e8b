package dev.kasuari.hw;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * The devices of a QEMU machine whose CPU stands, accessed from outside by the protocol "qtest".
 * Accesses count as the first CPU's.
 */
final class QtestPeer implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;
  private final PrintStream commands;

  /**
   * A machine.
   *
   * @param options behind {@code qemu-system-aarch64}
   */
  QtestPeer(String... options) {
    List<String> command =
        Stream.concat(
                Stream.of("qemu-system-aarch64"),
                Stream.concat(
                    Stream.of(options),
                    Stream.of("-S", "-qtest", "stdio", "-display", "none", "-nodefaults")))
            .toList();
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    } catch (IOException e) {
      throw new AssertionError("no qemu-system-aarch64; it is in the package qemu-system-arm", e);
    }
    answers = process.inputReader(StandardCharsets.US_ASCII);
    commands = new PrintStream(process.getOutputStream(), true, StandardCharsets.US_ASCII);
  }

  long read(long address, int size) throws IOException {
    return Long.parseUnsignedLong(ask("read%s 0x%x".formatted(letter(size), address)), 16);
  }

  void write(long address, int size, long value) throws IOException {
    ask("write%s 0x%x 0x%x".formatted(letter(size), address, value));
  }

  private static String letter(int size) {
    return switch (size) {
      case 1 -> "b";
      case 2 -> "w";
      case 4 -> "l";
      default -> "q";
    };
  }

  /** The answer without its prefix: a number or nothing. */
  private String ask(String command) throws IOException {
    commands.println(command);
    for (String line = answers.readLine(); line != null; line = answers.readLine()) {
      if (line.startsWith("OK")) {
        return line.replaceFirst("OK *(0x)?", "");
      }
    }
    throw new IOException("QEMU has ended after " + command);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
