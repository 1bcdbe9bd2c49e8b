package dev.kasuari.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.testkit.ElfFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
final class KernelImageTest {
  private static final int SIZE = 4096;
  private static final int MEMORY = 10_000;

  @TempDir Path directory;

  /** A RISC-V Linux Image without EFI form. */
  static byte[] image() {
    ByteBuffer image = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    image.putInt(0, 0x0000_006f).putLong(8, 0x20_0000).putLong(16, MEMORY);
    image.putInt(32, 2).put(0x30, ascii("RISCV")).put(0x38, ascii("RSC\5"));
    return image.array();
  }

  /** The same with the header of an EFI program for a machine around it. */
  private static byte[] efi(int machine) {
    ByteBuffer image = ByteBuffer.wrap(image()).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0, ascii("MZ")).putInt(0x3c, 0x40).put(0x40, ascii("PE\0\0"));
    image.putShort(0x44, (short) machine).putShort(0x46, (short) 1).putShort(0x54, (short) 0);
    image.putInt(0x58 + 16, 1024).putInt(0x58 + 20, SIZE - 1024);
    return image.array();
  }

  private static byte[] zboot(String type, byte[] payload) {
    ByteBuffer image = ByteBuffer.allocate(256 + payload.length).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0, ascii("MZ")).put(4, ascii("zimg")).putInt(8, 256).putInt(12, payload.length);
    image.put(0x18, ascii(type)).putInt(0x3c, 0x40).put(0x40, ascii("PE\0\0"));
    image.putShort(0x44, (short) 0x5064).put(256, payload);
    return image.array();
  }

  private static byte[] gzip(byte[] data) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(data);
    }
    return bytes.toByteArray();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] at(int offset, String text) {
    return ascii("\0".repeat(offset) + text + "\0".repeat(64));
  }

  private static KernelImage riscv(byte[] file) throws BootException {
    return KernelImage.of("-kernel k", file, Architecture.RISCV64);
  }

  private static void refused(byte[] file, String message) {
    assertThatThrownBy(() -> riscv(file))
        .isInstanceOf(BootException.class)
        .hasMessageStartingWith("-kernel k: ")
        .hasMessageContaining(message);
  }

  @Test
  void tellsEveryFormThatLinuxComesIn() throws Exception {
    assertThat(riscv(image()).format()).isEqualTo("RISC-V Linux Image");
    assertThat(riscv(efi(0x5064)).format()).isEqualTo("RISC-V Linux Image with EFI stub");
    assertThat(riscv(gzip(image())).format()).isEqualTo("gzip-compressed RISC-V Linux Image");
    assertThat(riscv(zboot("gzip", gzip(efi(0x5064)))).format())
        .isEqualTo("EFI-compressed RISC-V Linux Image with EFI stub");
    byte[] elf = ElfFile.riscv64().segment(0x8000_0000L, 0, new byte[4], 4).bytes();
    assertThat(riscv(elf).format()).isEqualTo("ELF executable");
    assertThat(riscv(gzip(elf)).format()).isEqualTo("gzip-compressed ELF executable");
    assertThat(riscv(new byte[] {0x13, 0, 0, 0}).format()).isEqualTo("raw code");
  }

  @Test
  void anImageGoesWhereTheMachineLikesAndUsesMoreThanItsFile() throws Exception {
    KernelImage kernel = riscv(gzip(efi(0x5064)));
    assertThat(kernel.start(0x8020_0000L)).isEqualTo(0x8020_0000L);
    assertThat(kernel.end(0x8020_0000L)).isEqualTo(0x8020_0000L + MEMORY);
    assertThat(kernel.entry(0x8020_0000L)).isEqualTo(0x8020_0000L);
    assertThat(((KernelImage.Movable) kernel).textOffset()).isEqualTo(0x20_0000);
    RecordedMemory memory = new RecordedMemory();
    kernel.load(0x8020_0000L, memory);
    assertThat(memory.at(0x8020_0000L, SIZE)).isEqualTo(efi(0x5064));
  }

  /** A kernel in a file that is longer than what is read of it to know it. */
  private KeptFile kept(byte[] kernel) throws Exception {
    Path file = Files.write(directory.resolve("kernel"), kernel);
    return BootFile.keep("-kernel", file.toString());
  }

  @Test
  void aLargeImageIsReadWhenItGoesToMemory() throws Exception {
    byte[] image = Arrays.copyOf(image(), 200_000);
    image[image.length - 1] = 7;
    try (KeptFile file = kept(image)) {
      KernelImage kernel = KernelImage.of(file, Architecture.RISCV64);
      assertThat(kernel.format()).isEqualTo("RISC-V Linux Image");
      assertThat(kernel.end(0)).isEqualTo(image.length);
      Files.write(directory.resolve("kernel"), new byte[] {42}, StandardOpenOption.WRITE);
      image[0] = 42;
      var memory = new RecordedMemory();
      kernel.load(0, memory);
      assertThat(memory.at(0, image.length)).isEqualTo(image);
    }
  }

  @Test
  void aLargeFileOfAnotherFormIsReadToItsEnd() throws Exception {
    byte[] code = new byte[200_000];
    new Random(1).nextBytes(code);
    byte[] elf = ElfFile.riscv64().segment(0x1000, 0x1000, code, 200_004).bytes();
    for (byte[] form : List.of(elf, gzip(elf))) {
      try (KeptFile file = kept(form)) {
        var memory = new RecordedMemory();
        KernelImage.of(file, Architecture.RISCV64).load(0, memory);
        assertThat(memory.at(0x1000, 200_004)).isEqualTo(Arrays.copyOf(code, 200_004));
      }
    }
  }

  @Test
  void aFileThatBecameShorterIsNamed() throws Exception {
    try (KeptFile file = kept(Arrays.copyOf(image(), 200_000))) {
      KernelImage kernel = KernelImage.of(file, Architecture.RISCV64);
      Files.write(directory.resolve("kernel"), image());
      assertThatThrownBy(() -> kernel.load(0, new RecordedMemory()))
          .isInstanceOf(BootException.class)
          .hasMessageEndingWith("cannot be read: it became shorter while it was read");
    }
  }

  @Test
  void anElfGoesWhereItWasLinked() throws BootException {
    byte[] elf =
        ElfFile.riscv64()
            .entry(0x9000_0004L)
            .segment(0x9000_0000L, 0x9000_0000L, new byte[8], 64)
            .bytes();
    KernelImage kernel = riscv(elf);
    assertThat(kernel.start(0)).isEqualTo(0x9000_0000L);
    assertThat(kernel.end(0)).isEqualTo(0x9000_0040L);
    assertThat(kernel.entry(0)).isEqualTo(0x9000_0004L);
  }

  @Test
  void whatLiesBelowMemoryIsLoadedButNeedsNoPlaceThere() throws BootException {
    ElfFile file =
        ElfFile.riscv64()
            .entry(0x8000_0000L)
            .segment(0x1_0000L, 0x1_0000L, new byte[] {1}, 1)
            .segment(0x8000_0000L, 0x8000_0000L, new byte[] {2}, 64);
    KernelImage kernel = riscv(file.bytes());
    assertThat(kernel.start(0)).isEqualTo(0x1_0000L);
    KernelImage placed = kernel.inMemoryFrom(0x8000_0000L);
    assertThat(placed.start(0)).isEqualTo(0x8000_0000L);
    assertThat(placed.end(0)).isEqualTo(0x8000_0040L);
    var memory = new RecordedMemory();
    placed.load(0, memory);
    assertThat(memory.at(0x1_0000L, 1)).containsExactly(1);
    assertThat(memory.at(0x8000_0000L, 1)).containsExactly(2);
    KernelImage all = kernel.inMemoryFrom(0x9000_0000L);
    assertThat(all.start(0x9020_0000L)).isEqualTo(all.end(0x9020_0000L)).isEqualTo(0x9020_0000L);
  }

  @Test
  void anElfLinkedToZeroToBeMovedGoesWhereTheMachineLikes() throws BootException {
    ElfFile file = ElfFile.riscv64().entry(2).segment(0, 0, new byte[] {7}, 64);
    KernelImage moved = riscv(file.type(3).bytes());
    assertThat(moved.start(0x8000_0000L)).isEqualTo(0x8000_0000L);
    assertThat(moved.end(0x8000_0000L)).isEqualTo(0x8000_0040L);
    assertThat(moved.entry(0x8000_0000L)).isEqualTo(0x8000_0002L);
    RecordedMemory memory = new RecordedMemory();
    moved.load(0x8000_0000L, memory);
    assertThat(memory.at(0x8000_0000L, 2)).containsExactly(7, 0);
    assertThat(riscv(file.type(2).bytes()).start(0x8000_0000L)).isZero();
  }

  @Test
  void kernelsForOtherMachinesAreNamed() throws IOException {
    refused(efi(0xaa64), "is for AArch64, this machine is RISC-V 64");
    refused(gzip(efi(0x8664)), "is for x86-64, this machine is RISC-V 64");
    refused(efi(0x5032), "is for RISC-V 32, this machine is RISC-V 64");
    refused(efi(0x1234), "an unknown architecture (4660)");
    refused(at(0x38, "ARMd"), "is for AArch64");
    refused(at(0x1fe, "U\u00aa\0\0HdrS"), "is for x86-64");
    refused(at(0x24, "\u0018(o\u0001"), "is for Arm");
    refused(
        new ElfFile(62, true, ByteOrder.LITTLE_ENDIAN).segment(0, 0, new byte[4], 4).bytes(),
        "is for x86-64");
    assertThatThrownBy(() -> KernelImage.of("k", image(), Architecture.AARCH64))
        .hasMessage("k: is for RISC-V 64, this machine is AArch64");
  }

  @Test
  void otherThingsAreNamedWithTheirPlace() throws IOException {
    refused(ascii("070701000000"), "is an initrd (a cpio archive): give it with -initrd");
    refused(gzip(ascii("070701000000")), "is an initrd");
    refused(FdtTest.machine().write(), "is a devicetree: give it with -dtb");
    refused(ascii("QFI\u00fb\0\0"), "is a qcow2 disk: give it with -drive");
    refused(ascii("!<arch>\ndebian"), "Debian package");
    refused(ascii("\u00fd7zXZ\0"), "compressed with xz");
    refused(ascii("'\u0005\u0019V"), "uImage");
    refused(gzip(gzip(image())), "compressed twice");
    refused(zboot("zstd", new byte[9]), "compressed with 'zstd'");
    byte[] program = efi(0x5064);
    Arrays.fill(program, 0x30, 0x3c, (byte) 0);
    refused(program, "is an EFI program");
  }

  @Test
  void damageIsNamed() throws IOException {
    refused(Arrays.copyOf(efi(0x5064), SIZE - 1), "truncated: it has 4095 of 4096 bytes");
    refused(Arrays.copyOf(efi(0x5064), 40), "truncated: it has 40 bytes");
    refused(Arrays.copyOf(efi(0x5064), 0x40), "truncated: it has 64 bytes");
    byte[] packed = gzip(image());
    refused(Arrays.copyOf(packed, packed.length - 12), "truncated: its gzip data has no end");
    packed[packed.length - 6] ^= 1;
    refused(packed, "damaged gzip data");
    byte[] big = image();
    big[24] = 1;
    refused(big, "big-endian");
    byte[] huge = image();
    huge[16 + 7] = 0x7f;
    refused(huge, "its header says it is 0x7f");
    refused(Arrays.copyOf(zboot("gzip", new byte[9]), 200), "truncated");
  }

  @Test
  void firmwareIsElfOrRaw() throws BootException {
    byte[] raw = {0x13, 0, 0, 0};
    assertThat(KernelImage.firmware("-bios f", raw, Architecture.RISCV64).format())
        .isEqualTo("raw firmware");
    byte[] elf = ElfFile.riscv64().segment(0x8000_0000L, 0, raw, 4).bytes();
    assertThat(KernelImage.firmware("-bios f", elf, Architecture.RISCV64).start(0))
        .isEqualTo(0x8000_0000L);
    assertThatThrownBy(() -> KernelImage.firmware("-bios f", elf, Architecture.AARCH64))
        .hasMessage("-bios f: is for RISC-V 64, this machine is AArch64");
  }

  @Test
  void randomDamageGivesAKernelOrACheckedError() throws IOException {
    for (byte[] good :
        new byte[][] {efi(0x5064), gzip(efi(0x5064)), zboot("gzip", gzip(image()))}) {
      Damage.loop(good, 3_000, file -> assertThat(riscv(file).format()).isNotEmpty());
    }
  }
}
