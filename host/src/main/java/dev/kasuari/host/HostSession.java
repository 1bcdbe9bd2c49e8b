package dev.kasuari.host;

/** The session of processes that a terminal belongs to. */
public final class HostSession {
  private HostSession() {}

  /**
   * Leaves the session, so that signals of its terminal do not come here (POSIX, {@code setsid}).
   * Nothing changes where there is no POSIX, or for a process that leads a group.
   */
  public static void leave() {
    if (HostOs.posix()) {
      try {
        Libc.setsid();
      } catch (HostException e) {
        return; // EPERM: the one error there is
      }
    }
  }
}
