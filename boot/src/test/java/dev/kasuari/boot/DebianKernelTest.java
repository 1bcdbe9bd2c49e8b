package dev.kasuari.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.guests.Deb;
import dev.kasuari.guests.DebianPackage;
import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.Progress;
import java.nio.file.Files;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The files that Debian ships are understood as they are. */
@Tag("guest")
final class DebianKernelTest {
  private static final String OPENSBI = "usr/lib/riscv64-linux-gnu/opensbi/generic/";

  @Test
  void debiansKernelIsAnImageWithEfiStub() throws Exception {
    LinuxGuest guest =
        new LinuxGuests(DebianPackages.fromEnvironment())
            .shell("trixie", "riscv64", LinuxGuests.Form.COMPRESSED, Progress.none());
    String kernel = guest.kernel().toString();
    String initrd = guest.initrd().toString();
    KernelImage image = read(kernel, Architecture.RISCV64);
    assertThat(image.format()).isEqualTo("RISC-V Linux Image with EFI stub");
    assertThat(((KernelImage.Movable) image).textOffset()).isEqualTo(0x20_0000);
    assertThat(image.end(0)).isGreaterThan(Files.size(guest.kernel()));
    assertThatThrownBy(() -> read(kernel, Architecture.AARCH64))
        .hasMessageContaining("is for RISC-V 64, this machine is AArch64");
    assertThatThrownBy(() -> read(initrd, Architecture.RISCV64))
        .hasMessageContaining("is an initrd (a cpio archive): give it with -initrd");
  }

  private static KernelImage read(String file, Architecture machine) throws Exception {
    try (KeptFile kept = BootFile.keep("-kernel", file)) {
      return KernelImage.of(kept, machine);
    }
  }

  @Test
  void opensbiIsElfOrRawAndStartsMemory() throws Exception {
    DebianPackage wanted = new DebianPackage("opensbi", "trixie", "riscv64");
    Deb deb = new Deb(DebianPackages.fromEnvironment().deb(wanted, Progress.none()));
    byte[] elf = deb.read(OPENSBI + "fw_dynamic.elf");
    byte[] raw = deb.read(OPENSBI + "fw_dynamic.bin");
    KernelImage linked = KernelImage.firmware("-bios elf", elf, Architecture.RISCV64);
    KernelImage movable = KernelImage.firmware("-bios bin", raw, Architecture.RISCV64);
    assertThat(linked).isInstanceOf(KernelImage.Linked.class);
    assertThat(movable.format()).isEqualTo("raw firmware");
    long base = 0x8000_0000L;
    assertThat(linked.start(base)).isEqualTo(base);
    RecordedMemory fromElf = new RecordedMemory();
    linked.load(base, fromElf);
    RecordedMemory fromRaw = new RecordedMemory();
    movable.load(base, fromRaw);
    assertThat(fromElf.at(base, raw.length)).startsWith(fromRaw.at(base, 0x1_0000));
  }
}
