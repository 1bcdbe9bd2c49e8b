package dev.kasuari.target.riscv.isa;

import dev.kasuari.testkit.Objdump;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Disassembles words with binutils. */
final class RiscvObjdump {
  private static final Objdump OBJDUMP = new Objdump("riscv64-linux-gnu-objdump", " #");
  private static final String EXTENSIONS =
      "i2p1_m2p0_a2p1_f2p2_d2p2_c2p0_zicbom1p0_zicbop1p0_zicboz1p0_zicsr2p0_zifencei2p0"
          + "_zawrs1p0_zfh1p0_zfhmin1p0_zba1p0_zbb1p0_zbc1p0_zbs1p0_svinval1p0";

  private RiscvObjdump() {}

  /**
   * As {@link Objdump#disassemble}.
   *
   * @param options for objdump
   */
  static List<String> disassemble(Path directory, int[] words, int xlen, String... options)
      throws IOException {
    Path elf = Files.write(directory.resolve("words.o"), elf(words, xlen));
    var command = new ArrayList<>(List.of("-d", "-z", "-j", ".text"));
    command.addAll(List.of(options));
    return OBJDUMP.disassemble(elf, words.length, command);
  }

  /**
   * A relocatable file with the words as code, and with the attributes that tell objdump which
   * extensions to know. Source: System V ABI, chapter 4; RISC-V ELF psABI, section "Attributes".
   */
  private static byte[] elf(int[] words, int xlen) {
    byte[] names = "\0.text\0.riscv.attributes\0.shstrtab\0".getBytes(StandardCharsets.US_ASCII);
    byte[] attributes = attributes(xlen);
    boolean wide = xlen == 64;
    int header = wide ? 64 : 52;
    int text = 4 * words.length;
    int sections = header + text + attributes.length + names.length;
    var b = ByteBuffer.allocate(sections + 4 * (wide ? 64 : 40)).order(ByteOrder.LITTLE_ENDIAN);
    b.put(new byte[] {0x7f, 'E', 'L', 'F', (byte) (wide ? 2 : 1), 1, 1, 0}).putLong(0);
    b.putShort((short) 1).putShort((short) 243).putInt(1);
    address(b, wide, 0);
    address(b, wide, 0);
    address(b, wide, sections);
    b.putInt(1).putShort((short) header).putShort((short) 0).putShort((short) 0);
    b.putShort((short) (wide ? 64 : 40)).putShort((short) 4).putShort((short) 3);
    b.asIntBuffer().put(words);
    b.position(header + text).put(attributes).put(names);
    section(b, wide, 0, 0, 0, 0, 0);
    section(b, wide, 1, 1, 6, header, text);
    section(b, wide, 7, 0x7000_0003, 0, header + text, attributes.length);
    section(b, wide, 25, 3, 0, header + text + attributes.length, names.length);
    return b.array();
  }

  private static void section(
      ByteBuffer b, boolean wide, int name, int type, int flags, int offset, int size) {
    b.putInt(name).putInt(type);
    address(b, wide, flags);
    address(b, wide, 0);
    address(b, wide, offset);
    address(b, wide, size);
    b.putInt(0).putInt(0);
    address(b, wide, 4);
    address(b, wide, 0);
  }

  private static void address(ByteBuffer b, boolean wide, int value) {
    if (wide) {
      b.putLong(value);
    } else {
      b.putInt(value);
    }
  }

  private static byte[] attributes(int xlen) {
    byte[] arch = ("rv" + xlen + EXTENSIONS + "\0").getBytes(StandardCharsets.US_ASCII);
    byte[] vendor = "riscv\0".getBytes(StandardCharsets.US_ASCII);
    int file = 1 + 4 + 1 + arch.length;
    var b = ByteBuffer.allocate(1 + 4 + vendor.length + file).order(ByteOrder.LITTLE_ENDIAN);
    b.put((byte) 'A').putInt(4 + vendor.length + file).put(vendor);
    b.put((byte) 1).putInt(file).put((byte) 5).put(arch);
    return b.array();
  }
}
