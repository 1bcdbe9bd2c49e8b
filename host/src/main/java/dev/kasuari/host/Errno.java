package dev.kasuari.host;

import java.util.Map;

/**
 * An error number of the C library.
 *
 * @param number the value of {@code errno}; the numbers are the host's
 */
public record Errno(int number) {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int EBADF = 9;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EEXIST = 17;
  public static final int EINVAL = 22;
  public static final int ENOTTY = 25;
  public static final int ENOSPC = 28;

  /** Numbers 1 to 34 are the same on Linux, macOS and the BSDs, but for EAGAIN. */
  private static final Map<Integer, String> COMMON =
      Map.ofEntries(
          Map.entry(1, "EPERM"),
          Map.entry(2, "ENOENT"),
          Map.entry(3, "ESRCH"),
          Map.entry(4, "EINTR"),
          Map.entry(5, "EIO"),
          Map.entry(6, "ENXIO"),
          Map.entry(7, "E2BIG"),
          Map.entry(9, "EBADF"),
          Map.entry(12, "ENOMEM"),
          Map.entry(13, "EACCES"),
          Map.entry(14, "EFAULT"),
          Map.entry(16, "EBUSY"),
          Map.entry(17, "EEXIST"),
          Map.entry(19, "ENODEV"),
          Map.entry(20, "ENOTDIR"),
          Map.entry(21, "EISDIR"),
          Map.entry(22, "EINVAL"),
          Map.entry(23, "ENFILE"),
          Map.entry(24, "EMFILE"),
          Map.entry(25, "ENOTTY"),
          Map.entry(26, "ETXTBSY"),
          Map.entry(27, "EFBIG"),
          Map.entry(28, "ENOSPC"),
          Map.entry(29, "ESPIPE"),
          Map.entry(30, "EROFS"),
          Map.entry(32, "EPIPE"));

  private static final Map<Integer, String> LINUX =
      Map.of(11, "EAGAIN", 38, "ENOSYS", 75, "EOVERFLOW", 95, "EOPNOTSUPP", 110, "ETIMEDOUT");

  private static final Map<Integer, String> MACOS =
      Map.of(35, "EAGAIN", 45, "ENOTSUP", 60, "ETIMEDOUT", 78, "ENOSYS", 84, "EOVERFLOW");

  /** The symbol, such as {@code ENOMEM}, or {@code errno 123} where the number has no name here. */
  public String symbol() {
    String name = COMMON.get(number);
    if (name == null) {
      name = (HostOs.current() == HostOs.LINUX ? LINUX : MACOS).get(number);
    }
    return name == null ? "errno " + number : name;
  }

  /** The C library's sentence, such as {@code Cannot allocate memory}. */
  public String text() {
    return Libc.strerror(number);
  }

  /** True if the call would have blocked. */
  public boolean wouldBlock() {
    return symbol().equals("EAGAIN");
  }

  /** True if the host or its file system does not have the operation. */
  public boolean notSupported() {
    String name = symbol();
    return name.equals("EOPNOTSUPP") || name.equals("ENOTSUP") || name.equals("ENOSYS");
  }

  @Override
  public String toString() {
    return symbol() + ": " + text();
  }
}
