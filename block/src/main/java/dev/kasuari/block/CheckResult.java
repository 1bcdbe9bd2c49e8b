package dev.kasuari.block;

/**
 * What a look at all of an image's metadata found.
 *
 * @param corruptions contradictions that are still there
 * @param leaks clusters that are counted as used and are not, still
 * @param corruptionsFixed contradictions that are no more
 * @param leaksFixed leaks that are no more
 * @param endOffset where the last cluster in use ends, in the file
 * @param totalClusters of the disk
 * @param allocatedClusters of the disk, with bytes in the image
 * @param fragmentedClusters of these, not behind the one before
 * @param compressedClusters of these, compressed
 * @param checkErrors what could not be looked at, as it could not be read
 */
public record CheckResult(
    long corruptions,
    long leaks,
    long corruptionsFixed,
    long leaksFixed,
    long endOffset,
    long totalClusters,
    long allocatedClusters,
    long fragmentedClusters,
    long compressedClusters,
    long checkErrors) {

  /** Of an image all of whose metadata could be read. */
  public CheckResult(
      long corruptions,
      long leaks,
      long corruptionsFixed,
      long leaksFixed,
      long endOffset,
      long totalClusters,
      long allocatedClusters,
      long fragmentedClusters,
      long compressedClusters) {
    this(
        corruptions,
        leaks,
        corruptionsFixed,
        leaksFixed,
        endOffset,
        totalClusters,
        allocatedClusters,
        fragmentedClusters,
        compressedClusters,
        0);
  }

  /** What is mended. */
  public enum Repair {
    /** Nothing. */
    NONE,
    /** Leaks. */
    LEAKS,
    /** All that can be. */
    ALL
  }
}
