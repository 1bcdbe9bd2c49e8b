package dev.kasuari.block;

import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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
  LUKS("luks"),
  /** QEMU copy on write, the first: {@code QFI\xfb} and version 1. */
  QCOW("qcow"),
  /** Parallels: {@code WithoutFreeSpace} or {@code WithouFreSpacExt}. */
  PARALLELS("parallels"),
  /** The Bochs emulator. */
  BOCHS("bochs"),
  /** Compressed loop. */
  CLOOP("cloop"),
  /** Apple's disk image, which only the end of its name tells. */
  DMG("dmg");

  /** How many bytes {@link #probe} wants to see. */
  public static final int PROBE_SIZE = 2048;

  private static final String CLOOP_SCRIPT =
      "#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n";

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
  public static ImageFormat probe(MemorySegment head, String filename) {
    int first = bigEndian(head, 0);
    return switch (first) {
      case 0x5146_49fb -> bigEndian(head, 4) == 1 ? QCOW : QCOW2; // QFI\xfb
      case 0x5145_4400 -> QED; // QED\0
      case 0x4b44_4d56 -> VMDK; // KDMV
      case 0x2320_4469 -> VMDK; // "# Di", of "# Disk DescriptorFile"
      case 0x7668_6478 -> VHDX; // vhdx
      case 0x636f_6e65 -> VPC; // cone, of "conectix"
      case 0x4c55_4b53 -> LUKS; // LUKS
      case 0x5769_7468 -> PARALLELS; // With
      case 0x426f_6368 -> BOCHS; // Boch, of "Bochs Virtual HD Image"
      case 0x2321_2f62 -> begins(head, CLOOP_SCRIPT) ? CLOOP : RAW; // #!/b
      default -> {
        if (bigEndian(head, 0x40) == 0x7f10_dabe) {
          yield VDI;
        }
        yield filename.endsWith(".dmg") ? DMG : RAW;
      }
    };
  }

  private static boolean begins(MemorySegment head, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return head.byteSize() >= bytes.length
        && head.asSlice(0, bytes.length).mismatch(MemorySegment.ofArray(bytes)) < 0;
  }

  private static int bigEndian(MemorySegment head, long at) {
    return at + 4 > head.byteSize()
        ? 0
        : head.get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), at);
  }
}
