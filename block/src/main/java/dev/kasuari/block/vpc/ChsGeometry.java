package dev.kasuari.block.vpc;

/**
 * Cylinders, heads and sectors of a disk (Virtual Hard Disk Image Format Specification 1.0,
 * "Appendix: CHS Calculation").
 */
record ChsGeometry(int cylinders, int heads, int sectors) {
  static final ChsGeometry LARGEST = new ChsGeometry(65535, 16, 255);

  /** Sectors in all. */
  long total() {
    return (long) cylinders * heads * sectors;
  }

  /** The geometry that a disk of so many sectors has; it may be a little smaller. */
  static ChsGeometry of(long totalSectors) {
    long total = Math.min(totalSectors, LARGEST.total());
    if (total > 65535L * 16 * 63) {
      return new ChsGeometry((int) (total / 255 / 16), 16, 255);
    }
    int sectors = 17;
    long tracks = total / sectors;
    int heads = (int) Math.max(4, (tracks + 1023) / 1024);
    if (tracks >= heads * 1024L || heads > 16) {
      sectors = 31;
      heads = 16;
      tracks = total / sectors;
    }
    if (tracks >= heads * 1024L) {
      sectors = 63;
      heads = 16;
      tracks = total / sectors;
    }
    return new ChsGeometry((int) (tracks / heads), heads, sectors);
  }

  /** The smallest geometry with at least so many sectors, or the largest. */
  static ChsGeometry atLeast(long totalSectors) {
    ChsGeometry geometry = of(totalSectors);
    for (long more = 0; geometry.total() < totalSectors && !geometry.equals(LARGEST); more++) {
      geometry = of(totalSectors + more);
    }
    return geometry;
  }
}
