package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Programs in C for riscv64 guests; their sources are resources beside the tests. */
final class GuestBinary {
  private GuestBinary() {}

  /**
   * Compiles one, without libraries that a guest would have to have.
   *
   * @param resource its source, such as {@code scsi/probe.c}
   * @param folder for what is made
   */
  static byte[] compiled(String resource, Path folder) throws Exception {
    Path source = folder.resolve(resource.replace('/', '-'));
    try (InputStream in = GuestBinary.class.getResourceAsStream(resource)) {
      Files.write(source, Objects.requireNonNull(in).readAllBytes());
    }
    Path program = folder.resolve(source.getFileName() + ".elf");
    Process compiler =
        new ProcessBuilder(
                "riscv64-linux-gnu-gcc", "-O2", "-static", "-o", "" + program, "" + source)
            .inheritIO()
            .start();
    assertThat(compiler.waitFor()).isZero();
    return Files.readAllBytes(program);
  }
}
