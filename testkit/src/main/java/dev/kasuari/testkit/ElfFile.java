package dev.kasuari.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes small ELF executables for tests. Source: System V ABI, "Object Files". */
public final class ElfFile {
  private static final int RISCV = 243;
  private static final int SYMBOL_TABLE = 2;
  private static final int STRING_TABLE = 3;
  private static final int ABSOLUTE = 0xfff1;

  private final boolean wide;
  private final ByteOrder order;
  private final int machine;
  private final List<long[]> headers = new ArrayList<>();
  private final List<byte[]> contents = new ArrayList<>();
  private final Map<String, Long> symbols = new LinkedHashMap<>();
  private long entry;
  private int type = 2;

  /**
   * A file without contents.
   *
   * @param machine the header's number of the architecture
   * @param wide 64 bits, not 32
   */
  public ElfFile(int machine, boolean wide, ByteOrder order) {
    this.machine = machine;
    this.wide = wide;
    this.order = order;
  }

  /** A file for RV64. */
  public static ElfFile riscv64() {
    return new ElfFile(RISCV, true, ByteOrder.LITTLE_ENDIAN);
  }

  /** Where it starts. */
  public ElfFile entry(long address) {
    entry = address;
    return this;
  }

  /** What the header says it is; an executable if not called. */
  public ElfFile type(int number) {
    type = number;
    return this;
  }

  /** A segment with all permissions; its memory size may exceed its contents. */
  public ElfFile segment(long physical, long virtual, byte[] data, long memorySize) {
    headers.add(new long[] {1, physical, virtual, data.length, memorySize});
    contents.add(data);
    return this;
  }

  /** A part that is not loaded. */
  public ElfFile note(byte[] data) {
    headers.add(new long[] {4, 0, 0, data.length, 0});
    contents.add(data);
    return this;
  }

  /** A name of eight bytes in the symbol table; without any there is no table. */
  public ElfFile symbol(String name, long value) {
    symbols.put(name, value);
    return this;
  }

  /** The file. */
  public byte[] bytes() {
    int header = wide ? 64 : 52;
    int entrySize = wide ? 56 : 32;
    int dataAt = header + entrySize * headers.size();
    int tablesAt = dataAt + contents.stream().mapToInt(data -> data.length).sum();
    ByteBuffer elf = ByteBuffer.allocate(tablesAt + tablesSize()).order(order);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', (byte) (wide ? 2 : 1)});
    elf.put((byte) (order == ByteOrder.BIG_ENDIAN ? 2 : 1)).put((byte) 1).position(16);
    elf.putShort((short) type).putShort((short) machine).putInt(1);
    word(elf, entry);
    word(elf, header);
    word(elf, symbols.isEmpty() ? 0 : tablesAt);
    elf.putInt(0).putShort((short) header).putShort((short) entrySize);
    elf.putShort((short) headers.size()).putShort((short) sectionSize());
    elf.putShort((short) (symbols.isEmpty() ? 0 : 3)).position(header);
    int offset = dataAt;
    for (long[] h : headers) {
      programHeader(elf, h, offset);
      offset += (int) h[3];
    }
    contents.forEach(elf::put);
    if (!symbols.isEmpty()) {
      tables(elf, tablesAt);
    }
    return elf.array();
  }

  private void programHeader(ByteBuffer elf, long[] h, int offset) {
    elf.putInt((int) h[0]);
    if (wide) {
      elf.putInt(7).putLong(offset).putLong(h[2]).putLong(h[1]).putLong(h[3]).putLong(h[4]);
      elf.putLong(8);
    } else {
      elf.putInt(offset).putInt((int) h[2]).putInt((int) h[1]).putInt((int) h[3]);
      elf.putInt((int) h[4]).putInt(7).putInt(4);
    }
  }

  // ---- symbols ---------------------------------------------------------------------------------

  private int sectionSize() {
    return wide ? 64 : 40;
  }

  private int symbolSize() {
    return wide ? 24 : 16;
  }

  /** Names one after the other, each with a zero behind it and the first with one before it. */
  private byte[] names() {
    return ("\0" + String.join("\0", symbols.keySet()) + "\0").getBytes(StandardCharsets.US_ASCII);
  }

  private int tablesSize() {
    return symbols.isEmpty()
        ? 0
        : 3 * sectionSize() + symbolSize() * symbols.size() + names().length;
  }

  /** Three section headers (none, symbols, their names), the symbols, the names. */
  private void tables(ByteBuffer elf, int at) {
    int symbolsAt = at + 3 * sectionSize();
    int symbolBytes = symbolSize() * symbols.size();
    elf.position(at + sectionSize());
    sectionHeader(elf, SYMBOL_TABLE, symbolsAt, symbolBytes, 2);
    sectionHeader(elf, STRING_TABLE, symbolsAt + symbolBytes, names().length, 0);
    int name = 1;
    for (Map.Entry<String, Long> symbol : symbols.entrySet()) {
      symbol(elf, name, symbol.getValue());
      name += symbol.getKey().length() + 1;
    }
    elf.put(names());
  }

  private void sectionHeader(ByteBuffer elf, int kind, int offset, int size, int link) {
    elf.putInt(0).putInt(kind);
    word(elf, 0);
    word(elf, 0);
    word(elf, offset);
    word(elf, size);
    elf.putInt(link).putInt(0);
    word(elf, 1);
    word(elf, kind == SYMBOL_TABLE ? symbolSize() : 0);
  }

  private void symbol(ByteBuffer elf, int name, long value) {
    elf.putInt(name);
    if (wide) {
      elf.putShort((short) 0).putShort((short) ABSOLUTE).putLong(value).putLong(8);
    } else {
      elf.putInt((int) value).putInt(8).putShort((short) 0).putShort((short) ABSOLUTE);
    }
  }

  private void word(ByteBuffer elf, long value) {
    if (wide) {
      elf.putLong(value);
    } else {
      elf.putInt((int) value);
    }
  }
}
