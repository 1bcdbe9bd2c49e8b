package dev.kasuari.block;

import dev.kasuari.host.HostFile;

/**
 * Keeps two programs from using one image in ways that do not go together, by QEMU's scheme, so
 * that QEMU and its tools are among the programs: of the bytes from 100 on, one is locked (shared)
 * for each way the holder uses the image, and of those from 200 on, for each way it does not suffer
 * in others.
 */
final class ImageLock {
  private static final int USED = 100;
  private static final int UNSHARED = 200;

  // Numbers of the ways, as QEMU's permissions have them.
  private static final int CONSISTENT_READ = 0;
  private static final int WRITE = 1;
  private static final int WAYS = 4;

  private ImageLock() {}

  /**
   * Locks an open image until it is closed.
   *
   * @param write whether it will be written; nobody else may write it in either case
   * @return false if somebody else uses it in a way that does not go with that
   */
  static boolean take(HostFile file, boolean write) {
    int uses = (1 << CONSISTENT_READ) | (write ? 1 << WRITE : 0);
    int refuses = 1 << WRITE;
    // First all locks, then the look at others': of two that come at once both may be refused, but
    // never none.
    boolean taken = lockAll(file, USED, uses) && lockAll(file, UNSHARED, refuses);
    return taken && free(file, UNSHARED, uses) && free(file, USED, refuses);
  }

  private static boolean lockAll(HostFile file, int base, int ways) {
    for (int way = 0; way < WAYS; way++) {
      if (((ways >> way) & 1) != 0 && !file.tryLock(base + way, false)) {
        return false;
      }
    }
    return true;
  }

  private static boolean free(HostFile file, int base, int ways) {
    for (int way = 0; way < WAYS; way++) {
      if (((ways >> way) & 1) != 0 && file.lockedElsewhere(base + way)) {
        return false;
      }
    }
    return true;
  }
}
