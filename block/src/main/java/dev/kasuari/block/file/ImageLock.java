package dev.kasuari.block.file;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.Permission;
import dev.kasuari.host.HostFile;
import java.util.EnumSet;
import java.util.Set;

/**
 * Keeps programs from using one image in ways that do not go together, by QEMU's scheme, so that
 * QEMU and its tools are among the programs: of the bytes from 100 on, one is locked (shared) for
 * each {@link Permission} that the holder has taken, and of those from 200 on, for each that it
 * does not share.
 */
final class ImageLock {
  private static final int TAKEN = 100;
  private static final int UNSHARED = 200;

  private final HostFile file;
  private Set<Permission> taken = EnumSet.noneOf(Permission.class);
  private Set<Permission> unshared = EnumSet.noneOf(Permission.class);

  ImageLock(HostFile file) {
    this.file = file;
  }

  /**
   * Locks for these and no others.
   *
   * @throws BlockException {@code BUSY} if that does not go with what others have; all is as before
   */
  void change(Set<Permission> newTaken, Set<Permission> newShared) {
    Set<Permission> newUnshared = EnumSet.allOf(Permission.class);
    newUnshared.removeAll(newShared);
    // First all locks, then the look at others': of two that come at once both may be refused, but
    // never none.
    Set<Permission> addedTaken = lock(TAKEN, newTaken, taken);
    Set<Permission> addedUnshared = lock(UNSHARED, newUnshared, unshared);
    try {
      refuseOthers(UNSHARED, newTaken, "Failed to get \"%s\" lock");
      refuseOthers(TAKEN, newUnshared, "Failed to get shared \"%s\" lock");
    } catch (BlockException e) {
      unlock(TAKEN, addedTaken);
      unlock(UNSHARED, addedUnshared);
      throw e;
    }
    taken.removeAll(newTaken);
    unlock(TAKEN, taken);
    unshared.removeAll(newUnshared);
    unlock(UNSHARED, unshared);
    taken = EnumSet.noneOf(Permission.class);
    taken.addAll(newTaken);
    unshared = newUnshared;
  }

  /** Locks are shared: only a program that locks otherwise can be in the way. */
  private Set<Permission> lock(int base, Set<Permission> wanted, Set<Permission> held) {
    Set<Permission> added = EnumSet.noneOf(Permission.class);
    for (Permission permission : wanted) {
      if (!held.contains(permission)) {
        if (!file.tryLock(base + permission.ordinal(), false)) {
          unlock(base, added);
          throw new BlockException(
              Kind.BUSY, "Failed to lock byte " + (base + permission.ordinal()));
        }
        added.add(permission);
      }
    }
    return added;
  }

  private void unlock(int base, Set<Permission> permissions) {
    permissions.forEach(p -> file.unlock(base + p.ordinal()));
  }

  private void refuseOthers(int base, Set<Permission> permissions, String message) {
    for (Permission permission : permissions) {
      if (file.lockedElsewhere(base + permission.ordinal())) {
        throw new BlockException(
            Kind.BUSY,
            message.formatted(permission.words())
                + System.lineSeparator()
                + "Is another process using the image ["
                + file.path()
                + "]?");
      }
    }
  }
}
