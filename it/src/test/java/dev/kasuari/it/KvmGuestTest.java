package dev.kasuari.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.Progress;
import dev.kasuari.guests.ScriptedGuest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Debian's kernel at EL2 runs a guest of its own: a small monitor opens {@code /dev/kvm} and makes
 * a machine of two CPUs, which print what they find. What is under it without an operating system
 * is in the sources, {@code src/test/kvm}.
 */
@Tag("guest")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class KvmGuestTest {
  private static final String PREFIX = "aarch64-linux-gnu-";
  private static final String PACKAGES = "gcc-aarch64-linux-gnu libc6-dev-arm64-cross";
  private static final String FLAGS =
      "-O2 -Wall -Wextra -Werror -ffreestanding -nostdlib -static -mgeneral-regs-only"
          + " -mstrict-align -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables"
          + " -Wl,--build-id=none -Wl,--no-warn-rwx-segments -Wl,-T,guest.ld";

  @TempDir private Path folder;

  /** Where there is FEAT_VHE, as in {@code max}, the kernel stays at EL2. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cortex-a57 | 3 | Hyp mode initialized successfully",
        "cortex-a57 | 2 | Hyp mode initialized successfully",
        "max | 3 | VHE mode initialized successfully",
      })
  void aGuestHasAGuest(String cpu, int gic, String mode) throws Exception {
    LinuxGuest guest = guest(gic);
    Path console = folder.resolve("console");
    String properties = "virtualization=on,gic-version=" + gic;
    GuestRun.toTheEnd(GuestRun.onArm(guest, properties, cpu, console), console, 10);
    String printed = read(console);
    assertThat(printed).contains(mode);
    assertThat(printed.replaceAll("(?m)^\\[ *[0-9.]+] .*\n", ""))
        .as(printed)
        .contains(
            """
            level 1
            version of PSCI 1
            CPU_ON 0
            second CPU 1
            context 123456789abcdef
            sent by the other a
            its timer 1
            timer interrupts 32
            other interrupts 0
            sum of memory 1fff80000
            event 1
            guest script ended with status 0
            """);
  }

  private LinuxGuest guest(int gic) throws IOException, InterruptedException {
    Path host = folder.resolve("host");
    compile("-static -O2 -Wall -Wextra -Werror -pthread -o " + host + " host.c");
    Path elf = folder.resolve("guest.elf");
    compile(FLAGS + " -DGIC=" + gic + " -o " + elf + " guest.c");
    Path image = folder.resolve("guest");
    HostTool.run(
        folder,
        PACKAGES,
        List.of(PREFIX + "objcopy", "-O", "binary", elf.toString(), image.toString()));
    var script =
        new ScriptedGuest(
            DebianTarget.AARCH64.suite(),
            DebianTarget.AARCH64.architecture(),
            ScriptedGuest.VIRTIO,
            "/host " + gic + " /guest\n",
            Map.of("host", Files.readAllBytes(host), "guest", Files.readAllBytes(image)));
    return new LinuxGuests(DebianPackages.fromEnvironment())
        .scripted(script, folder.resolve("initrd"), Progress.none());
  }

  private void compile(String arguments) throws IOException, InterruptedException {
    for (String file : List.of("host.c", "guest.c", "guest.ld")) {
      try (InputStream in = KvmGuestTest.class.getResourceAsStream("kvm/" + file)) {
        Files.write(folder.resolve(file), Objects.requireNonNull(in).readAllBytes());
      }
    }
    var command = new ArrayList<>(List.of(PREFIX + "gcc"));
    command.addAll(List.of(arguments.split(" ", -1)));
    HostTool.run(folder, PACKAGES, command);
  }

  /** What was printed, with ends of lines of one character. */
  private static String read(Path console) {
    try {
      return Files.readString(console, UTF_8).replace("\r", "");
    } catch (IOException e) {
      return e.toString();
    }
  }
}
