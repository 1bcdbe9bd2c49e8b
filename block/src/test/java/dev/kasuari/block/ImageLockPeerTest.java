package dev.kasuari.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** QEMU's own tools see our locks, and we see theirs. */
@Tag("guest")
@EnabledOnOs(OS.LINUX)
class ImageLockPeerTest {
  @TempDir Path folder;
  private Path image;

  @BeforeEach
  void peer() throws IOException {
    assertThat(Path.of("/usr/bin/qemu-io")).as("qemu-io of the package qemu-utils").isExecutable();
    image = Files.write(folder.resolve("disk"), new byte[65536]);
  }

  private Process qemuIo(String... arguments) throws IOException {
    var command = new java.util.ArrayList<>(java.util.List.of("/usr/bin/qemu-io", "-f", "raw"));
    command.addAll(java.util.List.of(arguments));
    command.add(image.toString());
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static String output(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void qemuIsRefusedWhileWeWrite() throws IOException {
    var options = DriveOptions.raw("d", image.toString(), false);
    try (BlockDevice ours = Images.open("-drive", options)) {
      assertThat(output(qemuIo("-c", "write 0 512"))).contains("lock");
      assertThat(ours.readOnly()).isFalse();
    }
    assertThat(output(qemuIo("-c", "write 0 512"))).contains("wrote 512/512");
  }

  @Test
  void qemuReadsWhileWeRead() throws IOException {
    try (BlockDevice ours = Images.open("-drive", DriveOptions.raw("d", image.toString(), true))) {
      assertThat(output(qemuIo("-r", "-c", "read 0 512"))).contains("read 512/512");
      assertThat(ours.readOnly()).isTrue();
    }
  }

  @Test
  void weAreRefusedWhileQemuWrites() throws Exception {
    Process writer = qemuIo();
    try (var input = writer.getOutputStream()) {
      input.write("read 0 512\n".getBytes(StandardCharsets.UTF_8));
      input.flush();
      assertThat(writer.getInputStream().read()).isNotNegative(); // it has opened the image
      assertThatThrownBy(
              () -> Images.open("-drive", DriveOptions.raw("d", image.toString(), false)))
          .hasMessageContaining("another program");
    }
    assertThat(writer.waitFor()).isZero();
  }
}
