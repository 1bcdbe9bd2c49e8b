package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.boards.BootOptions;
import dev.kasuari.demo.DemoDisk;
import dev.kasuari.demo.DemoKernel;
import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.Progress;
import dev.kasuari.guests.ScriptedGuest;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import dev.kasuari.vm.AccelOptions;
import dev.kasuari.vm.Drive;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.SerialPort;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whole guests run on interpreter and machine code side by side, without a difference: at one the
 * machine fails, and what the test shows is the report.
 */
@Tag("guest")
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class LockstepBootTest {
  private static final int PATIENCE_MINUTES = 55;

  @TempDir private Path folder;

  @BeforeEach
  void hostCanRunIt() {
    assumeTrue(X86BackEnd.available(), "machine code needs Linux on x86-64");
  }

  private MachineDescription.Builder description(DebianTarget target, Path console) {
    return MachineDescription.of(target.board())
        .accel(AccelOptions.parse(OptionSource.of("-accel", "tcg,lockstep=on", "accel")))
        .serial(SerialPort.parse("file:" + console));
  }

  private static void run(MachineDescription description, Path console) throws Exception {
    GuestRun.toTheEnd(description, console, PATIENCE_MINUTES);
  }

  @Test
  void theDemoKernelDoesTheSame() throws Exception {
    Path console = folder.resolve("console");
    Path kernel = Files.write(folder.resolve("kernel"), DemoKernel.image());
    Path disk = Files.write(folder.resolve("disk"), DemoDisk.image());
    String commands = "quiet run=cpus;mem;devices;disk;fault;poweroff";
    run(
        description(DebianTarget.RISCV64, console)
            .ram(128L << 20)
            .drive(Drive.raw(disk.toString()))
            .boot(new BootOptions(null, kernel.toString(), null, commands, null))
            .build(),
        console);
  }

  @ParameterizedTest
  @EnumSource
  void linuxDoesTheSame(DebianTarget debian) throws Exception {
    Path console = folder.resolve("console");
    LinuxGuest guest =
        new LinuxGuests(DebianPackages.fromEnvironment())
            .scripted(
                new ScriptedGuest(
                    debian.suite(),
                    debian.architecture(),
                    ScriptedGuest.VIRTIO,
                    "cat /proc/cpuinfo; uname -a",
                    Map.of()),
                folder.resolve("initrd"),
                Progress.none());
    run(description(debian, console).ram(256L << 20).boot(GuestRun.boot(guest)).build(), console);
    assertThat(console)
        .content()
        .contains(debian.machine() + " GNU/Linux", ScriptedGuest.ENDED + "0");
  }
}
