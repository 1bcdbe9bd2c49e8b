package dev.kasuari.block.filter;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/** {@code copy-on-read}: what is read from a backing file is in the image afterwards. */
public final class CopyOnReadDriver extends FilterDriver<CopyOnReadDriver.CopyOnRead> {
  /**
   * How far.
   *
   * @param bottom the node of the chain down to which, itself included, is copied; all if left out
   */
  @Options
  public record CopyOnRead(@Nullable String bottom) {}

  /** The driver. */
  public CopyOnReadDriver() {
    super(
        "copy-on-read",
        "copies what is read from backing files into the image",
        CopyOnReadDriverCopyOnReadCodec.CODEC,
        "file");
  }

  @Override
  public BlockNode open(CopyOnRead options, Opening opening) {
    BlockNode file = opening.filtered("file");
    if (!opening.access().writable()) {
      throw BlockException.invalid("Can't use copy-on-read on read-only device");
    }
    BlockNode base = null;
    if (options.bottom() != null) {
      BlockNode bottom = opening.graph().find(options.bottom());
      if (bottom == null) {
        throw new OptionException("Bottom node '" + options.bottom() + "' not found");
      }
      base = bottom.behind();
    }
    return new CopyOnReadNode(opening, file, base);
  }
}
