package dev.kasuari.boot;

import java.util.Arrays;
import java.util.OptionalLong;

/**
 * The names that a linker left in an ELF file. Source: System V ABI, "Sections" and "Symbol Table".
 */
final class ElfSymbols {
  private static final int SYMBOL_TABLE = 2;
  private static final int UNDEFINED = 0;

  private final Bytes in;
  private final boolean wide;

  /** A part of the file; {@code link} is the number of the section that it refers to. */
  private record Section(long type, long offset, long size, long link) {}

  ElfSymbols(Bytes in, boolean wide) {
    this.in = in;
    this.wide = wide;
  }

  /** The value of the first symbol of that name; empty if there is none or the file is stripped. */
  OptionalLong find(String name) throws BootException {
    int count = in.u16(wide ? 0x3c : 0x30);
    int[] wanted = Arrays.copyOf(name.chars().toArray(), name.length() + 1); // and its final zero
    for (int i = 0; i < count; i++) {
      Section section = section(i);
      if (section.type() == SYMBOL_TABLE) {
        OptionalLong found = find(wanted, section, section(section.link()));
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return OptionalLong.empty();
  }

  private Section section(long number) throws BootException {
    long table = wide ? in.u64(0x28) : in.u32(0x20);
    long at = table + number * in.u16(wide ? 0x3a : 0x2e);
    long type = in.u32(at + 4);
    return wide
        ? new Section(type, in.u64(at + 0x18), in.u64(at + 0x20), in.u32(at + 0x28))
        : new Section(type, in.u32(at + 0x10), in.u32(at + 0x14), in.u32(at + 0x18));
  }

  private OptionalLong find(int[] name, Section symbols, Section names) throws BootException {
    int length = wide ? 24 : 16;
    long end = symbols.offset() + symbols.size();
    for (long at = symbols.offset(); at <= end - length; at += length) {
      long text = names.offset() + in.u32(at);
      if (in.u16(at + (wide ? 6 : 14)) != UNDEFINED && in.has(text, name)) {
        return OptionalLong.of(wide ? in.u64(at + 8) : in.u32(at + 4));
      }
    }
    return OptionalLong.empty();
  }
}
