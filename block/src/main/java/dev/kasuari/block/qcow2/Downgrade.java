package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import java.util.function.Predicate;

/** Makes version 2 of an image of version 3, if nothing in it needs version 3. */
final class Downgrade {
  private final Qcow2Node image;
  private final Header header;
  private final Geometry g;

  Downgrade(Qcow2Node image) {
    this.image = image;
    header = image.header;
    g = image.g;
  }

  /**
   * Refuses what version 2 cannot say.
   *
   * @param size that the disk will have
   */
  void refuseImpossible(long size) {
    long hard = header.incompatible & ~(Header.DIRTY | Header.CORRUPT | Header.COMPRESSION_TYPE);
    if ((hard & Header.EXTERNAL_DATA) != 0) {
      throw BlockException.notSupported("Cannot downgrade an image with a data file");
    }
    refuseSnapshots(size);
    if (header.has(Header.COMPRESSION_TYPE) && any(Cluster::compressed)) {
      throw BlockException.notSupported(
          "Cannot downgrade an image with zstd compression type and existing compressed clusters");
    }
    if (hard != 0) {
      throw BlockException.notSupported(
          "Cannot downgrade an image with incompatible features 0x"
              + Long.toHexString(hard)
              + " set");
    }
    if (!image.bitmaps().persistent().isEmpty()) {
      throw BlockException.notSupported("an image with dirty bitmaps cannot be downgraded");
    }
  }

  private void refuseSnapshots(long size) {
    for (Snapshots.Entry snapshot : image.internalSnapshots().entries()) {
      if (snapshot.diskSize() != size || snapshot.vmState() > 0xffff_ffffL) {
        throw BlockException.notSupported("Internal snapshots prevent downgrade of image");
      }
      // Of the image they would become data or nothing; what snapshots have stays as it is.
      if (any(image.internalSnapshots().table(snapshot), cluster -> cluster.zero() != 0)) {
        throw BlockException.notSupported(
            "an image with zeroes in its snapshots cannot be downgraded");
      }
    }
  }

  private boolean any(Predicate<Cluster> wanted) {
    return any(image.map.l1(), wanted)
        || image.internalSnapshots().entries().stream()
            .anyMatch(s -> any(image.internalSnapshots().table(s), wanted));
  }

  private boolean any(long[] l1, Predicate<Cluster> wanted) {
    image.commit.flush();
    boolean[] found = new boolean[1];
    for (int i = 0; i < l1.length && !found[0]; i++) {
      long table = l1[i] & Geometry.OFFSET_MASK;
      if (table != 0) {
        Tables.forEach(image.file, g, table, (index, c) -> found[0] |= wanted.test(c));
      }
    }
    return found[0];
  }

  /** Says so in the header; version 2 has no clusters that are zero any more. */
  void run() {
    header.version = 2;
    header.compatible = 0;
    header.autoclear = 0;
    header.incompatible = 0;
    header.compressionType = 0;
    header.extensions.removeIf(e -> e.type() == Header.EXTENSION_FEATURES);
  }
}
