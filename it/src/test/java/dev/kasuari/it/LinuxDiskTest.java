package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.boards.BootOptions;
import dev.kasuari.guests.Deb;
import dev.kasuari.guests.DebianPackage;
import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.Progress;
import dev.kasuari.guests.ScriptedGuest;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.vm.Drive;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.SerialPort;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Debian's kernel on four CPUs writes bytes that are nowhere the same to a disk, syncs, reads some
 * of them back from it and writes what it read to a second disk; the host finds the bytes on both.
 */
@Tag("guest")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class LinuxDiskTest {
  private static final int MIB = 1 << 20;
  private static final int DISK = 256 * MIB;
  private static final int READ_BACK = 16 * MIB;
  private static final String TREE = "usr/lib/riscv64-linux-gnu/opensbi/generic/";

  /** Boards with their interrupt controllers, and firmware. */
  enum Setting {
    RISCV(DebianTarget.RISCV64, "", "rv64", "SBI implementation ID=0x6b7375 ", DISK),
    OPENSBI_DYNAMIC(
        DebianTarget.RISCV64, "", "rv64", "SBI implementation ID=0x1 ", DISK, "fw_dynamic.bin"),
    OPENSBI_JUMP(
        DebianTarget.RISCV64, "", "rv64", "SBI implementation ID=0x1 ", READ_BACK, "fw_jump.bin"),
    ARM_GICV2(DebianTarget.AARCH64, "gic-version=2", "cortex-a57", "GICv2m: range", DISK),
    ARM_GICV3(DebianTarget.AARCH64, "gic-version=3", "max", "GICv3: CPU3: found redist", READ_BACK);

    final DebianTarget debian;
    final String properties;
    final String cpu;
    final String seen;

    /** Bytes. */
    final int written;

    final @Nullable String firmware;

    Setting(DebianTarget debian, String properties, String cpu, String seen, int written) {
      this(debian, properties, cpu, seen, written, null);
    }

    Setting(
        DebianTarget debian,
        String properties,
        String cpu,
        String seen,
        int written,
        @Nullable String firmware) {
      this.debian = debian;
      this.properties = properties;
      this.cpu = cpu;
      this.seen = seen;
      this.written = written;
      this.firmware = firmware;
    }
  }

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void theHostFindsWhatTheGuestWrote(Setting setting) throws Exception {
    Path noise = noise(folder.resolve("noise"), setting.written);
    LinuxGuest guest = guest(setting, Files.readAllBytes(noise));
    Path console = folder.resolve("console");
    Path written = disk("written", setting.written);
    Path copied = disk("copied", READ_BACK);
    MachineDescription description =
        MachineDescription.of(setting.debian.board())
            .properties(OptionSource.of("-M", setting.properties, ""))
            .cpu(setting.cpu)
            .ram(1L << 30)
            .cpus(4)
            .serial(SerialPort.parse("file:" + console))
            .drive(Drive.raw(written.toString()))
            .drive(Drive.raw(copied.toString()))
            .boot(
                new BootOptions(
                    bios(setting),
                    guest.kernel().toString(),
                    guest.initrd().toString(),
                    guest.append(),
                    null))
            .build();
    GuestRun.toTheEnd(description, console, 25);
    assertThat(console)
        .content()
        .contains(
            setting.seen,
            "cpus: 4",
            "sectors: " + setting.written / 512 + " " + READ_BACK / 512,
            ScriptedGuest.ENDED + "0");
    assertThat(Files.mismatch(noise, written)).as("first byte that differs").isEqualTo(-1);
    assertThat(Files.mismatch(noise, copied))
        .as("first byte that differs, or the end of what was read back")
        .isIn(-1L, (long) READ_BACK);
  }

  private static Path noise(Path file, int size) throws IOException {
    long seed = Long.getLong("kasuari.it.seed", 20260101);
    System.out.println("noise: -Dkasuari.it.seed=" + seed);
    var random = new Random(seed);
    byte[] block = new byte[MIB];
    try (OutputStream out = Files.newOutputStream(file)) {
      for (int i = 0; i < size / MIB; i++) {
        random.nextBytes(block);
        out.write(block);
      }
    }
    return file;
  }

  private Path disk(String name, int size) throws IOException {
    Path file = folder.resolve(name);
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(size);
    }
    return file;
  }

  private static String script() {
    return """
    echo "cpus: $(nproc)"
    echo "sectors: $(cat /sys/block/vda/size) $(cat /sys/block/vdb/size)"
    cat /noise > /dev/vda && sync && rm /noise
    echo 3 > /proc/sys/vm/drop_caches
    dd if=/dev/vda of=/dev/vdb bs=1M count=%d && sync
    """
        .formatted(READ_BACK / MIB);
  }

  private LinuxGuest guest(Setting setting, byte[] noise) throws IOException {
    var script =
        new ScriptedGuest(
            setting.debian.suite(),
            setting.debian.architecture(),
            ScriptedGuest.VIRTIO,
            script(),
            Map.of("noise", noise));
    return new LinuxGuests(DebianPackages.fromEnvironment())
        .scripted(script, folder.resolve("initrd"), Progress.none());
  }

  private @Nullable String bios(Setting setting) throws IOException {
    if (setting.firmware == null) {
      return null;
    }
    Path deb =
        DebianPackages.fromEnvironment()
            .deb(new DebianPackage("opensbi", "trixie", "all"), Progress.none());
    byte[] image = new Deb(deb).read(TREE + setting.firmware);
    return Files.write(folder.resolve(setting.firmware), image).toString();
  }
}
