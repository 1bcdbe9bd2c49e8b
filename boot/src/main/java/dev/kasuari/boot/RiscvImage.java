package dev.kasuari.boot;

import org.jspecify.annotations.Nullable;

/**
 * The header of a RISC-V Linux {@code Image}, which also stands in its EFI form. Source: Linux,
 * Documentation/arch/riscv/boot-image-header.rst.
 *
 * @param textOffset where it wants to be from the start of memory, in bytes
 * @param imageSize bytes of memory it uses, zeroed data included; 0 if it does not say
 * @param flags bit 0: big-endian
 * @param version of the header, minor in the low 16 bits
 */
public record RiscvImage(long textOffset, long imageSize, long flags, int version) {
  static final int HEADER_SIZE = 64;

  /** The header, or null if the file has none. */
  static @Nullable RiscvImage of(Bytes file) throws BootException {
    boolean magic = file.has(0x38, "RSC\5") || file.has(0x30, "RISCV\0\0\0");
    if (!magic || file.length() < HEADER_SIZE) {
      return null;
    }
    RiscvImage image = new RiscvImage(file.u64(8), file.u64(16), file.u64(24), (int) file.u32(32));
    if ((image.flags & 1) != 0) {
      throw new BootException(
          file.name() + ": is a big-endian kernel; this machine is little-endian");
    }
    if (image.imageSize < 0 || image.imageSize > 1L << 40) {
      throw new BootException(
          file.name()
              + ": damaged: its header says it is 0x"
              + Long.toHexString(image.imageSize)
              + " bytes large");
    }
    return image;
  }
}
