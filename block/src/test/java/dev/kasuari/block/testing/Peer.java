package dev.kasuari.block.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** QEMU's tools. */
public final class Peer {
  /** What a command printed, and its exit code. */
  public record Result(String output, int code) {}

  private Peer() {}

  public static void require() {
    assertThat(Path.of("/usr/bin/qemu-img"))
        .as("qemu-img of the package qemu-utils")
        .isExecutable();
  }

  public static Result run(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Result(output, process.waitFor());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** {@code qemu-img} with these words, which succeeds. */
  public static String img(String... words) {
    var command = new ArrayList<>(List.of("/usr/bin/qemu-img"));
    command.addAll(List.of(words));
    Result result = run(command);
    assertThat(result.code()).as(command + ": " + result.output()).isZero();
    return result.output();
  }

  /** {@code qemu-io} with these commands, which all succeed. */
  public static void io(String format, Path image, List<String> commands) {
    var command = new ArrayList<>(List.of("/usr/bin/qemu-io", "-f", format, "-d", "unmap"));
    for (String one : commands) {
      command.add("-c");
      command.add(one);
    }
    command.add(image.toString());
    Result result = run(command);
    assertThat(result.code()).as(command + ": " + result.output()).isZero();
    assertThat(result.output()).as(command.toString()).doesNotContain("failed");
  }
}
