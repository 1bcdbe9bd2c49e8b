package dev.kasuari.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Compilers and other tools of Debian that make what a test needs. */
public final class HostTool {
  private HostTool() {}

  /**
   * Runs one to its end, which has to be a good one within a minute.
   *
   * @param folder where it runs
   * @param packages to install where there is no such program
   */
  public static void run(Path folder, String packages, List<String> command)
      throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(command + " ends").isTrue();
      assertThat(process.exitValue()).as(said).isZero();
    } catch (IOException e) {
      throw new AssertionError("needs " + command.getFirst() + ": apt-get install " + packages, e);
    }
  }
}
