package dev.kasuari.machine.state;

/**
 * Saved state that cannot be restored here. The message begins with where: {@code uart0.fifo: …}.
 */
public final class StateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A complaint. */
  public StateException(String message) {
    super(message);
  }
}
