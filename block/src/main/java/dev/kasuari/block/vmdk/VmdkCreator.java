package dev.kasuari.block.vmdk;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Filenames;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.OtherImage;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes images. */
final class VmdkCreator implements ImageCreator<VmdkCreator.Creation> {
  private static final long SPLIT = 1L << 31;

  /** How the disk is divided into files. */
  enum Subformat {
    @Options.Name("monolithicSparse")
    MONOLITHIC_SPARSE("monolithicSparse", false, false),
    @Options.Name("monolithicFlat")
    MONOLITHIC_FLAT("monolithicFlat", true, false),
    @Options.Name("twoGbMaxExtentSparse")
    TWO_GB_SPARSE("twoGbMaxExtentSparse", false, true),
    @Options.Name("twoGbMaxExtentFlat")
    TWO_GB_FLAT("twoGbMaxExtentFlat", true, true),
    @Options.Name("streamOptimized")
    STREAM_OPTIMIZED("streamOptimized", false, false);

    private final String type;
    private final boolean flat;
    private final boolean split;

    Subformat(String type, boolean flat, boolean split) {
      this.type = type;
      this.flat = flat;
      this.split = split;
    }
  }

  /** What a virtual machine shall have the disk at. */
  enum AdapterType {
    @Options.Name("ide")
    IDE("ide"),
    @Options.Name("buslogic")
    BUSLOGIC("buslogic"),
    @Options.Name("lsilogic")
    LSILOGIC("lsilogic"),
    @Options.Name("legacyESX")
    LEGACY_ESX("legacyESX");

    private final String word;

    AdapterType(String word) {
      this.word = word;
    }
  }

  /**
   * How an image is made.
   *
   * @param adapterType Virtual adapter type, can be one of ide (default), lsilogic, buslogic or
   *     legacyESX
   * @param backingFile File name of a base image
   * @param backingFmt Must be 'vmdk' if present
   * @param compat6 VMDK version 6 image
   * @param hwversion VMDK hardware version
   * @param toolsversion VMware guest tools version
   * @param subformat VMDK flat extent format, can be one of {monolithicSparse (default) |
   *     monolithicFlat | twoGbMaxExtentSparse | twoGbMaxExtentFlat | streamOptimized}
   * @param zeroedGrain Enable efficient zero writes using the zeroed-grain GTE feature
   */
  @Options
  record Creation(
      @Options.Name("adapter_type") @Nullable AdapterType adapterType,
      @Options.Name("backing_file") @Nullable String backingFile,
      @Options.Name("backing_fmt") @Nullable String backingFmt,
      @Options.Default("off") boolean compat6,
      @Options.Default("undefined") String hwversion,
      @Nullable String toolsversion,
      @Nullable Subformat subformat,
      @Options.Name("zeroed_grain") @Nullable Boolean zeroedGrain) {
    Subformat format() {
      return subformat == null ? Subformat.MONOLITHIC_SPARSE : subformat;
    }

    String adapter() {
      return adapterType == null ? "ide" : adapterType.word;
    }

    boolean zeroed() {
      return zeroedGrain != null && zeroedGrain;
    }
  }

  @Override
  public OptionCodec<Creation> options() {
    return VmdkCreatorCreationCodec.CODEC;
  }

  @Override
  public void create(BlockNode file, long size, Creation o) {
    refuseNonsense(size, o);
    String path = file.filename();
    String base = path.substring(path.lastIndexOf('/') + 1);
    var lines = new ArrayList<String>();
    boolean alone = !o.format().flat && !o.format().split;
    if (alone) {
      lines.add("RW %d SPARSE \"%s\"".formatted(size / 512, base));
    } else {
      makeExtents(file, size, o, lines);
    }
    byte[] text = descriptor(file, size, o, lines).getBytes(StandardCharsets.UTF_8);
    if (alone) {
      SparseHeader header = header(size, o);
      if (text.length > header.descriptorSize() * SparseHeader.SECTOR) {
        throw BlockException.invalid("vmdk: the descriptor does not fit into its place");
      }
      header.writeEmpty(file);
      FileBytes.write(file, header.descriptorOffset() * SparseHeader.SECTOR, text);
    } else {
      FileBytes.write(file, 0, text);
      file.truncate(text.length, Preallocation.OFF);
    }
    file.flush();
  }

  private static void refuseNonsense(long size, Creation o) {
    boolean versioned = !o.hwversion().equals("undefined");
    if (o.compat6() && versioned) {
      throw BlockException.invalid("compat6 cannot be enabled with hwversion set");
    }
    if (o.format().flat && o.backingFile() != null) {
      throw BlockException.notSupported("Flat image can't have backing file");
    }
    if (o.format().flat && o.zeroed()) {
      throw BlockException.notSupported("Flat image can't enable zeroed grain");
    }
    if (o.backingFmt() != null && !o.backingFmt().equals("vmdk")) {
      throw BlockException.invalid("backing_file must be a vmdk image");
    }
    if (size <= 0) {
      throw BlockException.invalid("vmdk: a disk of no sectors");
    }
  }

  private static SparseHeader header(long size, Creation o) {
    boolean stream = o.format() == Subformat.STREAM_OPTIMIZED;
    return SparseHeader.create(size / 512, stream, o.zeroed());
  }

  private static void makeExtents(BlockNode file, long size, Creation o, List<String> lines) {
    String path = file.filename();
    String stem = path.endsWith(".vmdk") ? path.substring(0, path.length() - 5) : path;
    String format = o.format().flat ? (o.format().split ? "-f%03d" : "-flat") : "-s%03d";
    long each = o.format().split ? SPLIT : size;
    int number = 1;
    for (long at = 0; at < size; at += each) {
      long length = Math.min(each, size - at);
      String name = stem + format.formatted(number++) + ".vmdk";
      lines.add(
          "RW %d %s \"%s\"%s"
              .formatted(
                  length / 512,
                  o.format().flat ? "FLAT" : "SPARSE",
                  name.substring(name.lastIndexOf('/') + 1),
                  o.format().flat ? " 0" : ""));
      withFile(
          name,
          extent -> {
            if (o.format().flat) {
              extent.truncate(length, Preallocation.OFF);
            } else {
              header(length, o).writeEmpty(extent);
            }
            extent.flush();
          });
    }
  }

  /** Makes a file beside the image. */
  private static void withFile(String name, Consumer<BlockNode> work) {
    try {
      if (!Files.exists(Path.of(name))) {
        Files.createFile(Path.of(name));
      }
    } catch (IOException e) {
      throw new BlockException(
          BlockException.Kind.IO_ERROR, "Could not create '" + name + "': " + e.getMessage());
    }
    Access access = Access.write().withCache(true, false);
    OtherImage.with(
        name,
        "file",
        access,
        extent -> {
          extent.truncate(0, Preallocation.OFF);
          work.accept(extent);
        });
  }

  private static String descriptor(BlockNode file, long size, Creation o, List<String> lines) {
    int heads = o.adapter().equals("ide") ? 16 : 255;
    String hardware = o.compat6() ? "6" : o.hwversion().equals("undefined") ? "4" : o.hwversion();
    var ddb =
        new Descriptor.Ddb(
            hardware,
            size / (63L * heads * 512),
            heads,
            o.adapter(),
            o.toolsversion() == null ? "2147483647" : o.toolsversion());
    int cid = ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE);
    String parent = o.backingFile();
    long parentCid = parent == null ? Descriptor.NO_PARENT : parentCid(file, parent);
    return Descriptor.text(cid, parentCid, o.format().type, parent, lines, ddb);
  }

  private static long parentCid(BlockNode file, String name) {
    long[] cid = new long[1];
    OtherImage.with(
        Filenames.relativeTo(file.filename(), name),
        null,
        Access.read().withBacking(false),
        node -> {
          if (!(node instanceof VmdkNode parent)) {
            throw BlockException.invalid("Invalid backing file format: not vmdk");
          }
          cid[0] = parent.cid();
        });
    return cid[0];
  }
}
