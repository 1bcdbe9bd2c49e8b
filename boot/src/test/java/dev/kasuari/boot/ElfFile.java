package dev.kasuari.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Writes small ELF executables for tests. */
final class ElfFile {
  private final boolean wide;
  private final ByteOrder order;
  private final int machine;
  private final List<long[]> headers = new ArrayList<>();
  private final List<byte[]> contents = new ArrayList<>();
  private long entry;
  private int type = 2;

  ElfFile(int machine, boolean wide, ByteOrder order) {
    this.machine = machine;
    this.wide = wide;
    this.order = order;
  }

  static ElfFile riscv64() {
    return new ElfFile(243, true, ByteOrder.LITTLE_ENDIAN);
  }

  ElfFile entry(long entry) {
    this.entry = entry;
    return this;
  }

  ElfFile type(int type) {
    this.type = type;
    return this;
  }

  /** A segment with all permissions; its memory size may exceed its contents. */
  ElfFile segment(long physical, long virtual, byte[] data, long memorySize) {
    headers.add(new long[] {1, physical, virtual, data.length, memorySize});
    contents.add(data);
    return this;
  }

  ElfFile note(byte[] data) {
    headers.add(new long[] {4, 0, 0, data.length, 0});
    contents.add(data);
    return this;
  }

  byte[] bytes() {
    int header = wide ? 64 : 52;
    int entrySize = wide ? 56 : 32;
    int size = header + entrySize * headers.size();
    int offset = size;
    for (byte[] data : contents) {
      size += data.length;
    }
    ByteBuffer elf = ByteBuffer.allocate(size).order(order);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', (byte) (wide ? 2 : 1)});
    elf.put((byte) (order == ByteOrder.BIG_ENDIAN ? 2 : 1)).put((byte) 1).position(16);
    elf.putShort((short) type).putShort((short) machine).putInt(1);
    word(elf, entry);
    word(elf, header);
    word(elf, 0);
    elf.putInt(0).putShort((short) header).putShort((short) entrySize);
    elf.putShort((short) headers.size()).position(header);
    for (long[] h : headers) {
      programHeader(elf, h, offset);
      offset += (int) h[3];
    }
    contents.forEach(elf::put);
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

  private void word(ByteBuffer elf, long value) {
    if (wide) {
      elf.putLong(value);
    } else {
      elf.putInt((int) value);
    }
  }
}
