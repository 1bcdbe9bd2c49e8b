package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.Progress;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.SerialPort;
import dev.kasuari.vm.VirtualMachine;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Debian's installer, as it is shipped, gets to where it asks its first question. */
@Tag("guest")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class DebianInstallerTest {
  private static final long PATIENCE = TimeUnit.MINUTES.toNanos(15);
  private static final String QUESTION = "Choose the language to be used for the installation";

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void theInstallerAsksForALanguage(DebianTarget debian) throws Exception {
    LinuxGuest guest =
        new LinuxGuests(DebianPackages.fromEnvironment())
            .installer(debian.suite(), debian.architecture(), Progress.none());
    Path console = folder.resolve("console");
    MachineDescription description =
        MachineDescription.of(debian.board())
            .serial(SerialPort.parse("file:" + console))
            .ram(512L << 20)
            .boot(GuestRun.boot(guest))
            .build();
    try (var machine = VirtualMachine.create(description)) {
      long begin = System.nanoTime();
      machine.start();
      String shown = "";
      while (!shown.contains(QUESTION) && System.nanoTime() - begin < PATIENCE) {
        assertThat(machine.machine().awaitShutdown(500, TimeUnit.MILLISECONDS))
            .as(() -> "an end of it, after\n" + read(console))
            .isNull();
        shown = read(console);
      }
      assertThat(shown).contains("Linux version", QUESTION);
      System.out.printf(
          "%s: the installer asks after %d s%n",
          debian, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin));
    }
  }

  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (java.io.IOException e) {
      return "";
    }
  }
}
