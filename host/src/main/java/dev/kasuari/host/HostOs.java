package dev.kasuari.host;

/** The operating system that the JVM runs on, as far as this module tells them apart. */
public enum HostOs {
  LINUX("Linux"),
  MACOS("macOS"),
  WINDOWS("Windows"),
  OTHER("an unknown system");

  private static final HostOs CURRENT = of(System.getProperty("os.name", ""));

  private final String label;

  HostOs(String label) {
    this.label = label;
  }

  /** The system we run on. */
  public static HostOs current() {
    return CURRENT;
  }

  /** True where the POSIX calls of this module exist. */
  public static boolean posix() {
    return CURRENT == LINUX || CURRENT == MACOS;
  }

  /**
   * Returns if this is Linux.
   *
   * @throws UnsupportedOperationException elsewhere, naming {@code feature} and the host
   */
  public static void requireLinux(String feature) {
    if (CURRENT != LINUX) {
      throw new UnsupportedOperationException(
          feature + " needs a Linux host; this is " + CURRENT.label);
    }
  }

  /**
   * Returns if this is a POSIX host.
   *
   * @throws UnsupportedOperationException elsewhere, naming {@code feature} and the host
   */
  public static void requirePosix(String feature) {
    if (!posix()) {
      throw new UnsupportedOperationException(
          feature + " needs a Linux or macOS host; this is " + CURRENT.label);
    }
  }

  private static HostOs of(String name) {
    if (name.startsWith("Linux")) {
      return LINUX;
    }
    if (name.startsWith("Mac")) {
      return MACOS;
    }
    return name.startsWith("Windows") ? WINDOWS : OTHER;
  }
}
