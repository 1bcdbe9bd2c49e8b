package dev.kasuari.host;

/**
 * A call of the operating system that failed. The message names the call with its arguments, the
 * error's symbol and its sentence: {@code mmap(length=1073741824): ENOMEM: Cannot allocate memory}.
 */
public final class HostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final transient Errno errno;

  HostException(String call, Errno errno) {
    super(call + ": " + errno);
    this.call = call;
    this.errno = errno;
  }

  /** The call with its arguments. */
  public String call() {
    return call;
  }

  /** What it failed with. */
  public Errno errno() {
    return errno;
  }
}
