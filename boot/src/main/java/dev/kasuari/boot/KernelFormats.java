package dev.kasuari.boot;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Tells kernels by their first bytes. Order matters: what is surely something else comes first,
 * then what names its architecture, and raw code, which nothing tells, last.
 */
final class KernelFormats {
  private static final int ZBOOT_TYPE = 0x18;

  private KernelFormats() {}

  static KernelImage sniff(Bytes in, Architecture machine) throws BootException {
    return sniff(in, machine, "");
  }

  private static KernelImage sniff(Bytes in, Architecture machine, String wrapping)
      throws BootException {
    String name = in.name();
    refuseOtherThings(in);
    if (Gzip.matches(in)) {
      if (!wrapping.isEmpty()) {
        throw new BootException(name + ": compressed twice");
      }
      return sniff(decompressed(name, in.array()), machine, "gzip-compressed ");
    }
    if (ElfImage.matches(in)) {
      ElfImage elf = ElfImage.parse(name, in.array()).require(name, machine);
      return new KernelImage.Linked(wrapping + "ELF executable", elf, 0);
    }
    if (in.has(0, "MZ") && in.has(4, "zimg")) {
      return zboot(in, machine, wrapping);
    }
    requireArchitecture(in, machine);
    KernelImage image = linux(in, machine, wrapping);
    return image != null
        ? image
        : new KernelImage.Movable(
            wrapping + "raw code", in::load, in.length(), LinuxImage.unsaidTextOffset(machine));
  }

  private static Bytes decompressed(String name, byte[] data) throws BootException {
    return Bytes.little(name, Gzip.decompress(name, data));
  }

  /**
   * Linux's own decompressor for EFI. Source: Linux, drivers/firmware/efi/libstub/zboot-header.S.
   */
  private static KernelImage zboot(Bytes in, Architecture machine, String wrapping)
      throws BootException {
    PeHeader pe = PeHeader.of(in);
    if (pe != null) {
      machine.require(in.name(), Architecture.ofPe(pe.machine()), pe.machine());
    }
    byte[] payload = in.copy(in.u32(8), in.u32(12));
    String type = new String(in.copy(ZBOOT_TYPE, 8), StandardCharsets.ISO_8859_1);
    type = type.substring(0, Math.max(0, type.indexOf('\0')));
    if (!type.equals("gzip") || !wrapping.isEmpty()) {
      throw new BootException(
          in.name()
              + ": is an EFI image whose kernel is compressed with '"
              + type
              + "', which cannot be read here; give the plain Image");
    }
    return sniff(decompressed(in.name(), payload), machine, "EFI-compressed ");
  }

  private static @Nullable KernelImage linux(Bytes in, Architecture machine, String wrapping)
      throws BootException {
    LinuxImage header = LinuxImage.of(in, machine);
    PeHeader pe = PeHeader.of(in);
    if (header == null && pe != null && LinuxImage.known(machine)) {
      throw new BootException(in.name() + ": is an EFI program; only an EFI firmware can start it");
    }
    if (header == null) {
      return null;
    }
    if (pe != null && pe.fileEnd() > in.length()) {
      throw new BootException(
          in.name() + ": truncated: it has " + in.length() + " of " + pe.fileEnd() + " bytes");
    }
    String form = family(machine) + (pe == null ? " Linux Image" : " Linux Image with EFI stub");
    long size = Math.max(header.imageSize(), in.length());
    return new KernelImage.Movable(wrapping + form, in::load, size, header.textOffset());
  }

  /** The architecture without its width. */
  private static String family(Architecture machine) {
    return machine == Architecture.AARCH64 ? machine.title() : "RISC-V";
  }

  /** Formats that name their architecture without being ELF. */
  private static void requireArchitecture(Bytes in, Architecture machine) throws BootException {
    PeHeader pe = PeHeader.of(in);
    if (pe != null) {
      machine.require(in.name(), Architecture.ofPe(pe.machine()), pe.machine());
    } else if (in.has(0x38, "ARMd")) {
      machine.require(in.name(), Architecture.AARCH64, 0);
    } else if (in.has(0x1fe, 0x55, 0xaa) && in.has(0x202, "HdrS")) {
      machine.require(in.name(), Architecture.X86_64, 0);
    } else if (in.has(0x24, 0x18, 0x28, 0x6f, 0x01)) {
      machine.require(in.name(), Architecture.ARM, 0);
    } else if (in.has(0x38, "RSC\5")
        && machine != Architecture.RISCV64
        && machine != Architecture.RISCV32) {
      machine.require(in.name(), Architecture.RISCV64, 0);
    }
  }

  /** Files that are no kernel, with what they are and where they belong. */
  private static void refuseOtherThings(Bytes in) throws BootException {
    refuse(in, in.has(0, "07070"), "an initrd (a cpio archive): give it with -initrd");
    refuse(in, in.has(0, 0xd0, 0x0d, 0xfe, 0xed), "a devicetree: give it with -dtb");
    refuse(in, in.has(0, "QFI\u00fb"), "a qcow2 disk: give it with -drive");
    refuse(in, in.has(0x8001, "CD001"), "a CD image: give it with -drive");
    refuse(in, in.has(0, "!<arch>\n"), "an archive, such as a Debian package: unpack it");
    refuse(in, in.has(0, "PK\3\4"), "a zip archive: unpack it");
    refuse(in, in.has(0x101, "ustar"), "a tar archive: unpack it");
    refuse(in, in.has(0, 0x27, 0x05, 0x19, 0x56), "a U-Boot uImage, which cannot be read yet");
    refuse(in, in.has(0, 0xfd, '7', 'z', 'X', 'Z'), "compressed with xz: decompress it");
    refuse(in, in.has(0, 0x28, 0xb5, 0x2f, 0xfd), "compressed with zstd: decompress it");
    refuse(in, in.has(0, "BZh"), "compressed with bzip2: decompress it");
    refuse(in, in.has(0, 0x02, 0x21, 0x4c, 0x18), "compressed with lz4: decompress it");
    refuse(in, in.has(0, 0x04, 0x22, 0x4d, 0x18), "compressed with lz4: decompress it");
    refuse(in, in.has(0, 0x89, 'L', 'Z', 'O'), "compressed with lzo: decompress it");
  }

  private static void refuse(Bytes in, boolean is, String what) throws BootException {
    if (is) {
      throw new BootException(in.name() + ": is " + what);
    }
  }
}
