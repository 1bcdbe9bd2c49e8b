package dev.kasuari.vm;

import dev.kasuari.machine.backend.BlockBackend;

/** Opens disk images by their format. */
final class Images {
  private Images() {}

  static BlockBackend open(String id, DriveOptions drive) {
    throw new UnsupportedOperationException();
  }
}
