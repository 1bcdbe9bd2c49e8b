package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** How compressed clusters are compressed ("compression_type"). Any number of threads. */
interface Compression extends AutoCloseable {
  /**
   * Compresses a cluster.
   *
   * @param to room for one byte less than {@code from}
   * @return bytes written, or −1 if they do not fit
   */
  int compress(MemorySegment from, MemorySegment to);

  /**
   * Fills {@code to} from what begins {@code from}.
   *
   * @throws BlockException if it is damaged
   */
  void decompress(MemorySegment from, MemorySegment to);

  @Override
  void close();

  /** The one of a header's number. */
  static Compression of(int type) {
    return type == 0 ? new Zlib() : new Zstd();
  }

  /** Deflate without a wrapper (RFC 1951). */
  final class Zlib implements Compression {
    /**
     * With the window of 32 KiB that the JDK's has, files are no larger than at level 6 with QEMU's
     * of 4 KiB, and it takes less time (bench --images: compress-zlib). QEMU reads them, as it
     * decompresses a cluster at once.
     */
    private static final int LEVEL = 4;

    private final ConcurrentLinkedQueue<Deflater> deflaters = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Inflater> inflaters = new ConcurrentLinkedQueue<>();

    @Override
    public int compress(MemorySegment from, MemorySegment to) {
      Deflater deflater = deflaters.poll();
      if (deflater == null) {
        deflater = new Deflater(LEVEL, true);
      }
      try {
        deflater.setInput(from.asByteBuffer());
        deflater.finish();
        ByteBuffer out = to.asByteBuffer();
        while (!deflater.finished() && out.hasRemaining()) {
          deflater.deflate(out);
        }
        return deflater.finished() ? out.position() : -1;
      } finally {
        deflater.reset();
        deflaters.add(deflater);
      }
    }

    @Override
    public void decompress(MemorySegment from, MemorySegment to) {
      Inflater inflater = inflaters.poll();
      if (inflater == null) {
        inflater = new Inflater(true);
      }
      try {
        inflater.setInput(from.asByteBuffer());
        ByteBuffer out = to.asByteBuffer();
        while (out.hasRemaining()) {
          if (inflater.inflate(out) == 0 && (inflater.finished() || inflater.needsInput())) {
            throw BlockException.corrupt("a compressed cluster ends too early");
          }
        }
      } catch (DataFormatException e) {
        throw BlockException.corrupt("a compressed cluster is damaged: " + e.getMessage());
      } finally {
        inflater.reset();
        inflaters.add(inflater);
      }
    }

    @Override
    public void close() {
      deflaters.forEach(Deflater::end);
      inflaters.forEach(Inflater::end);
    }
  }

  /** Zstandard (RFC 8878). */
  final class Zstd implements Compression {
    private static final int LEVEL = 3;

    @Override
    public int compress(MemorySegment from, MemorySegment to) {
      ByteBuffer out = to.asByteBuffer();
      try {
        return com.github.luben.zstd.Zstd.compress(out, from.asByteBuffer(), LEVEL);
      } catch (com.github.luben.zstd.ZstdException e) {
        return -1; // it does not fit
      }
    }

    @Override
    public void decompress(MemorySegment from, MemorySegment to) {
      // What follows the frame is another cluster's, so its end must be known.
      ByteBuffer in = from.asByteBuffer();
      long frame = com.github.luben.zstd.Zstd.findFrameCompressedSize(in);
      if (com.github.luben.zstd.Zstd.isError(frame) || frame > in.limit()) {
        throw BlockException.corrupt("a compressed cluster is damaged");
      }
      try {
        in.limit((int) frame);
        int bytes = com.github.luben.zstd.Zstd.decompress(to.asByteBuffer(), in);
        if (bytes != to.byteSize()) {
          throw BlockException.corrupt("a compressed cluster ends too early");
        }
      } catch (com.github.luben.zstd.ZstdException e) {
        throw BlockException.corrupt("a compressed cluster is damaged: " + e.getMessage());
      }
    }

    @Override
    public void close() {}
  }
}
