package dev.kasuari.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The section {@code .text} of little-endian programs. */
public final class CodeSection {
  private CodeSection() {}

  /**
   * Of a kernel that is a program of the Extensible Firmware Interface as well. Source: Microsoft
   * PE and COFF specification, sections "COFF File Header" and "Section Table".
   */
  public static ByteBuffer ofPe(byte[] file) {
    ByteBuffer b = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int header = b.getInt(0x3c) + 4;
    int sections = b.getShort(header + 2);
    int first = header + 20 + b.getShort(header + 16);
    for (int i = 0; i < sections; i++) {
      int at = first + 40 * i;
      if (new String(file, at, 5, StandardCharsets.US_ASCII).equals(".text")) {
        return b.slice(b.getInt(at + 20), b.getInt(at + 16)).order(ByteOrder.LITTLE_ENDIAN);
      }
    }
    throw new AssertionError("a kernel without .text");
  }

  /** Of an ELF file of 64 bits. Source: System V ABI, chapter 4, "Sections". */
  public static ByteBuffer ofElf(byte[] file) {
    ByteBuffer b = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int table = (int) b.getLong(0x28);
    int count = b.getShort(0x3c);
    int names = (int) b.getLong(table + 64 * b.getShort(0x3e) + 0x18);
    for (int i = 0; i < count; i++) {
      int at = table + 64 * i;
      String name = new String(file, names + b.getInt(at), 6, StandardCharsets.US_ASCII);
      if (name.equals(".text\0")) {
        return b.slice((int) b.getLong(at + 0x18), (int) b.getLong(at + 0x20))
            .order(ByteOrder.LITTLE_ENDIAN);
      }
    }
    throw new AssertionError("a program without .text");
  }
}
