package dev.kasuari.block;

import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** The image formats that there are in the world, told apart by how a file begins. */
public enum ImageFormat {
  RAW("raw"),
  /** QEMU copy on write 2 and 3: {@code QFI\xfb}. */
  QCOW2("qcow2"),
  /** QEMU enhanced disk. */
  QED("qed"),
  /** VMware: a sparse extent or a descriptor. */
  VMDK("vmdk"),
  /** VirtualBox. */
  VDI("vdi"),
  /** Hyper-V. */
  VHDX("vhdx"),
  /** Virtual PC; with {@code conectix} at the front only if it is dynamic. */
  VPC("vpc"),
  LUKS("luks");

  /** How many bytes {@link #probe} wants to see. */
  static final int PROBE_SIZE = 512;

  private final String option;

  ImageFormat(String option) {
    this.option = option;
  }

  /** The name that {@code format=} takes. */
  public String option() {
    return option;
  }

  /**
   * The format of that name.
   *
   * @throws OptionException with the nearest name if there is none
   */
  public static ImageFormat named(String where, String name) {
    for (ImageFormat format : values()) {
      if (format.option.equals(name)) {
        return format;
      }
    }
    List<String> names = Arrays.stream(values()).map(ImageFormat::option).toList();
    throw new OptionException(
        where + ": no image format '" + name + "'" + Nearest.hint(name, names));
  }

  /** The format of an image that begins so; {@link #RAW} if it begins as none does. */
  static ImageFormat probe(MemorySegment head) {
    int first = bigEndian(head, 0);
    return switch (first) {
      case 0x5146_49fb -> QCOW2; // QFI\xfb
      case 0x5145_4400 -> QED; // QED\0
      case 0x4b44_4d56 -> VMDK; // KDMV
      case 0x2320_4469 -> VMDK; // "# Di", of "# Disk DescriptorFile"
      case 0x7668_6478 -> VHDX; // vhdx
      case 0x636f_6e65 -> VPC; // cone, of "conectix"
      case 0x4c55_4b53 -> LUKS; // LUKS
      default -> bigEndian(head, 0x40) == 0x7f10_dabe ? VDI : RAW;
    };
  }

  private static int bigEndian(MemorySegment head, long at) {
    return at + 4 > head.byteSize()
        ? 0
        : head.get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), at);
  }
}
