package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;

/**
 * What becomes of clusters of the file that the image does not need any more. Source: QEMU's "QMP
 * reference", {@code BlockdevOptionsQcow2}.
 *
 * @param request of what a guest discarded or made zero: whether the file's room is given back
 * @param snapshot of a snapshot that was deleted
 * @param other of anything else: bytes that were written elsewhere, tables
 * @param kept clusters that a guest discards stay the image's, so that they are written there again
 */
record Discards(boolean request, boolean snapshot, boolean other, boolean kept) {
  /** Why a cluster is not needed any more. */
  enum Reason {
    REQUEST,
    SNAPSHOT,
    OTHER
  }

  static final Discards STANDARD = new Discards(true, true, false, false);

  /**
   * What a user wants.
   *
   * @throws BlockException if the image cannot say that a cluster is zero and there
   */
  static Discards of(Qcow2Driver.Qcow2 options, Header header) {
    boolean kept = or(options.discardNoUnref(), false);
    if (kept && header.version < 3) {
      throw BlockException.invalid("discard-no-unref is only supported since qcow2 version 3");
    }
    return new Discards(
        or(options.passDiscardRequest(), STANDARD.request),
        or(options.passDiscardSnapshot(), STANDARD.snapshot),
        or(options.passDiscardOther(), STANDARD.other),
        kept);
  }

  private static boolean or(@org.jspecify.annotations.Nullable Boolean said, boolean otherwise) {
    return said == null ? otherwise : said;
  }

  /** True if the file's room is given back. */
  boolean passes(Reason reason) {
    return switch (reason) {
      case REQUEST -> request;
      case SNAPSHOT -> snapshot;
      case OTHER -> other;
    };
  }
}
