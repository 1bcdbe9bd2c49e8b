package dev.kasuari.hw.scsi;

import org.jspecify.annotations.Nullable;

/** A command that cannot be done. Carries no stack trace, for it is no bug of ours. */
final class ScsiFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Sense sense;

  private ScsiFailure(@Nullable Sense sense) {
    super(sense == null ? "overrun" : sense.toString(), null, false, false);
    this.sense = sense;
  }

  /** The command ends with CHECK CONDITION. */
  static ScsiFailure of(Sense sense) {
    return new ScsiFailure(sense);
  }

  /** The command names more bytes than its initiator has given room for. */
  static ScsiFailure overrun() {
    return new ScsiFailure(null);
  }

  /** The reason, or null for an overrun. */
  @Nullable Sense sense() {
    return sense;
  }
}
