package dev.kasuari.tcg.listing;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.kasuari.tcg.HostCode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * An ELF file of which each section {@code u0}, {@code u1} … is the code of a unit. Source: System
 * V ABI, edition 4.1, "Object files", in its 64-bit form.
 */
final class ElfOfUnits {
  private static final int HEADER_BYTES = 64;
  private static final int SECTION_BYTES = 64;
  private static final byte[] IDENTIFICATION = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  private static final short EXECUTABLE = 2;
  private static final int PROGRAM = 1;
  private static final int STRINGS = 3;
  private static final long ALLOCATED_AND_EXECUTABLE = 6;

  private ElfOfUnits() {}

  /** At most 65,000 units, all for the same processor. */
  static byte[] write(List<HostCode> codes) {
    byte[] names = names(codes.size());
    int code = codes.stream().mapToInt(HostCode::size).sum();
    int sections = codes.size() + 2;
    int table = HEADER_BYTES + code + names.length;
    var elf = ByteBuffer.allocate(table + sections * SECTION_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header(elf, codes.getFirst().elfMachine(), table, sections);
    codes.forEach(each -> elf.put(each.bytes()));
    elf.put(names);
    elf.put(new byte[SECTION_BYTES]); // section 0 is none
    int name = 1;
    int offset = HEADER_BYTES;
    for (int i = 0; i < codes.size(); i++) {
      HostCode each = codes.get(i);
      section(elf, name, PROGRAM, ALLOCATED_AND_EXECUTABLE, each.address(), offset, each.size());
      name += name(i).length() + 1;
      offset += each.size();
    }
    section(elf, 0, STRINGS, 0, 0, offset, names.length);
    return elf.array();
  }

  private static void header(ByteBuffer elf, int machine, int sectionTable, int sections) {
    elf.put(IDENTIFICATION).position(16);
    elf.putShort(EXECUTABLE).putShort((short) machine).putInt(1);
    elf.putLong(0).putLong(0).putLong(sectionTable); // entry, program headers, section headers
    elf.putInt(0).putShort((short) HEADER_BYTES).putShort((short) 0).putShort((short) 0);
    elf.putShort((short) SECTION_BYTES).putShort((short) sections).putShort((short) (sections - 1));
  }

  private static void section(
      ByteBuffer elf, int name, int type, long flags, long address, long offset, long size) {
    elf.putInt(name).putInt(type).putLong(flags).putLong(address).putLong(offset).putLong(size);
    elf.putInt(0).putInt(0).putLong(1).putLong(0); // link, info, alignment, entry size
  }

  private static String name(int unit) {
    return "u" + unit;
  }

  /** Each ended by a NUL, an empty one first. */
  private static byte[] names(int units) {
    var names = new ByteArrayOutputStream();
    names.write(0);
    for (int i = 0; i < units; i++) {
      names.writeBytes(name(i).getBytes(US_ASCII));
      names.write(0);
    }
    return names.toByteArray();
  }
}
