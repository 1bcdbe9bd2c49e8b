package dev.kasuari.block;

import dev.kasuari.host.HostException;

/**
 * An operation on an image that failed: what, where, and a kind that has the meaning of an error
 * number. The message is for people and is complete; {@link #in} puts what was attempted before it.
 */
public final class BlockException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What went wrong, with the sentence that the C library has for the like. */
  public enum Kind {
    /** The storage failed. */
    IO_ERROR("Input/output error"),
    /** The storage is full. */
    NO_SPACE("No space left on device"),
    /** It must not be written. */
    READ_ONLY("Operation not permitted"),
    /** Whoever asks may not. */
    PERMISSION("Permission denied"),
    /** An argument, or what an image says of itself, makes no sense. */
    INVALID("Invalid argument"),
    /** There is no such operation, or not for this image. */
    NOT_SUPPORTED("Operation not supported"),
    /** There is no such file. */
    NOT_FOUND("No such file or directory"),
    /** Others use it in a way that does not go with this one. */
    BUSY("Resource temporarily unavailable"),
    /** There is one already. */
    EXISTS("File exists"),
    /** A number is too large. */
    TOO_LARGE("File too large"),
    /** The image contradicts itself. */
    CORRUPT("Input/output error");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    /** The sentence. */
    public String text() {
      return text;
    }
  }

  private final Kind kind;

  /** A failure with a message of its own. */
  public BlockException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  private BlockException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What the host's failure means for an image. */
  public static BlockException of(HostException e) {
    Kind kind =
        switch (e.errno().symbol()) {
          case "ENOSPC", "EDQUOT" -> Kind.NO_SPACE;
          case "EFBIG" -> Kind.TOO_LARGE;
          case "EROFS", "EPERM" -> Kind.READ_ONLY;
          case "EACCES" -> Kind.PERMISSION;
          case "ENOENT", "ENOTDIR" -> Kind.NOT_FOUND;
          case "EEXIST" -> Kind.EXISTS;
          case "EINVAL" -> Kind.INVALID;
          case "EAGAIN", "EBUSY", "ETXTBSY" -> Kind.BUSY;
          default -> e.errno().notSupported() ? Kind.NOT_SUPPORTED : Kind.IO_ERROR;
        };
    return new BlockException(kind, e.errno().text(), e);
  }

  /** An image that contradicts itself. */
  public static BlockException corrupt(String message) {
    return new BlockException(Kind.CORRUPT, message);
  }

  /** Arguments, or an image, that make no sense. */
  public static BlockException invalid(String message) {
    return new BlockException(Kind.INVALID, message);
  }

  /** Something that this kind of node does not do. */
  public static BlockException notSupported(String message) {
    return new BlockException(Kind.NOT_SUPPORTED, message);
  }

  /** The same failure, with what was attempted before it: {@code Could not open 'x': …}. */
  public BlockException in(String attempt) {
    return new BlockException(kind, attempt + ": " + getMessage(), this);
  }

  /** What went wrong. */
  public Kind kind() {
    return kind;
  }
}
