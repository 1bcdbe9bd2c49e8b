package dev.kasuari.hw.serial;

import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.backend.CharBackend;
import org.jspecify.annotations.Nullable;

/** The wire from a UART to the other end, which may be nobody, or have no room for a while. */
final class SerialLine {
  private final @Nullable CharBackend other;
  private final Wiring wiring;
  private final Runnable resume;
  private final byte[] sending = new byte[1];

  /** The other end will call when it has room. */
  private boolean waiting;

  /**
   * A wire.
   *
   * @param other without one, what is sent is lost
   * @param resume called when there is room again where there was none
   */
  SerialLine(@Nullable CharBackend other, Wiring wiring, Runnable resume) {
    this.other = other;
    this.wiring = wiring;
    this.resume = resume;
  }

  /** Connects who hears what the other end says. */
  void connect(CharBackend.Receiver receiver) {
    if (other != null) {
      other.connect(receiver, wiring::postInput);
    }
  }

  /** Sends a character, or answers false if there is no room now. */
  boolean send(int character) {
    if (waiting) {
      return false;
    }
    sending[0] = (byte) character;
    waiting = other != null && other.write(sending, 0, 1, () -> wiring.post(this::roomAgain)) == 0;
    return !waiting;
  }

  private void roomAgain() {
    waiting = false;
    resume.run();
  }

  /** There is room for what the other end has to say. */
  void askForMore() {
    if (other != null) {
      other.acceptInput();
    }
  }

  void sendBreak() {
    if (other != null) {
      other.sendBreak();
    }
  }
}
