package dev.kasuari.img.io;

/** Ends a command: a line for people, on one stream or the other. */
final class IoException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final boolean complaint;

  private IoException(String message, boolean complaint) {
    super(message);
    this.complaint = complaint;
  }

  /** A result that is not good. */
  static IoException result(String message) {
    return new IoException(message, false);
  }

  /** A complaint about how the program was used. */
  static IoException complaint(String message) {
    return new IoException(message, true);
  }

  /** The command's line of help is to be shown. */
  static IoException usage() {
    return new IoException("", false);
  }

  boolean complains() {
    return complaint;
  }
}
