package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Preallocation;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Makes images. */
final class Qcow2Creator implements ImageCreator<Qcow2Creator.Creation> {
  /** Which version. */
  enum Compat {
    /** Version 2, for old programs. */
    @Options.Name("0.10")
    V0_10,
    /** Version 2. */
    V2,
    /** Version 3. */
    @Options.Name("1.1")
    V1_1,
    /** Version 3. */
    V3
  }

  /** How compressed clusters are compressed. */
  enum CompressionType {
    /** Deflate. */
    ZLIB,
    /** Zstandard. */
    ZSTD
  }

  /**
   * How an image is made.
   *
   * @param clusterSize qcow2 cluster size
   * @param extendedL2 Extended L2 tables
   * @param preallocation Preallocation mode (allowed values: off, metadata, falloc, full)
   * @param compressionType Compression method used for image cluster compression
   * @param compat Compatibility level (v2 [0.10] or v3 [1.1])
   * @param backingFile File name of a base image
   * @param backingFmt Image format of the base image
   * @param lazyRefcounts Postpone refcount updates
   * @param refcountBits Width of a reference count entry in bits
   */
  @Options
  record Creation(
      @Options.Name("cluster_size") @Options.Default("64K") @Options.Size long clusterSize,
      @Options.Name("extended_l2") @Options.Default("off") boolean extendedL2,
      @Options.Default("off") Preallocation preallocation,
      @Options.Name("compression_type") @Options.Default("zlib") CompressionType compressionType,
      @Options.Default("1.1") Compat compat,
      @Options.Name("backing_file") @Nullable String backingFile,
      @Options.Name("backing_fmt") @Nullable String backingFmt,
      @Options.Name("lazy_refcounts") @Options.Default("off") boolean lazyRefcounts,
      @Options.Name("refcount_bits") @Options.Default("16") int refcountBits) {
    boolean old() {
      return compat == Compat.V0_10 || compat == Compat.V2;
    }
  }

  @Override
  public OptionCodec<Creation> options() {
    return Qcow2CreatorCreationCodec.CODEC;
  }

  @Override
  public void create(BlockNode file, long size, Creation o) {
    refuseNonsense(o);
    Header header = header(o);
    Geometry g = header.geometry();
    if (g.l1Entries(size) * 8 > HeaderCheck.MAX_L1_BYTES) {
      throw new BlockException(
          BlockException.Kind.TOO_LARGE,
          "The image size is too large for file format 'qcow2' (try using a larger cluster size)");
    }
    writeFirstCounts(file, g);
    header.writeWhole(file);
    try (Metadata metadata = new Metadata(file, header, Caches.STANDARD, () -> true)) {
      metadata.locked(() -> {
        metadata.map.growL1(g.l1Entries(size));
        return true;
      });
      metadata.commit.settle();
      header.size = size;
      header.writeWhole(file);
      if (o.preallocation() != Preallocation.OFF) {
        Preallocate.range(metadata, 0, size, o.preallocation());
      }
      metadata.commit.close();
    }
  }

  private static void refuseNonsense(Creation o) {
    if (Long.bitCount(o.clusterSize()) != 1 || o.clusterSize() < 512 || o.clusterSize() > 2 << 20) {
      throw BlockException.invalid("Cluster size must be a power of two between 512 and 2048k");
    }
    if (o.refcountBits() < 1 || o.refcountBits() > 64 || Integer.bitCount(o.refcountBits()) != 1) {
      throw BlockException.invalid(
          "Refcount width must be a power of two and may not exceed 64 bits");
    }
    if (o.old()) {
      if (o.refcountBits() != 16) {
        throw BlockException.invalid(
            "Different refcount widths than 16 bits require compatibility level 1.1 or above (use"
                + " version=v3 or greater)");
      }
      if (o.lazyRefcounts()) {
        throw BlockException.invalid(
            "Lazy refcounts only supported with compatibility level 1.1 and above (use version=v3 or"
                + " greater)");
      }
      if (o.extendedL2()) {
        throw BlockException.invalid(
            "Extended L2 entries are only supported with compatibility level 1.1 and above (use"
                + " version=v3 or greater)");
      }
      if (o.compressionType() != CompressionType.ZLIB) {
        throw BlockException.invalid(
            "Non-zlib compression type is only supported with compatibility level 1.1 and above (use"
                + " version=v3 or greater)");
      }
    }
    if (o.extendedL2() && o.clusterSize() < 16384) {
      throw BlockException.invalid(
          "Extended L2 entries are only supported with cluster sizes of at least 16384 bytes");
    }
    if (o.backingFile() != null && o.preallocation() != Preallocation.OFF && !o.extendedL2()) {
      throw BlockException.invalid(
          "Backing file and preallocation can only be used at the same time if extended_l2 is"
              + " enabled");
    }
  }

  private static Header header(Creation o) {
    Header header = new Header();
    header.version = o.old() ? 2 : 3;
    header.clusterBits = Long.numberOfTrailingZeros(o.clusterSize());
    header.refcountOrder = Integer.numberOfTrailingZeros(o.refcountBits());
    header.refcountTableOffset = o.clusterSize();
    header.refcountTableClusters = 1;
    header.incompatible |= o.extendedL2() ? Header.EXTENDED_L2 : 0;
    header.compatible |= o.lazyRefcounts() ? Header.LAZY_REFCOUNTS : 0;
    if (o.compressionType() == CompressionType.ZSTD) {
      header.incompatible |= Header.COMPRESSION_TYPE;
      header.compressionType = 1;
    }
    header.backingFile = o.backingFile();
    header.setExtension(Header.EXTENSION_BACKING_FORMAT, o.backingFmt());
    if (header.version == 3 && o.clusterSize() > 512) { // the smallest has no room for it
      header.extensions.add(Header.featureNames());
    }
    return header;
  }

  /** Header, table of counts and its first block: each counted once. */
  private static void writeFirstCounts(BlockNode file, Geometry g) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocate(g.clusterSize());
      table.set(TableCache.LONG, 0, 2L << g.clusterBits());
      file.write(g.clusterSize(), table);
      MemorySegment block = arena.allocate(g.clusterSize());
      for (int i = 0; i < 3; i++) {
        Refcounts.count(block, i, g.refcountOrder(), 1);
      }
      file.write(2L << g.clusterBits(), block);
    }
  }

  @Override
  public Measure measure(long size, long data, Creation o) {
    refuseNonsense(o);
    Geometry g = header(o).geometry();
    long tables = g.clusters(g.clusters(size) * g.entrySize());
    long rest = 1 + tables + g.clusters(g.l1Entries(size) * 8);
    long counted = g.clusters(size) + rest;
    long blocks = 0;
    long table = 0;
    for (long before = -1; before != blocks + table; ) {
      before = blocks + table;
      long perBlock = 1L << g.refcountBlockBits();
      blocks = (counted + before + perBlock - 1) / perBlock;
      table = g.clusters(blocks * 8);
    }
    long metadata = (rest + blocks + table) << g.clusterBits();
    long all = g.clusters(size) << g.clusterBits();
    boolean there =
        o.preallocation() == Preallocation.FALLOC || o.preallocation() == Preallocation.FULL;
    return new Measure(metadata + (there ? all : Math.min(data, all)), metadata + all);
  }

  @Override
  public long measureBitmaps(BlockNode source, Creation o) {
    boolean both = !o.old() && source instanceof Qcow2Node image && image.header.version == 3;
    return both ? StoredBitmaps.room(source, (int) o.clusterSize()) : -1;
  }

  @Override
  public long measureUnit(Creation o) {
    return o.clusterSize();
  }
}
