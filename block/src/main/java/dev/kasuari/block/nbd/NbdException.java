package dev.kasuari.block.nbd;

import java.io.IOException;

/** The other end does what the protocol does not allow, or refuses. */
final class NbdException extends IOException {
  private static final long serialVersionUID = 1L;

  NbdException(String message) {
    super(message);
  }
}
