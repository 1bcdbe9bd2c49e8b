package dev.kasuari.machine.backend;

import org.jspecify.annotations.Nullable;

/**
 * A stream of characters in both directions: a terminal, a socket, a file.
 *
 * <p>Input: the back end asks {@link Receiver#canReceive} and gives no more than that with {@link
 * Receiver#receive}; if that was 0 it asks again after {@link #acceptInput}. It makes these calls
 * through the machine's event loop ({@link dev.kasuari.machine.Wiring#post}).
 */
public interface CharBackend extends AutoCloseable {
  /** What happens to the other end. */
  enum Event {
    /** Somebody is there. */
    OPENED,
    /** Nobody is there any more; output is dropped. */
    CLOSED,
    /** A break was sent. */
    BREAK,
    /** The terminal has another size, see {@link CharBackend#window}. */
    RESIZED
  }

  /**
   * The size of a terminal.
   *
   * @param columns at least 1
   * @param rows at least 1
   */
  record Window(int columns, int rows) {}

  /** The device's end. */
  interface Receiver {
    /** How many bytes there is room for now. */
    int canReceive();

    /** Takes bytes, at most as many as {@link #canReceive} said. */
    void receive(byte[] bytes);

    /** The other end has changed. */
    default void event(Event event) {}
  }

  /** Its id ({@code -chardev id=}). */
  String id();

  /**
   * Connects a device, or none.
   *
   * @param post runs a call of the receiver under the machine's lock: {@code wiring::post}
   */
  void connect(Receiver receiver, java.util.function.Consumer<Runnable> post);

  /**
   * Sends as many of the bytes as can be taken now.
   *
   * @return how many; if fewer than all, {@code writable} is called once when there is room again
   */
  int write(byte[] bytes, int offset, int length, Runnable writable);

  /** There is room again where {@link Receiver#canReceive} was 0. */
  void acceptInput();

  /** Sends a break, where the other end has such a thing. */
  default void sendBreak() {}

  /** The size of the terminal at the other end, or null where there is none or it is unknown. */
  default @Nullable Window window() {
    return null;
  }

  @Override
  void close();
}
