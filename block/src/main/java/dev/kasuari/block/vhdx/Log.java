package dev.kasuari.block.vhdx;

import static dev.kasuari.block.vhdx.Structure.refuse;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.TablePages;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Changes of metadata, which are here before they are where they belong ([MS-VHDX] 2.3, "Log").
 *
 * <p>Written is one entry at a time, of whole pages, which is its own tail: what older entries
 * changed is on the medium by then. The entry before it stays readable meanwhile.
 */
final class Log {
  private static final int SECTOR = 4096;
  private static final int ENTRY = 0x6567_6f6c; // loge
  private static final int DATA_DESCRIPTOR = 0x6373_6564; // desc
  private static final int ZERO_DESCRIPTOR = 0x6f72_657a; // zero
  private static final int DATA = 0x6174_6164; // data
  private static final int HEADER = 64;
  private static final int DESCRIPTOR = 32;
  private static final int MOST_ENTRY = 8 << 20;

  /** Pages that are changed together. */
  static final int MOST_PAGES = 100;

  private final BlockNode file;
  private final Header header;
  private long sequence = 1;
  private int position;

  Log(BlockNode file, Header header) {
    this.file = file;
    this.header = header;
  }

  /** Puts where they belong what the log has, and empties it. */
  void replay() {
    List<ByteBuffer> entries = active();
    for (ByteBuffer entry : entries) {
      refuse(file.size() < entry.getLong(48), "the file is shorter than when its log was written");
    }
    for (ByteBuffer entry : entries) {
      apply(entry);
    }
    file.flush();
    header.endLog(file);
  }

  /** The newest sequence of entries that is whole (2.3.2, "Log Sequence"). */
  private List<ByteBuffer> active() {
    List<ByteBuffer> best = List.of();
    long bestSequence = 0;
    for (int start = 0; start < header.logLength(); ) {
      List<ByteBuffer> run = new ArrayList<>();
      var places = new ArrayList<Integer>();
      int at = start;
      ByteBuffer entry = entry(at, null);
      while (entry != null && run.size() * (long) SECTOR < header.logLength()) {
        run.add(entry);
        places.add(at);
        at = (int) (((long) at + entry.getInt(8)) % header.logLength());
        entry = entry(at, entry.getLong(16) + 1);
      }
      if (!run.isEmpty()) {
        ByteBuffer last = run.getLast();
        int tail = places.indexOf(last.getInt(12));
        if (tail >= 0 && Long.compareUnsigned(last.getLong(16), bestSequence) > 0) {
          best = run.subList(tail, run.size());
          bestSequence = last.getLong(16);
        }
      }
      // Entries that a run has seen begin no better one, unless the log was entered in its middle.
      start = run.isEmpty() || at <= start ? start + SECTOR : at;
    }
    return best;
  }

  /** The entry that begins there, if there is a whole one with that number. */
  private @Nullable ByteBuffer entry(int at, @Nullable Long wanted) {
    ByteBuffer head = ring(at, HEADER);
    int length = head.getInt(8);
    boolean sane =
        head.getInt(0) == ENTRY
            && length >= SECTOR
            && length % SECTOR == 0
            && length <= Math.min(header.logLength(), MOST_ENTRY)
            && (wanted == null || head.getLong(16) == wanted)
            && head.getLong(16) != 0
            && Arrays.equals(Structure.guid(head, 32), header.logId())
            && head.getInt(24) >= 0
            && head.getInt(24) <= (length - HEADER) / DESCRIPTOR;
    if (!sane) {
      return null;
    }
    ByteBuffer entry = ring(at, length);
    return Structure.whole(entry) ? entry : null;
  }

  private ByteBuffer ring(int at, int length) {
    int first = Math.min(length, header.logLength() - at);
    ByteBuffer out = Structure.allocate(length);
    ByteBuffer part = FileBytes.read(file, header.logOffset() + at, first, ByteOrder.LITTLE_ENDIAN);
    out.put(0, part, 0, first);
    if (first < length) {
      ByteBuffer rest =
          FileBytes.read(file, header.logOffset(), length - first, ByteOrder.LITTLE_ENDIAN);
      out.put(first, rest, 0, length - first);
    }
    return out;
  }

  private void apply(ByteBuffer entry) {
    int count = entry.getInt(24);
    int data = (HEADER + count * DESCRIPTOR + SECTOR - 1) / SECTOR * SECTOR;
    for (int i = 0; i < count; i++) {
      int at = HEADER + i * DESCRIPTOR;
      long offset = entry.getLong(at + 16);
      refuse(
          offset < 0 || offset % SECTOR != 0 || offset > Long.MAX_VALUE >> 8,
          "an entry of the log for " + offset);
      if (entry.getInt(at) == ZERO_DESCRIPTOR) {
        long length = entry.getLong(at + 8);
        refuse(
            length < 0 || length % SECTOR != 0 || length > Long.MAX_VALUE >> 8,
            "an entry of the log about " + length + " bytes");
        file.writeZeroes(offset, length, true);
      } else {
        refuse(entry.getInt(at) != DATA_DESCRIPTOR, "an unknown descriptor in the log");
        refuse(data + SECTOR > entry.limit(), "an entry of the log that ends too early");
        refuse(entry.getInt(data) != DATA, "an entry of the log without its data");
        ByteBuffer page = Structure.allocate(SECTOR);
        page.put(0, entry, data, SECTOR);
        page.putLong(0, entry.getLong(at + 8)).putInt(SECTOR - 4, entry.getInt(at + 4));
        FileBytes.write(file, offset, page);
        data += SECTOR;
      }
    }
    if (entry.getLong(56) > file.size() && entry.getLong(56) < Long.MAX_VALUE >> 8) {
      file.truncate(entry.getLong(56), Preallocation.OFF);
    }
  }

  /** Writes pages, each batch of them first to the log. What they name is on the medium. */
  void write(List<TablePages.Copy> pages) {
    if (!header.logged()) {
      header.beginLog(file, FileBytes.guid());
    }
    for (int i = 0; i < pages.size(); i += MOST_PAGES) {
      List<TablePages.Copy> batch = pages.subList(i, Math.min(pages.size(), i + MOST_PAGES));
      append(batch);
      file.flush();
      batch.forEach(page -> file.write(page.offset(), page.bytes()));
      if (i + MOST_PAGES < pages.size()) {
        file.flush();
      }
    }
  }

  private void append(List<TablePages.Copy> batch) {
    int data = (HEADER + batch.size() * DESCRIPTOR + SECTOR - 1) / SECTOR * SECTOR;
    int length = data + batch.size() * SECTOR;
    ByteBuffer out = Structure.allocate(length);
    out.putInt(0, ENTRY).putInt(8, length).putInt(12, position).putLong(16, sequence);
    out.putInt(24, batch.size()).put(32, header.logId());
    long size = file.size() & -(long) Structure.MEBIBYTE;
    out.putLong(48, size).putLong(56, size);
    for (int i = 0; i < batch.size(); i++) {
      ByteBuffer page = batch.get(i).bytes().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      int at = HEADER + i * DESCRIPTOR;
      int sector = data + i * SECTOR;
      out.putInt(at, DATA_DESCRIPTOR).putInt(at + 4, page.getInt(SECTOR - 4));
      out.putLong(at + 8, page.getLong(0)).putLong(at + 16, batch.get(i).offset());
      out.putLong(at + 24, sequence);
      out.put(sector, page, 0, SECTOR);
      out.putInt(sector, DATA).putInt(sector + 4, (int) (sequence >>> 32));
      out.putInt(sector + SECTOR - 4, (int) sequence);
    }
    Structure.seal(out);
    putRing(out, length);
    position = (int) (((long) position + length) % header.logLength());
    sequence++;
  }

  private void putRing(ByteBuffer entry, int length) {
    int first = Math.min(length, header.logLength() - position);
    FileBytes.write(file, header.logOffset() + position, entry.slice(0, first));
    if (first < length) {
      FileBytes.write(file, header.logOffset(), entry.slice(first, length - first));
    }
  }

  /** All is where it belongs, and on the medium. */
  void end() {
    if (header.logged()) {
      header.endLog(file);
    }
  }
}
