package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.bench.Bench;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code kasuari bench}: short kernels in Kasuari and in QEMU. */
@Tag("guest")
class BenchTest {
  @TempDir Path directory;

  /** A program with QEMU's command line, as a package has it. */
  private Path launcher(String target) throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Path launcher = directory.resolve("kasuari-system-" + target);
    Files.writeString(
        launcher,
        """
        #!/bin/sh
        exec '%s' -XX:+UseSerialGC -XX:PerMethodTrapLimit=0 --enable-native-access=ALL-UNNAMED \\
          -cp '%s' dev.kasuari.cli.Main system %s "$@"
        """
            .formatted(java, System.getProperty("java.class.path"), target));
    Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
    return launcher;
  }

  @ParameterizedTest
  @CsvSource({"riscv64, sort.sv39", "aarch64, sort.el0"})
  void bothComputeTheSame(String target, String paged) throws Exception {
    Path json = directory.resolve("bench.json");
    var out = new ByteArrayOutputStream();
    var print = new PrintStream(out, true, StandardCharsets.UTF_8);
    String arguments =
        "--target %s --peer qemu=qemu-system-%s --only crc32,%s,nbody,syscall,timer,parallel-2"
                .formatted(target, target, paged)
            + " --runs 1 --work 3 --json "
            + json
            + " --kasuari ours="
            + launcher(target);
    int code = Bench.run(List.of(arguments.split(" ")), print, print);
    String report = out.toString(StandardCharsets.UTF_8);
    assertThat(code).as(report).isZero();
    assertThat(report)
        .contains("Kasuari emulator version", "QEMU emulator version")
        .containsPattern("compute +crc32 .* \\([0-9.]+\\.\\.[0-9.]+\\)");
    assertThat(Files.readString(json)).contains("\"name\": \"parallel-2\"", "\"qemu\": {");
  }

  @Test
  void anEmulatorThatFailsIsALineAndACode() throws Exception {
    var out = new ByteArrayOutputStream();
    var print = new PrintStream(out, true, StandardCharsets.UTF_8);
    Path broken = directory.resolve("broken");
    Files.writeString(
        broken,
        "#!/bin/sh\n[ \"$1\" = --version ] && echo Broken 1 && exit\necho no >&2\nexit 7\n");
    Files.setPosixFilePermissions(broken, PosixFilePermissions.fromString("rwxr-xr-x"));
    String arguments = "--kasuari " + broken + " --only crc32 --runs 1 --work 1";
    int code = Bench.run(List.of(arguments.split(" ")), print, print);
    assertThat(code).isEqualTo(1);
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("broken failed: exit status 7: no");
  }
}
