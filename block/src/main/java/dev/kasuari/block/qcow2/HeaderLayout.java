package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockNode;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Where things are in the first cluster as it is in the file, and how it becomes another one. */
final class HeaderLayout {
  private static final int SECTOR = 512;
  private static final int NAME_ROOM = 1024;

  private final ByteBuffer old;
  private final int oldName;
  private final int oldNameSize;

  HeaderLayout(ByteBuffer old) {
    this.old = old;
    oldName = Math.clamp(old.getLong(8), 0, old.limit());
    oldNameSize = Math.clamp(old.getInt(16), 0, old.limit() - oldName);
  }

  /** Where a backing file's name goes, behind extensions that end at {@code end}; or −1. */
  int place(byte[] name, int end) {
    int size = old.limit();
    if (end + name.length <= SECTOR) {
      return end; // it changes with the rest
    }
    if (same(name) && oldName >= Math.max(end, SECTOR)) {
      return oldName;
    }
    for (int at : new int[] {size - NAME_ROOM, size - 2 * NAME_ROOM}) {
      boolean free = at + name.length <= oldName || oldName + oldNameSize <= at;
      if (at >= Math.max(end, SECTOR) && name.length < NAME_ROOM && free) {
        return at;
      }
    }
    return end + name.length <= size ? end : -1;
  }

  private boolean same(byte[] name) {
    byte[] there = new byte[oldNameSize];
    old.get(oldName, there);
    return Arrays.equals(there, name);
  }

  /** True if new extensions would lie over the name that the old header has. */
  boolean overwritesName(byte[] name, int end) {
    return !same(name)
        && oldNameSize > 0
        && end > SECTOR
        && oldName < end
        && oldName + oldNameSize > SECTOR;
  }

  /** The steps from one to the other, with barriers between. */
  void replace(BlockNode file, MemorySegment from, MemorySegment to, int nameAt, byte[] name) {
    int first = Math.min(SECTOR, old.limit());
    keepOldName(from, to, nameAt, name);
    boolean rest = from.asSlice(first).mismatch(to.asSlice(first)) >= 0;
    if (rest) {
      if (nameAt >= SECTOR && name.length > 0) {
        file.write(nameAt, to.asSlice(nameAt, name.length));
      }
      file.flush();
      withoutNames(from, nameAt, name);
      file.write(0, from.asSlice(0, first));
      file.flush();
      file.write(first, to.asSlice(first));
    }
    file.flush();
    file.write(0, to.asSlice(0, first));
    file.flush();
  }

  /** Until the first sector names another one, the old name must be where it is. */
  private void keepOldName(MemorySegment from, MemorySegment to, int nameAt, byte[] name) {
    int start = Math.max(oldName, SECTOR);
    int end = oldName + oldNameSize;
    boolean overwritten = nameAt < end && start < nameAt + name.length;
    boolean moved = same(name) && nameAt >= SECTOR; // the sector between names the new place
    if (start < end && !overwritten && !moved) {
      to.asSlice(start, end - start).copyFrom(from.asSlice(start, end - start));
    }
  }

  /** The old header without its table of names, which reaches into what is written next. */
  private void withoutNames(MemorySegment bytes, int nameAt, byte[] name) {
    int version = old.getInt(4);
    int at = version == 2 ? 72 : old.getInt(100);
    while (at >= 72 && at + 8 <= SECTOR && old.getInt(at) != 0) {
      if (old.getInt(at) == Header.EXTENSION_FEATURES) {
        bytes.asSlice(at, Math.min(8, SECTOR - at)).fill((byte) 0);
        break;
      }
      at += 8 + (Math.max(0, old.getInt(at + 4)) + 7 & -8);
    }
    if (oldNameSize > 0 && same(name) && nameAt >= SECTOR) {
      bytes.set(TableCache.LONG, 8, nameAt);
    }
  }
}
