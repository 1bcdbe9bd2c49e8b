package dev.kasuari.guests;

/**
 * Hears how a fetch goes on; a command line draws its bar from it. Called on the fetching thread.
 */
@FunctionalInterface
public interface Progress {
  /**
   * Tells how much of one thing has arrived.
   *
   * @param name what is being fetched, such as {@code busybox-static}
   * @param bytes how much is here; equal to {@code total} in the last call
   * @param total the whole size in bytes, or -1 where it is unknown
   */
  void update(String name, long bytes, long total);

  /** Hears one line a user may want to read, such as that an old index is used. */
  default void note(String line) {}

  /** Listens to nothing. */
  static Progress none() {
    return (name, bytes, total) -> {};
  }
}
