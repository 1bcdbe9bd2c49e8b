package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.guests.Deb;
import dev.kasuari.guests.DebianPackage;
import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.Progress;
import dev.kasuari.guests.ScriptedGuest;
import dev.kasuari.testkit.ConsoleProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's U-Boot in the flash of Arm's {@code virt}: to its prompt, where it writes to the other
 * bank and saves its environment, and from there to Linux, which it reads from a virtio disk
 * without file system: kernel, and behind it the initrd.
 */
@Tag("guest")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class UBootTest {
  private static final int PATIENCE_SECONDS = 600;
  private static final int SECTOR = 512;
  private static final int FLASH_BANK = 64 << 20;
  private static final String PROMPT = "=> ";
  private static final String FIRMWARE = "usr/lib/u-boot/qemu_arm64/u-boot.bin";

  @TempDir private Path folder;

  @Test
  void linuxStartsFromADisk() throws Exception {
    LinuxGuest guest =
        new LinuxGuests(packages())
            .scripted(
                new ScriptedGuest("bookworm", "arm64", List.of(), "uname -m", Map.of()),
                folder.resolve("initrd"),
                Progress.none());
    long kernel = sectors(guest.kernel());
    fillFlash();
    String disk = "file=" + disk(guest, kernel) + ",format=raw,if=virtio";
    try (var kasuari = prompt("-drive", disk)) {
      programsFlash(kasuari);
      say(kasuari, "virtio scan");
      assertThat(say(kasuari, "virtio info")).contains("KASU VirtIO Block Device");
      say(kasuari, "virtio read ${kernel_addr_r} 0 %x".formatted(kernel));
      say(
          kasuari,
          "virtio read ${ramdisk_addr_r} %x %x".formatted(kernel, sectors(guest.initrd())));
      say(kasuari, "setenv bootargs " + guest.append());
      kasuari.type(
          "booti ${kernel_addr_r} ${ramdisk_addr_r}:%x ${fdtcontroladdr}%n"
              .formatted(Files.size(guest.initrd())));
      kasuari.await("Booting Linux on physical CPU");
      assertThat(kasuari.await(ScriptedGuest.ENDED + "0")).contains("aarch64");
      assertThat(kasuari.exit()).isZero();
    }
    assertThat(Arrays.copyOf(Files.readAllBytes(data()), 8))
        .asHexString()
        .isEqualTo("FFFFFFFF6B617375");
    assertThat(Files.mismatch(firmware(), folder.resolve("kept"))).isEqualTo(-1);
  }

  @Test
  void theEnvironmentIsSaved() throws Exception {
    fillFlash();
    try (var kasuari = prompt()) {
      say(kasuari, "setenv greeting Selamat pagi");
      assertThat(say(kasuari, "saveenv")).contains("Writing to Flash... done");
    }
    try (var kasuari = prompt()) {
      assertThat(say(kasuari, "printenv greeting")).contains("greeting=Selamat pagi");
    }
  }

  /** U-Boot when it waits for commands. */
  private ConsoleProcess prompt(String... more) throws Exception {
    var kasuari = ConsoleProcess.start(command(more), PATIENCE_SECONDS);
    kasuari.await("Hit any key to stop autoboot");
    kasuari.type("\n");
    kasuari.await(PROMPT);
    return kasuari;
  }

  /** By hand, as U-Boot takes two chips side by side for one. */
  private static void programsFlash(ConsoleProcess kasuari) throws Exception {
    assertThat(say(kasuari, "flinfo"))
        .contains("Bank # 1: CFI conformant flash")
        .contains("Bank # 2");
    say(kasuari, "mw.l 4000000 200020; mw.l 4000000 d000d0");
    say(kasuari, "mw.l 4000004 400040; mw.l 4000004 7573616b; mw.l 4000000 ff00ff");
    say(kasuari, "cp.l 4000000 42000000 2");
    assertThat(say(kasuari, "md.l 42000000 2")).contains("42000000: ffffffff 7573616b");
    assertThat(say(kasuari, "qfw list")).contains("bootorder");
  }

  /** What U-Boot answers. */
  private static String say(ConsoleProcess kasuari, String command) throws Exception {
    kasuari.type(command + "\n");
    return kasuari.await(PROMPT);
  }

  private static DebianPackages packages() throws IOException {
    return DebianPackages.fromEnvironment();
  }

  private Path firmware() {
    return folder.resolve("flash0");
  }

  private Path data() {
    return folder.resolve("flash1");
  }

  private static long sectors(Path file) throws IOException {
    return (Files.size(file) + SECTOR - 1) / SECTOR;
  }

  private Path disk(LinuxGuest guest, long kernelSectors) throws IOException {
    Path file = folder.resolve("disk");
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.write(Files.readAllBytes(guest.kernel()));
      disk.seek(kernelSectors * SECTOR);
      disk.write(Files.readAllBytes(guest.initrd()));
      disk.setLength((kernelSectors + sectors(guest.initrd())) * SECTOR);
    }
    return file;
  }

  private void fillFlash() throws IOException {
    Path deb = packages().deb(new DebianPackage("u-boot-qemu", "bookworm", "all"), Progress.none());
    byte[] code = new Deb(deb).read(FIRMWARE);
    Files.write(firmware(), Arrays.copyOf(code, FLASH_BANK));
    Files.copy(firmware(), folder.resolve("kept"));
    Files.write(data(), new byte[FLASH_BANK]);
  }

  private List<String> command(String... more) {
    var words = new ArrayList<>(List.of("system", "aarch64", "-M", "virt", "-m", "512M"));
    words.add("-nographic");
    words.addAll(List.of("-drive", "file=" + firmware() + ",format=raw,if=pflash,readonly=on"));
    words.addAll(List.of("-drive", "file=" + data() + ",format=raw,if=pflash"));
    words.addAll(List.of(more));
    return CliCommand.of(words.toArray(String[]::new));
  }
}
