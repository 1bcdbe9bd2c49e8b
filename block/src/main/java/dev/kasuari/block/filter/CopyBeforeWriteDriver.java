package dev.kasuari.block.filter;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Permission;
import dev.kasuari.qapi.Options;

/** {@code copy-before-write}: keeps elsewhere what a disk was when the node was opened. */
public final class CopyBeforeWriteDriver
    extends FilterDriver<CopyBeforeWriteDriver.CopyBeforeWrite> {
  /**
   * How.
   *
   * @param onCbwError what is broken where a copy fails
   */
  @Options
  public record CopyBeforeWrite(
      @Options.Default("break-guest-write") CopyBeforeWriteNode.OnError onCbwError) {}

  /** The driver. */
  public CopyBeforeWriteDriver() {
    super(
        "copy-before-write",
        "keeps in a target what was there before it is overwritten",
        CopyBeforeWriteDriverCopyBeforeWriteCodec.CODEC,
        "file",
        "target");
  }

  @Override
  public BlockNode open(CopyBeforeWrite options, Opening opening) {
    BlockNode file = opening.filtered("file");
    Access how = opening.access().withWritable(true);
    BlockNode target =
        opening.child(
            "target",
            how,
            Permission.of(Permission.CONSISTENT_READ, Permission.WRITE),
            Permission.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED));
    if (target.size() != file.size()) {
      throw BlockException.invalid("Source and target image have different sizes");
    }
    return new CopyBeforeWriteNode(opening, file, target, options.onCbwError());
  }
}
