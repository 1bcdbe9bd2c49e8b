package dev.kasuari.block.filter;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.Options;
import java.util.ArrayList;
import java.util.List;

/** {@code quorum}: several nodes with the same bytes, of which enough must agree. */
public final class QuorumDriver extends FilterDriver<QuorumDriver.Quorum> {
  /** Whom a read asks. */
  public enum ReadPattern {
    /** All; what enough of them say is read. */
    QUORUM,
    /** One after the other, until one answers. */
    FIFO
  }

  /**
   * How they decide.
   *
   * @param voteThreshold how many must agree, or must have been written
   * @param blkverify whether of two a difference is an error
   * @param rewriteCorrupted whether what is outvoted is written again
   * @param readPattern whom a read asks
   */
  @Options
  public record Quorum(
      @Options.Range(min = 1, max = 1000) int voteThreshold,
      @Options.Default("off") boolean blkverify,
      @Options.Default("off") boolean rewriteCorrupted,
      @Options.Default("quorum") ReadPattern readPattern) {}

  /** The driver. */
  public QuorumDriver() {
    super(
        "quorum",
        "several nodes with the same bytes, of which enough must agree",
        QuorumDriverQuorumCodec.CODEC,
        "children");
  }

  @Override
  public BlockNode open(Quorum options, Opening opening) {
    List<BlockNode> children = new ArrayList<>();
    for (int i = 0; i < opening.count("children"); i++) {
      children.add(opening.data("children." + i));
    }
    boolean fifo = options.readPattern() == ReadPattern.FIFO;
    if (children.isEmpty()) {
      throw BlockException.invalid("Number of provided children must be 1 or more");
    }
    if (options.voteThreshold() > children.size()) {
      throw BlockException.invalid("threshold may not exceed children count");
    }
    if (options.blkverify() && (children.size() != 2 || options.voteThreshold() != 2)) {
      throw BlockException.invalid(
          "blkverify=on can only be set if there are exactly two files and vote-threshold is 2");
    }
    if (options.rewriteCorrupted() && (options.blkverify() || fifo)) {
      throw BlockException.invalid("rewrite-corrupted=on cannot be used with blkverify=on");
    }
    long size = children.getFirst().size();
    if (children.stream().anyMatch(child -> child.size() != size)) {
      throw BlockException.invalid("the children of a quorum must be of the same size");
    }
    return new QuorumNode(opening, children, options);
  }
}
