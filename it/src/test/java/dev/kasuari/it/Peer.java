package dev.kasuari.it;

import java.util.List;

/** A machine that runs programs. */
interface Peer {
  String name();

  /**
   * Runs a program to its end.
   *
   * @return the bytes of every wanted extent
   * @throws StuckException if it does not end
   */
  List<byte[]> run(Program program) throws Exception;

  /** The program did not end; the message says where it was. */
  final class StuckException extends Exception {
    private static final long serialVersionUID = 1L;

    private final long progress;

    StuckException(String message, long progress) {
      super(message);
      this.progress = progress;
    }

    /** The program's progress word. */
    long progress() {
      return progress;
    }
  }
}
