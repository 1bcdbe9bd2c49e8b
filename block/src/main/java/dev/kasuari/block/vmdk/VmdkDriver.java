package dev.kasuari.block.vmdk;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Opening;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.SparseDisk;
import dev.kasuari.block.table.TablePages;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code vmdk}: images of VMware. */
public final class VmdkDriver implements BlockDriver<VmdkDriver.Vmdk> {
  /**
   * How one is opened.
   *
   * @param foreignExtents whether the image may name files outside of its own folder
   */
  @Options
  public record Vmdk(@Options.Default("off") boolean foreignExtents) {}

  @Override
  public String name() {
    return "vmdk";
  }

  @Override
  public String doc() {
    return "VMware disk: sparse, flat, in one file or several, or compressed";
  }

  @Override
  public OptionCodec<Vmdk> options() {
    return VmdkDriverVmdkCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file", "backing");
  }

  @Override
  public ImageCreator<?> creator() {
    return new VmdkCreator();
  }

  @Override
  public BlockNode open(Vmdk options, Opening opening) {
    BlockNode file = opening.file();
    if (!file.writable()) {
      opening.readOnly();
    }
    boolean sparse =
        FileBytes.read(file, 0, 4, ByteOrder.LITTLE_ENDIAN).getInt(0) == SparseHeader.MAGIC;
    SparseHeader header = sparse ? SparseHeader.read(file) : null;
    Descriptor descriptor = descriptor(file, header);
    BlockNode backing = backing(opening, file, descriptor);
    var parts = new Parts(opening, file, backing, options.foreignExtents());
    try {
      if (header != null) {
        parts.addSparse(file, header, header.capacity() * SparseHeader.SECTOR, "");
      } else {
        descriptor.extents().forEach(parts::add);
      }
      return new VmdkNode(opening, file, descriptor, parts.list, backing);
    } catch (RuntimeException e) {
      parts.list.forEach(part -> part.extent().close());
      throw e;
    }
  }

  private static Descriptor descriptor(BlockNode file, @Nullable SparseHeader header) {
    if (header == null) {
      return Descriptor.read(file, 0, file.size());
    }
    if (header.capacity() == 0) {
      throw BlockException.invalid("vmdk: an extent of no sectors");
    }
    if (header.descriptorOffset() == 0) {
      return new Descriptor(0, Descriptor.NO_PARENT, "monolithicSparse", null, List.of(), -1, -1);
    }
    long offset = header.descriptorOffset() * SparseHeader.SECTOR;
    return Descriptor.read(file, offset, header.descriptorSize() * SparseHeader.SECTOR);
  }

  private static @Nullable BlockNode backing(
      Opening opening, BlockNode file, Descriptor descriptor) {
    if (opening.has("backing")) {
      return opening.backing();
    }
    String name = descriptor.parentName();
    if (name == null || opening.without("backing") || !opening.access().backing()) {
      return null;
    }
    BlockNode backing = opening.backing(file, name, "vmdk");
    if (backing instanceof VmdkNode parent && parent.cid() != descriptor.parentCid()) {
      throw BlockException.invalid(
          "vmdk: '%s' has been changed since this image was made for it (CID %08x, not %08x)"
              .formatted(name, parent.cid(), descriptor.parentCid()));
    }
    return backing;
  }

  /** The extents of an image, one after another. */
  private static final class Parts {
    private final Opening opening;
    private final BlockNode file;
    private final @Nullable BlockNode backing;
    private final boolean foreign;
    private final List<VmdkNode.Part> list = new ArrayList<>();
    private long end;

    Parts(Opening opening, BlockNode file, @Nullable BlockNode backing, boolean foreign) {
      this.opening = opening;
      this.file = file;
      this.backing = backing;
      this.foreign = foreign;
    }

    void add(Descriptor.Line line) {
      long length = line.sectors() * SparseHeader.SECTOR;
      String name = line.file();
      if (line.access().equals("NOACCESS")) {
        throw BlockException.notSupported("vmdk: an extent that is not to be read");
      }
      if (name == null) {
        add(length, line.kind(), file, new VmdkExtent.Zero());
        return;
      }
      BlockNode extent = extent(name);
      switch (line.kind()) {
        case "FLAT", "VMFS" -> {
          long start = line.offset() * SparseHeader.SECTOR;
          if (start > extent.size() - length) {
            throw BlockException.invalid("vmdk: '" + name + "' is shorter than its extent");
          }
          boolean writable = extent.writable() && line.access().equals("RW");
          add(length, line.kind(), extent, new VmdkExtent.Flat(extent, start, writable));
        }
        case "SPARSE" -> addSparse(extent, SparseHeader.read(extent), length, line.kind());
        default ->
            throw BlockException.notSupported("Unsupported extent type '" + line.kind() + "'");
      }
    }

    /** A file that the image names: beside it or below, unless others are allowed. */
    private BlockNode extent(String name) {
      if (!file.driver().equals("file")) {
        throw BlockException.notSupported("vmdk: '" + name + "' beside something that is no file");
      }
      boolean outside = name.startsWith("/") || Arrays.asList(name.split("/", -1)).contains("..");
      if (!foreign && (outside || name.contains(":"))) {
        throw BlockException.invalid(
            "vmdk: the image names '%s', which is outside of its folder; foreign-extents=on allows that"
                .formatted(name));
      }
      return opening.dataFile("extents." + list.size(), file, name);
    }

    void addSparse(BlockNode extent, SparseHeader header, long length, String kind) {
      if (length > header.capacity() * SparseHeader.SECTOR) {
        throw BlockException.invalid("vmdk: an extent that is shorter than the descriptor says");
      }
      boolean writes = opening.access().writable();
      if (writes && (header.version() == 3 && !header.compressed())) {
        throw BlockException.notSupported("VMDK version 3 must be read only");
      }
      if (writes && header.compressed() && header.overhead() == 0) {
        throw BlockException.notSupported("vmdk: a stream that is complete is only read");
      }
      TablePages pages = new TablePages(extent, ByteOrder.LITTLE_ENDIAN);
      GrainTables tables = new GrainTables(extent, header, pages);
      SparseDisk.Behind behind = SparseDisk.behind(backing, end);
      SparseDisk disk = new SparseDisk(extent, header.grainSize(), tables, pages, behind);
      add(length, kind, extent, new VmdkExtent.Sparse(header, disk, tables, length, behind));
    }

    private void add(long length, String kind, BlockNode in, VmdkExtent extent) {
      list.add(new VmdkNode.Part(end, length, kind, in, extent));
      end += length;
      if (end < 0) {
        throw BlockException.invalid("vmdk: a disk of more than 2^63 bytes");
      }
    }
  }
}
