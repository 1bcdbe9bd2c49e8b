package dev.kasuari.boot;

import org.jspecify.annotations.Nullable;

/**
 * The header of a Linux {@code Image} of RISC-V or AArch64, which also stands in its EFI form; the
 * two have the same layout but for the magic number. Source: Linux,
 * Documentation/arch/riscv/boot-image-header.rst and Documentation/arch/arm64/booting.rst.
 *
 * @param textOffset where it wants to be from a multiple of 2 MiB, in bytes
 * @param imageSize bytes of memory it uses, zeroed data included; 0 if it does not say
 * @param flags bit 0: big-endian
 */
public record LinuxImage(long textOffset, long imageSize, long flags) {
  static final int HEADER_SIZE = 64;

  /** Where kernels of AArch64 from before version 3.17 and raw code are, which do not say. */
  private static final long OLD_TEXT_OFFSET = 0x8_0000;

  /** Where code is that does not say where it wants to be. */
  static long unsaidTextOffset(Architecture architecture) {
    return architecture == Architecture.AARCH64 ? OLD_TEXT_OFFSET : 0;
  }

  /** Whether kernels of an architecture have this header. */
  static boolean known(Architecture architecture) {
    return switch (architecture) {
      case RISCV32, RISCV64, AARCH64 -> true;
      default -> false;
    };
  }

  /** The header, or null if the file has none for this architecture. */
  static @Nullable LinuxImage of(Bytes file, Architecture architecture) throws BootException {
    boolean arm = architecture == Architecture.AARCH64;
    boolean magic =
        arm ? file.has(0x38, "ARMd") : file.has(0x38, "RSC\5") || file.has(0x30, "RISCV\0\0\0");
    if (!known(architecture) || !magic || file.length() < HEADER_SIZE) {
      return null;
    }
    LinuxImage image = new LinuxImage(file.u64(8), file.u64(16), file.u64(24));
    if ((image.flags & 1) != 0) {
      throw new BootException(
          file.name() + ": is a big-endian kernel; this machine is little-endian");
    }
    boolean sane = image.imageSize >= 0 && image.imageSize <= 1L << 40;
    if (!sane || image.textOffset < 0 || image.textOffset > 1L << 40) {
      throw new BootException(
          file.name()
              + ": damaged: its header says it is 0x%x bytes large, 0x%x from the start of memory"
                  .formatted(image.imageSize, image.textOffset));
    }
    return arm && image.imageSize == 0 ? new LinuxImage(OLD_TEXT_OFFSET, 0, image.flags) : image;
  }
}
