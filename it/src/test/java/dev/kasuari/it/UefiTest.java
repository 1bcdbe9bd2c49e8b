package dev.kasuari.it;

import static java.nio.charset.StandardCharsets.UTF_16LE;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's EDK2 in the flash of Arm's {@code virt}: it follows {@code bootindex=} to a CD with El
 * Torito's boot image for UEFI, keeps what it found in the other bank, and starts Linux. In the
 * flash of RISC-V's it gets to its shell.
 */
@Tag("guest")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class UefiTest {
  private static final int PATIENCE_SECONDS = 600;
  private static final String ARM = "usr/share/AAVMF/AAVMF_";
  private static final String RISCV = "usr/share/qemu-efi-riscv64/RISCV_VIRT_";
  private static final String PACKAGES = "dosfstools mtools xorriso";
  private static final int BOOT_IMAGE = 64 << 20;

  @TempDir private Path folder;

  private final DebianPackages packages;

  UefiTest() throws IOException {
    packages = DebianPackages.fromEnvironment();
  }

  @Test
  void linuxStartsFromACd() throws Exception {
    Path code = bank("qemu-efi-aarch64", "bookworm", ARM + "CODE.fd");
    Path variables = bank("qemu-efi-aarch64", "bookworm", ARM + "VARS.fd");
    assertThat(keeps(variables, "BootOrder")).isFalse();
    List<String> command =
        CliCommand.of(
            "system",
            "aarch64",
            "-M",
            "virt",
            "-m",
            "512M",
            "-nographic",
            "-drive",
            "if=pflash,format=raw,readonly=on,file=" + code,
            "-drive",
            "if=pflash,format=raw,file=" + variables,
            "-device",
            "virtio-scsi-device",
            "-drive",
            "if=none,id=cd,media=cdrom,format=raw,file=" + cd(),
            "-device",
            "scsi-cd,drive=cd,bootindex=0");
    try (var kasuari = ConsoleProcess.start(command, PATIENCE_SECONDS)) {
      kasuari.await("starting Boot0001 \"UEFI KASUARI KASUARI CD-ROM \"");
      kasuari.await("EFI stub: Booting Linux Kernel");
      kasuari.await("Linux version");
      kasuari.await("efi: EFI v2.70 by EDK II");
    }
    assertThat(keeps(variables, "BootOrder")).isTrue();
  }

  /** Behind the SBI of the machine, which goes on in the first bank. */
  @Test
  void riscvGetsToItsShell() throws Exception {
    Path code = bank("qemu-efi-riscv64", "trixie", RISCV + "CODE.fd");
    Path variables = bank("qemu-efi-riscv64", "trixie", RISCV + "VARS.fd");
    List<String> command =
        CliCommand.of(
            "system",
            "riscv64",
            "-M",
            "virt,pflash0=code,pflash1=variables",
            "-m",
            "512M",
            "-nographic",
            "-blockdev",
            "file,node-name=code,read-only=on,filename=" + code,
            "-blockdev",
            "file,node-name=variables,filename=" + variables);
    try (var kasuari = ConsoleProcess.start(command, PATIENCE_SECONDS)) {
      kasuari.await("UEFI Interactive Shell");
      kasuari.await("Shell> ");
    }
    assertThat(keeps(variables, "BootOrder")).isTrue();
  }

  private static boolean keeps(Path bank, String variable) throws IOException {
    String all = new String(Files.readAllBytes(bank), UTF_16LE);
    return all.contains(variable);
  }

  /** A file of a package, to be written to. */
  private Path bank(String firmware, String suite, String file) throws IOException {
    Path deb = packages.deb(new DebianPackage(firmware, suite, "all"), Progress.none());
    Path copy = folder.resolve(file.substring(file.lastIndexOf('/') + 1));
    return Files.write(copy, new Deb(deb).read(file));
  }

  /** A CD whose boot image is a FAT disk with the kernel, which is a program of UEFI. */
  private Path cd() throws Exception {
    LinuxGuest guest =
        new LinuxGuests(packages)
            .scripted(
                new ScriptedGuest("bookworm", "arm64", List.of(), "true", Map.of()),
                folder.resolve("initrd"),
                Progress.none());
    Path files = Files.createDirectories(folder.resolve("cd"));
    Files.write(files.resolve("efi.img"), new byte[BOOT_IMAGE]);
    tool(files, "mkfs.vfat", "efi.img");
    tool(files, "mmd", "-i", "efi.img", "::EFI", "::EFI/BOOT");
    tool(files, "mcopy", "-i", "efi.img", "" + guest.kernel(), "::EFI/BOOT/BOOTAA64.EFI");
    tool(
        folder,
        "xorriso",
        "-as",
        "mkisofs",
        "-quiet",
        "-o",
        "cd.iso",
        "-e",
        "efi.img",
        "-no-emul-boot",
        "cd");
    return folder.resolve("cd.iso");
  }

  private static void tool(Path folder, String... command) throws InterruptedException {
    HostTool.run(folder, PACKAGES, List.of(command));
  }
}
