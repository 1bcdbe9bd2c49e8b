package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The file of a {@link CodeArchive}, mapped. In the host's byte order: a header (magic, bytes of
 * the key, number of records, offset of the index, slots of the index), the key, records, the
 * index.
 *
 * <p>A record, at a multiple of 8, says its check sum, hash and mode, then in 32 bits each the
 * offset in the page, the bytes of guest code, the guest instructions, the numbers and the bytes of
 * the image; then come the guest's code, the numbers and the code, each filled up to a multiple of
 * 8. The index has open addressing and 8 bytes a slot: the low half of the hash above the offset of
 * the record in units of 8.
 */
final class ArchiveFile implements AutoCloseable {
  static final long MAGIC = 0x3145_444f_4353_4b01L;
  static final int HEADER = 32;
  static final int KEY_BYTES = 8;
  static final int COUNT = 12;
  static final int INDEX = 16;
  static final int SLOTS = 24;

  /** Parts of a record. */
  static final int CHECK = 0;

  static final int HASH = 8;
  static final int MODE = 16;
  static final int PAGE_OFFSET = 24;
  static final int GUEST_BYTES = 28;
  static final int INSTRUCTIONS = 32;
  static final int WORDS = 36;
  static final int CODE_BYTES = 40;
  static final int RECORD = 48;

  /** Bytes of guest code by which it is looked up. */
  private static final int HASHED = 16;

  /** Slots that are looked at for a unit: more only if the file is damaged. */
  private static final int MOST_LOOKS = 1000;

  private static final Set<PosixFilePermission> FOREIGN =
      Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private final Arena arena;
  private final MemorySegment all;
  private final long base;
  private final int count;
  private final long records;
  private final long index;
  private final long slots;

  private ArchiveFile(Arena arena, MemorySegment all) {
    this.arena = arena;
    this.all = all;
    base = all.address();
    count = all.get(ValueLayout.JAVA_INT, COUNT);
    records = HEADER + (long) all.get(ValueLayout.JAVA_INT, KEY_BYTES);
    index = all.get(ValueLayout.JAVA_LONG, INDEX);
    slots = all.get(ValueLayout.JAVA_LONG, SLOTS);
  }

  /** A file, if there is one that is whole, of this key, and nobody else's. */
  static @Nullable ArchiveFile open(Path file, byte[] key) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (writableByOthers(file) || writableByOthers(file.toAbsolutePath().getParent())) {
        return null;
      }
      Arena arena = Arena.ofShared();
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      if (usable(all, key)) {
        touch(file);
        return new ArchiveFile(arena, all);
      }
      arena.close();
      return null;
    } catch (IOException | UnsupportedOperationException e) {
      return null; // all is translated, as if there were none
    }
  }

  /** Files that are used stay longer than others. */
  private static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      // It can be read all the same.
    }
  }

  private static boolean writableByOthers(@Nullable Path path) throws IOException {
    return path == null || Files.getPosixFilePermissions(path).stream().anyMatch(FOREIGN::contains);
  }

  private static boolean usable(MemorySegment all, byte[] key) {
    if (all.byteSize() < HEADER + (long) key.length
        || all.get(ValueLayout.JAVA_LONG, 0) != MAGIC
        || all.get(ValueLayout.JAVA_INT, KEY_BYTES) != key.length
        || !Arrays.equals(all.asSlice(HEADER, key.length).toArray(ValueLayout.JAVA_BYTE), key)) {
      return false;
    }
    long index = all.get(ValueLayout.JAVA_LONG, INDEX);
    long slots = all.get(ValueLayout.JAVA_LONG, SLOTS);
    return Long.bitCount(slots) == 1
        && slots > all.get(ValueLayout.JAVA_INT, COUNT)
        && slots <= 1L << 30
        && index >= HEADER + (long) key.length
        && index % 8 == 0
        && index + 8 * slots == all.byteSize();
  }

  // ---- records ---------------------------------------------------------------------------------

  /** How many there are. */
  int count() {
    return count;
  }

  /** Host address of the first one; of the first byte behind the last one. */
  long firstRecord() {
    return base + records;
  }

  long recordsEnd() {
    return base + index;
  }

  /** What lies between two host addresses in it. */
  ByteBuffer bytes(long from, long to) {
    return all.asSlice(from - base, to - from).asByteBuffer();
  }

  /**
   * Host address of the record for guest code that lies at a host address, or 0 if there is none.
   *
   * @param hash of {@link #hash}
   */
  long find(long hash, long mode, int pageOffset, long guest) {
    for (int looks = 0; looks < MOST_LOOKS; looks++) {
      long slot = hash + looks & slots - 1;
      long entry = RawMemory.getAlignedLong(base + index + 8 * slot);
      if (entry == 0) {
        return 0;
      }
      if (entry >>> 32 == (hash >>> 32)) {
        long record = base + 8 * (entry & 0xffff_ffffL);
        if (record + RECORD <= recordsEnd() && isOf(record, hash, mode, pageOffset, guest)) {
          return record;
        }
      }
    }
    return 0;
  }

  private boolean isOf(long record, long hash, long mode, int pageOffset, long guest) {
    return RawMemory.getAlignedLong(record + HASH) == hash
        && RawMemory.getAlignedLong(record + MODE) == mode
        && RawMemory.getAlignedInt(record + PAGE_OFFSET) == pageOffset
        && sameGuestCode(record, pageOffset, guest);
  }

  /** Whether the guest code of a record, which lies in one page, lies at a host address. */
  boolean sameGuestCode(long record, int pageOffset, long guest) {
    int bytes = RawMemory.getAlignedInt(record + GUEST_BYTES);
    if (bytes <= 0 || bytes > 4096 - pageOffset || record + RECORD + bytes > recordsEnd()) {
      return false;
    }
    long code = record + RECORD;
    int i = 0;
    if ((guest & 3) == 0) {
      for (; i + 4 <= bytes; i += 4) {
        if (RawMemory.getAlignedInt(code + i) != RawMemory.getAlignedInt(guest + i)) {
          return false;
        }
      }
    }
    for (; i < bytes; i++) {
      if (RawMemory.getByte(code + i) != RawMemory.getByte(guest + i)) {
        return false;
      }
    }
    return true;
  }

  /** Takes a record's image; false if it is damaged. */
  boolean load(long record, CodeImage to) {
    if (!whole(record)) {
      return false;
    }
    int words = RawMemory.getAlignedInt(record + WORDS);
    long at = record + RECORD + padded(RawMemory.getAlignedInt(record + GUEST_BYTES));
    RawMemory.get(at, to.expect(words), 0, words);
    int bytes = RawMemory.getAlignedInt(record + CODE_BYTES);
    RawMemory.get(at + padded(4L * words), to.code(bytes), 0, bytes);
    return true;
  }

  /** Whether a record lies within the file and is as it was written. */
  boolean whole(long record) {
    if (record + RECORD > recordsEnd()) {
      return false;
    }
    long size = size(record);
    return size > 0
        && record + size <= recordsEnd()
        && RawMemory.getAlignedLong(record + CHECK) == checkSum(record, size);
  }

  /** Bytes of a record, or −1 if it cannot have so many. */
  static long size(long record) {
    int guest = RawMemory.getAlignedInt(record + GUEST_BYTES);
    int words = RawMemory.getAlignedInt(record + WORDS);
    int code = RawMemory.getAlignedInt(record + CODE_BYTES);
    return guest < 0 || words < 0 || code < 0 ? -1 : size(guest, words, code);
  }

  /** Bytes of a record of so many bytes of guest code, numbers, and bytes of code. */
  static long size(int guestBytes, int words, int codeBytes) {
    return RECORD + padded(guestBytes) + padded(4L * words) + padded(codeBytes);
  }

  static long padded(long bytes) {
    return bytes + 7 & -8;
  }

  /** Of all of a record behind the sum. */
  static long checkSum(long record, long size) {
    long sum = size;
    for (long at = record + 8; at < record + size; at += 8) {
      sum = (Long.rotateLeft(sum, 5) ^ RawMemory.getAlignedLong(at)) * 0x9e37_79b9_7f4a_7c15L;
    }
    return sum;
  }

  /** Of guest code by its first bytes, as far as they lie in the page. */
  static long hash(long mode, int pageOffset, long guest) {
    long hash = mode * 0x9e37_79b9_7f4a_7c15L ^ pageOffset;
    int bytes = Math.min(HASHED, 4096 - pageOffset);
    int i = 0;
    if ((guest & 3) == 0) {
      for (; i + 4 <= bytes; i += 4) {
        hash = mixed(hash, RawMemory.getAlignedInt(guest + i));
      }
    }
    for (; i < bytes; i++) {
      hash = mixed(hash, RawMemory.getByte(guest + i));
    }
    return hash;
  }

  private static long mixed(long hash, long value) {
    long product = (hash ^ value) * 0xff51_afd7_ed55_8ccdL;
    return product ^ product >>> 32;
  }

  @Override
  public void close() {
    arena.close();
  }
}
