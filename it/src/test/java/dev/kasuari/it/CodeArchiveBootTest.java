package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.Progress;
import dev.kasuari.guests.ScriptedGuest;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import dev.kasuari.vm.AccelOptions;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.SerialPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Linux boots with the machine code of an earlier boot; and all code of a third one is compared
 * with what was kept, which shows that nothing it depends on is missing in the archive's key.
 */
@Tag("guest")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class CodeArchiveBootTest {
  @TempDir private Path folder;

  @BeforeEach
  void hostCanRunIt() {
    assumeTrue(X86BackEnd.available(), "machine code needs Linux on x86-64");
  }

  @ParameterizedTest
  @CsvSource({"RISCV64, rv64, 1", "AARCH64, max, 2"})
  void aBootUsesTheCodeOfTheOneBefore(DebianTarget debian, String cpu, int cpus) throws Exception {
    run(debian, cpu, cpus, "on");
    Path archive = archive();
    long size = Files.size(archive);
    run(debian, cpu, cpus, "on");
    assertThat(archive()).isEqualTo(archive);
    assertThat(Files.size(archive)).isBetween(size, 2 * size);
    run(debian, cpu, cpus, "verify");
    assertThat(archive()).isEqualTo(archive);
  }

  private Path archive() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("code"))) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      return all.getFirst();
    }
  }

  private void run(DebianTarget debian, String cpu, int cpus, String use) throws Exception {
    LinuxGuest guest =
        new LinuxGuests(DebianPackages.fromEnvironment())
            .scripted(
                new ScriptedGuest(
                    debian.suite(),
                    debian.architecture(),
                    ScriptedGuest.VIRTIO,
                    "cat /proc/cpuinfo; uname -a; ls -lR /bin | sha256sum",
                    Map.of()),
                folder.resolve("initrd"),
                Progress.none());
    Path console = folder.resolve("console");
    String accel = "tcg,backend=x86_64,code-archive=" + use + ",code-folder=" + folder + "/code";
    MachineDescription description =
        MachineDescription.of(debian.board())
            .accel(AccelOptions.parse(OptionSource.of("-accel", accel, "accel")))
            .cpu(cpu)
            .cpus(cpus)
            .ram(512L << 20)
            .serial(SerialPort.parse("file:" + console))
            .boot(GuestRun.boot(guest))
            .build();
    GuestRun.toTheEnd(description, console, 10);
    assertThat(console).content().contains(ScriptedGuest.ENDED + "0");
  }
}
