package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.Progress;
import dev.kasuari.guests.ScriptedGuest;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Debian's kernel in the non-secure world of a machine that has a secure one: it starts as firmware
 * at EL3 would start it, all its CPUs come, and interrupts of group 1 reach it.
 */
@Tag("guest")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class SecureLinuxTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cortex-a57 | secure=on,gic-version=3 | EL1",
        "max | secure=on,virtualization=on,gic-version=2 | EL2",
      })
  void linuxRunsBesideTheSecureWorld(String cpu, String properties, String level) throws Exception {
    var script =
        new ScriptedGuest(
            DebianTarget.AARCH64.suite(),
            DebianTarget.AARCH64.architecture(),
            ScriptedGuest.VIRTIO,
            "echo cpus: $(nproc)\nsleep 1\necho slept\n",
            Map.of());
    LinuxGuest guest =
        new LinuxGuests(DebianPackages.fromEnvironment())
            .scripted(script, folder.resolve("initrd"), Progress.none());
    Path console = folder.resolve("console");
    GuestRun.toTheEnd(GuestRun.onArm(guest, properties, cpu, console), console, 10);
    assertThat(DiskWork.read(console))
        .contains(
            "psci: PSCIv1.1 detected in firmware",
            "CPU: All CPU(s) started at " + level,
            "cpus: 2",
            "slept",
            ScriptedGuest.ENDED + "0");
  }
}
