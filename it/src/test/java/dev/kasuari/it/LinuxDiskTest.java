package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.boards.Boards;
import dev.kasuari.boards.BootOptions;
import dev.kasuari.guests.Deb;
import dev.kasuari.guests.DebianPackage;
import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.Progress;
import dev.kasuari.guests.ScriptedGuest;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.vm.Drive;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.SerialPort;
import dev.kasuari.vm.VirtualMachine;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
 * Debian's kernel on four harts writes bytes that are nowhere the same to a disk, syncs, reads some
 * of them back from it and writes what it read to a second disk; the host finds the bytes on both.
 */
@Tag("guest")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class LinuxDiskTest {
  private static final int MIB = 1 << 20;
  private static final int DISK = 256 * MIB;
  private static final int READ_BACK = 16 * MIB;
  private static final String TREE = "usr/lib/riscv64-linux-gnu/opensbi/generic/";

  /** What runs in M-mode. */
  enum Firmware {
    BUILT_IN(null, "SBI implementation ID=0x6b7375 ", DISK),
    OPENSBI_DYNAMIC("fw_dynamic.bin", "SBI implementation ID=0x1 ", DISK),
    OPENSBI_JUMP("fw_jump.bin", "SBI implementation ID=0x1 ", READ_BACK);

    final @Nullable String file;
    final String seen;

    /** Bytes. */
    final int written;

    Firmware(@Nullable String file, String seen, int written) {
      this.file = file;
      this.seen = seen;
      this.written = written;
    }
  }

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void theHostFindsWhatTheGuestWrote(Firmware firmware) throws Exception {
    Path noise = noise(folder.resolve("noise"), firmware.written);
    LinuxGuest guest = guest(Files.readAllBytes(noise));
    Path console = folder.resolve("console");
    Path written = disk("written", firmware.written);
    Path copied = disk("copied", READ_BACK);
    MachineDescription description =
        MachineDescription.of(Boards.of("riscv64").getFirst())
            .ram(1L << 30)
            .cpus(4)
            .serial(SerialPort.parse("file:" + console))
            .drive(Drive.raw(written.toString()))
            .drive(Drive.raw(copied.toString()))
            .boot(
                new BootOptions(
                    bios(firmware),
                    guest.kernel().toString(),
                    guest.initrd().toString(),
                    guest.append(),
                    null))
            .build();
    try (var machine = VirtualMachine.create(description)) {
      machine.start();
      Shutdown end = machine.machine().awaitShutdown(25, TimeUnit.MINUTES);
      assertThat(end).as(() -> "the end of\n" + read(console)).isNotNull();
      assertThat(end.exitCode()).isZero();
    }
    assertThat(console)
        .content()
        .contains(
            firmware.seen,
            "harts: 4",
            "sectors: " + firmware.written / 512 + " " + READ_BACK / 512,
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
    echo "harts: $(nproc)"
    echo "sectors: $(cat /sys/block/vda/size) $(cat /sys/block/vdb/size)"
    cat /noise > /dev/vda && sync && rm /noise
    echo 3 > /proc/sys/vm/drop_caches
    dd if=/dev/vda of=/dev/vdb bs=1M count=%d && sync
    """
        .formatted(READ_BACK / MIB);
  }

  private LinuxGuest guest(byte[] noise) throws IOException {
    var script =
        new ScriptedGuest(
            "trixie", "riscv64", ScriptedGuest.VIRTIO, script(), Map.of("noise", noise));
    return new LinuxGuests(DebianPackages.fromEnvironment())
        .scripted(script, folder.resolve("initrd"), Progress.none());
  }

  private @Nullable String bios(Firmware firmware) throws IOException {
    if (firmware.file == null) {
      return null;
    }
    Path deb =
        DebianPackages.fromEnvironment()
            .deb(new DebianPackage("opensbi", "trixie", "all"), Progress.none());
    byte[] image = new Deb(deb).read(TREE + firmware.file);
    return Files.write(folder.resolve(firmware.file), image).toString();
  }

  private static List<String> read(Path console) {
    try {
      return Files.readAllLines(console);
    } catch (IOException e) {
      return List.of(e.toString());
    }
  }
}
