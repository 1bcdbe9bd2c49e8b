package dev.kasuari.guests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.testkit.ConsoleProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guests boot under a machine that we did not write. */
@Tag("guest")
final class LinuxGuestsTest {
  @TempDir Path directory;

  private static LinuxGuests guests() throws IOException {
    return new LinuxGuests(DebianPackages.fromEnvironment());
  }

  @Test
  void shellGuestGivesAPromptWithJobControlAndPowersOff() throws Exception {
    LinuxGuest guest =
        guests().shell("trixie", "riscv64", LinuxGuests.Form.COMPRESSED, new PrintedProgress());
    try (ConsoleProcess qemu = Qemu.riscv64(guest, "512M", List.of())) {
      qemu.await("root@debian:~# ");
      qemu.type("uname -m; tty; echo $((6 * 7))\n");
      assertThat(qemu.await("\n42\r\n")).contains("riscv64").contains("/dev/ttyS0");
      qemu.type("sleep 99 &\n");
      qemu.type("jobs\n");
      assertThat(qemu.await("sleep 99\r\nroot@")).contains("Running");
      assertThat(qemu.screen()).doesNotContain("job control turned off");
      qemu.type("poweroff -f\n");
      assertThat(qemu.exit()).isZero();
    }
  }

  @Test
  void unpackedInitrdGivesTheSameShell() throws Exception {
    LinuxGuest guest =
        guests().shell("trixie", "riscv64", LinuxGuests.Form.UNPACKED, new PrintedProgress());
    try (ConsoleProcess qemu = Qemu.riscv64(guest, "512M", List.of())) {
      qemu.await("root@debian:~# ");
      qemu.type("poweroff\n");
      assertThat(qemu.exit()).isZero();
    }
  }

  @Test
  void scriptedGuestLoadsItsModulesAndRunsItsScript() throws Exception {
    Path disk = directory.resolve("disk.raw");
    byte[] sector = new byte[1 << 20];
    sector[0] = 'k';
    Files.write(disk, sector);
    String script =
        """
        echo "first byte: $(head -c 1 /dev/vda)"
        echo "sectors: $(cat /sys/block/vda/size)"
        echo written | dd of=/dev/vda bs=512 seek=1 conv=fsync 2>/dev/null
        echo "random bytes: $(head -c 16 /dev/hwrng | wc -c)"
        ls /sys/class/net
        exit 7
        """;
    ScriptedGuest wanted = ScriptedGuest.trixie("riscv64", script);
    LinuxGuest guest =
        guests().scripted(wanted, directory.resolve("initrd"), new PrintedProgress());
    List<String> devices =
        List.of(
            "-drive", "file=" + disk + ",format=raw,if=none,id=d",
            "-device", "virtio-blk-device,drive=d",
            "-device", "virtio-rng-device",
            "-device", "virtio-net-device");
    try (ConsoleProcess qemu = Qemu.riscv64(guest, "256M", devices)) {
      assertThat(qemu.await(ScriptedGuest.ENDED + "7"))
          .contains("first byte: k")
          .contains("sectors: 2048")
          .contains("random bytes: 16")
          .contains("eth0")
          .doesNotContain("cannot be loaded");
      assertThat(qemu.exit()).isZero();
    }
    byte[] after = Files.readAllBytes(disk);
    assertThat(new String(after, 512, 7, StandardCharsets.US_ASCII)).isEqualTo("written");
  }
}
