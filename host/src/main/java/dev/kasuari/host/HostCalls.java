package dev.kasuari.host;

/** Gets ready what calls the host's functions and machine code. */
public final class HostCalls {
  private HostCalls() {}

  /**
   * Links what calls the host, in a thread of its own: the JVM takes tens of milliseconds for that,
   * in which the caller may do something else. Whoever calls the host meanwhile waits for it.
   */
  public static void prepare() {
    var thread = new Thread(null, HostCalls::link, "host calls");
    thread.setDaemon(true);
    thread.start();
  }

  private static void link() {
    try {
      // Any function that does nothing: a first call links more than a handle without a call does.
      var _ = NativeFunction.at(Libc.symbol("labs").address()).call(0, 0);
    } catch (RuntimeException | LinkageError e) {
      // Whoever needs a call that is not there says so.
      return;
    }
  }
}
