package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Compiled units that are kept from one run to the next, so that what a guest did before is not
 * translated again. A unit is found by its mode, its place in the page and the guest's bytes
 * themselves, all of which are compared; what else code depends on is the archive's key.
 *
 * <p>What was there at the start is mapped and never written: another file, with what is new, takes
 * its place now and then and when the machine ends; of two machines, the last one's stays. Whoever
 * can write the file decides what the process executes: so it is not read unless only its owner may
 * write to it and its folder.
 */
public final class CodeArchive implements AutoCloseable {
  /** Bytes of a file at the most, but for its index. */
  public static final long LIMIT = 256L << 20;

  /** Fewer new units than this, and than a part of those there are, are not worth another file. */
  private static final int FEW = 64;

  private static final int FEW_OF_ALL = 32;

  /** How units that are found are used. */
  public enum Use {
    /** They run. */
    RUN,

    /** All is translated, and compared with what was found. */
    VERIFY
  }

  private final Path file;
  private final byte[] key;
  private final Use use;
  private final long limit;
  private final LongSupplier clock;
  private final Consumer<String> trouble;
  private final @Nullable ArchiveFile known;
  private @Nullable ArchiveWriter writer;
  private boolean closed;

  /**
   * @param folder made with the first file, if it is not there
   * @param key all that code depends on besides the unit
   * @param trouble told, why nothing was kept
   */
  public CodeArchive(Path folder, String key, Use use, Consumer<String> trouble) {
    this(folder, key, use, LIMIT, System::nanoTime, trouble);
  }

  /**
   * For tests.
   *
   * @param limit bytes of a file at the most, but for its index
   * @param clock nanoseconds of the host, after some of which what is new so far is kept
   */
  CodeArchive(
      Path folder, String key, Use use, long limit, LongSupplier clock, Consumer<String> trouble) {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    this.key = Arrays.copyOf(bytes, (int) ArchiveFile.padded(bytes.length));
    this.file = folder.resolve("%016x".formatted(name(this.key)) + ArchiveFolder.CODE);
    this.use = use;
    this.limit = limit;
    this.clock = clock;
    this.trouble = trouble;
    known = ArchiveFile.open(file, this.key);
  }

  /** FNV-1a with 64 bits. */
  private static long name(byte[] key) {
    long hash = 0xcbf2_9ce4_8422_2325L;
    for (byte b : key) {
      hash = (hash ^ (b & 0xff)) * 0x100_0000_01b3L;
    }
    return hash;
  }

  /** Whether what is found is compared, instead of being run. */
  boolean verifies() {
    return use == Use.VERIFY;
  }

  /** Units that were there at the start. */
  public int size() {
    return known == null ? 0 : known.count();
  }

  /**
   * The unit for guest code at a host address, or 0 if there is none.
   *
   * @return what the other methods take
   */
  long find(long mode, int pageOffset, long guest) {
    return known == null
        ? 0
        : known.find(ArchiveFile.hash(mode, pageOffset, guest), mode, pageOffset, guest);
  }

  /** Takes the image of a unit that was found; false if it is damaged. */
  boolean load(long unit, CodeImage to) {
    return known != null && known.load(unit, to);
  }

  int guestBytes(long unit) {
    return RawMemory.getAlignedInt(unit + ArchiveFile.GUEST_BYTES);
  }

  int instructions(long unit) {
    return RawMemory.getAlignedInt(unit + ArchiveFile.INSTRUCTIONS);
  }

  /**
   * Whether a unit that was found was made of this code. Not, if memory has changed since it was
   * translated, or if the other unit ends elsewhere.
   */
  boolean isOf(long unit, byte[] guestCode, int bytes) {
    byte[] its = new byte[guestBytes(unit)];
    RawMemory.get(unit + ArchiveFile.RECORD, its, 0, its.length);
    return its.length == bytes && Arrays.equals(its, 0, bytes, guestCode, 0, bytes);
  }

  /**
   * Keeps a unit.
   *
   * @param hash of {@link ArchiveFile#hash}; if it is wrong the unit is not found
   * @param guestCode what was translated, whatever is in memory now; it lies within a page
   * @param bytes of it
   */
  synchronized void add(
      long hash,
      long mode,
      int pageOffset,
      byte[] guestCode,
      int bytes,
      int instructions,
      CodeImage image) {
    if (closed) {
      return;
    }
    if (writer == null) {
      writer = new ArchiveWriter(file, key, known, limit, clock);
    }
    writer.add(hash, mode, pageOffset, guestCode, bytes, instructions, image);
  }

  /** Writes what is new, if that is worth it. Nobody runs code any more. May be called again. */
  @Override
  public synchronized void close() {
    ArchiveWriter last = writer;
    writer = null;
    if (last != null) {
      try (last) {
        if (last.count() >= Math.max(FEW, size() / FEW_OF_ALL)) {
          last.finish();
        }
      } catch (IOException e) {
        trouble.accept("no machine code is kept for the next run: " + e);
      }
    }
    if (known != null && !closed) {
      known.close();
    }
    closed = true;
  }
}
