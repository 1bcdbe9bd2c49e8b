package dev.kasuari.block.qcow2;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import dev.kasuari.block.Child;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Making;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.crypto.EncryptedBytes;
import dev.kasuari.block.luks.Area;
import dev.kasuari.block.luks.Luks;
import dev.kasuari.block.luks.LuksOptions;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
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
   * @param encrypt How it is encrypted
   * @param clusterSize qcow2 cluster size
   * @param extendedL2 Extended L2 tables
   * @param preallocation Preallocation mode (allowed values: off, metadata, falloc, full)
   * @param compressionType Compression method used for image cluster compression
   * @param compat Compatibility level (v2 [0.10] or v3 [1.1])
   * @param backingFile File name of a base image
   * @param backingFmt Image format of the base image
   * @param dataFile File name of an external data file
   * @param dataFileRaw The external data file must stay valid as a raw image
   * @param lazyRefcounts Postpone refcount updates
   * @param refcountBits Width of a reference count entry in bits
   */
  @Options
  record Creation(
      @Nullable Encrypt encrypt,
      @Options.Name("cluster_size") @Options.Default("64K") @Options.Size long clusterSize,
      @Options.Name("extended_l2") @Options.Default("off") boolean extendedL2,
      @Options.Default("off") Preallocation preallocation,
      @Options.Name("compression_type") @Options.Default("zlib") CompressionType compressionType,
      @Options.Default("1.1") Compat compat,
      @Options.Name("backing_file") @Nullable String backingFile,
      @Options.Name("backing_fmt") @Nullable String backingFmt,
      @Options.Name("data_file") @Nullable String dataFile,
      @Options.Name("data_file_raw") @Nullable Boolean dataFileRaw,
      @Options.Name("lazy_refcounts") @Options.Default("off") boolean lazyRefcounts,
      @Options.Name("refcount_bits") @Options.Default("16") int refcountBits) {
    boolean raw() {
      return dataFileRaw != null && dataFileRaw;
    }

    Preallocation effective() {
      // What shows through where there is no entry would not be what the data file has.
      return raw() && preallocation == Preallocation.OFF ? Preallocation.METADATA : preallocation;
    }

    boolean old() {
      return compat == Compat.V0_10 || compat == Compat.V2;
    }
  }

  /** How bytes are encrypted. */
  enum EncryptionFormat {
    /** The password is the key: for old images only. */
    AES,
    /** With a header of LUKS version 1. */
    LUKS
  }

  /**
   * How an image is encrypted.
   *
   * @param format Encrypt the image, format choices: 'aes', 'luks'
   * @param keySecret ID of secret providing qcow AES key or LUKS passphrase
   * @param cipherAlg Name of encryption cipher algorithm
   * @param cipherMode Name of encryption cipher mode
   * @param ivgenAlg Name of IV generator algorithm
   * @param ivgenHashAlg Name of IV generator hash algorithm
   * @param hashAlg Name of encryption hash algorithm
   * @param iterTime Time to spend in PBKDF in milliseconds
   */
  @Options
  record Encrypt(
      EncryptionFormat format,
      @Nullable String keySecret,
      @Nullable String cipherAlg,
      @Nullable String cipherMode,
      @Nullable String ivgenAlg,
      @Nullable String ivgenHashAlg,
      @Nullable String hashAlg,
      @Nullable Long iterTime) {
    Luks.Making making() {
      return new LuksOptions(cipherAlg, cipherMode, ivgenAlg, ivgenHashAlg, hashAlg, iterTime)
          .making();
    }

    byte[] password(Making making) {
      if (keySecret == null) {
        throw BlockException.invalid("Parameter 'encrypt.key-secret' is required for cipher");
      }
      return making.secrets().get(keySecret);
    }
  }

  @Override
  public OptionCodec<Creation> options() {
    return Qcow2CreatorCreationCodec.CODEC;
  }

  @Override
  public void create(BlockNode file, long size, Creation o) {
    if (o.encrypt() != null || o.dataFile() != null) {
      throw BlockException.notSupported("An image with secrets or a data file cannot be made here");
    }
    refuseNonsense(o);
    create(null, file, null, size, o);
  }

  @Override
  public void create(Making making, BlockNode file, long size, Creation o) {
    refuseNonsense(o);
    if (o.dataFile() == null) {
      create(making, file, null, size, o);
      return;
    }
    BlockGraph graph = making.graph();
    Child data = dataFile(graph, o.dataFile());
    try {
      data.node().truncate(0, Preallocation.OFF);
      data.node().truncate(size, Preallocation.OFF);
      create(making, file, data.node(), size, o);
      data.node().flush();
    } finally {
      graph.release(data);
    }
  }

  private static Child dataFile(BlockGraph graph, String name) {
    try {
      if (!Files.exists(Path.of(name))) {
        Files.createFile(Path.of(name));
      }
    } catch (IOException e) {
      throw new BlockException(
          BlockException.Kind.IO_ERROR, "Could not create '" + name + "': " + e.getMessage());
    }
    Access access = Access.write();
    BlockNode node = graph.openFile("", name, "file", access);
    return graph.use("create", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
  }

  private static void create(
      @Nullable Making making,
      BlockNode file,
      @Nullable BlockNode dataFile,
      long size,
      Creation o) {
    Header header = header(o);
    Geometry g = header.geometry();
    if (g.l1Entries(size) * 8 > HeaderCheck.MAX_L1_BYTES) {
      throw new BlockException(
          BlockException.Kind.TOO_LARGE,
          "The image size is too large for file format 'qcow2' (try using a larger cluster size)");
    }
    writeFirstCounts(file, g);
    header.writeWhole(file);
    Encrypt encrypt = o.encrypt();
    header.cryptMethod = encrypt == null ? 0 : encrypt.format().ordinal() + 1;
    // The key is not needed: what is made reads as zero without a byte of data.
    EncryptedBytes key = null;
    GuestData data = GuestData.of(header, file, dataFile, Encryption.kind(header), key);
    try (Metadata metadata = new Metadata(file, header, data, Caches.STANDARD, () -> true)) {
      metadata.locked(() -> {
        metadata.map.growL1(g.l1Entries(size));
        return true;
      });
      if (encrypt != null && making != null) {
        encrypt(metadata, encrypt, encrypt.password(making));
      }
      metadata.commit.settle();
      header.size = size;
      header.writeWhole(file);
      if (o.effective() != Preallocation.OFF) {
        Preallocate.range(metadata, 0, size, o.effective());
      }
      metadata.commit.close();
    }
  }

  /** Puts a header with keys into the image. */
  private static void encrypt(Metadata metadata, Encrypt encrypt, byte[] password) {
    if (encrypt.format() == EncryptionFormat.AES) {
      return;
    }
    Luks.Making how = encrypt.making();
    Geometry g = metadata.g;
    long clusters = g.clusters(how.bytes());
    long offset = metadata.locked(() -> metadata.refcounts.allocate(clusters)).offset();
    metadata.file.writeZeroes(offset, clusters << g.clusterBits(), true);
    byte[] _ = Luks.create(new Area(metadata.file, offset, how.bytes()), how, password, false);
    metadata.header.setExtensionBytes(
        Header.EXTENSION_ENCRYPTION, Encryption.extension(offset, how.bytes()));
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
    if (o.dataFile() != null && o.old()) {
      throw BlockException.invalid(
          "External data files are only supported with compatibility level 1.1 and above (use"
              + " version=v3 or greater)");
    }
    if (o.raw() && o.dataFile() == null) {
      throw BlockException.invalid("data-file-raw requires data-file");
    }
    if (o.raw() && o.backingFile() != null) {
      throw BlockException.invalid(
          "Backing file and data-file-raw cannot be used at the same time");
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
    if (o.dataFile() != null) {
      header.incompatible |= Header.EXTERNAL_DATA;
      header.autoclear |= o.raw() ? Header.RAW_EXTERNAL : 0;
      header.setExtension(Header.EXTENSION_DATA_FILE, o.dataFile());
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
      MemorySegment table = Buffers.small(arena, g.clusterSize());
      table.set(TableCache.LONG, 0, 2L << g.clusterBits());
      file.write(g.clusterSize(), table);
      MemorySegment block = Buffers.small(arena, g.clusterSize());
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
    Encrypt encrypt = o.encrypt();
    boolean keys = encrypt != null && encrypt.format() == EncryptionFormat.LUKS;
    long header = encrypt != null && keys ? g.clusters(encrypt.making().bytes()) : 0;
    long rest = 1 + tables + g.clusters(g.l1Entries(size) * 8) + header;
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
