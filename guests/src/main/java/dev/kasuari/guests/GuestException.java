package dev.kasuari.guests;

import java.io.IOException;

/** A guest could not be had or made; the message says what, where and what would be right. */
public final class GuestException extends IOException {
  private static final long serialVersionUID = 1L;

  public GuestException(String message) {
    super(message);
  }

  public GuestException(String message, Throwable cause) {
    super(message, cause);
  }
}
