package dev.kasuari.block.qed;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/** Makes images. */
final class QedCreator implements ImageCreator<QedCreator.Creation> {
  private static final int TABLE_CLUSTERS = 4;

  /**
   * How an image is made.
   *
   * @param backingFile File name of a base image
   * @param backingFmt Image format of the base image
   * @param clusterSize Cluster size (in bytes)
   * @param tableSize L1/L2 table size (in clusters)
   */
  @Options
  record Creation(
      @Options.Name("backing_file") @Nullable String backingFile,
      @Options.Name("backing_fmt") @Nullable String backingFmt,
      @Options.Name("cluster_size") @Options.Default("64K") @Options.Size long clusterSize,
      @Options.Name("table_size") @Options.Size @Nullable Long tableSize) {}

  @Override
  public OptionCodec<Creation> options() {
    return QedCreatorCreationCodec.CODEC;
  }

  @Override
  public void create(BlockNode file, long size, Creation o) {
    Header header = new Header();
    header.clusterSize = (int) Math.min(o.clusterSize(), Integer.MAX_VALUE);
    long table = o.tableSize() == null ? TABLE_CLUSTERS : o.tableSize();
    header.tableClusters = (int) Math.min(table, Integer.MAX_VALUE);
    header.refuseGeometry();
    if (size > header.most()) {
      throw BlockException.invalid(
          "QED image size must be a non-zero multiple of cluster size and less than "
              + header.most()
              + " bytes");
    }
    header.l1Offset = header.clusterSize;
    header.size = size;
    header.backing(o.backingFile(), o.backingFmt());
    file.writeZeroes(0, header.clusterSize + header.tableBytes(), true);
    header.write(file);
    file.flush();
  }
}
