package dev.kasuari.machine.backend;

import java.lang.foreign.MemorySegment;

/** The other end of a network card's cable. Packets are whole Ethernet frames without checksum. */
public interface NetBackend extends AutoCloseable {
  /** The card's end. */
  interface Receiver {
    /** True if a packet would be taken now. */
    boolean canReceive();

    /**
     * Takes a packet.
     *
     * @return false if there is no room now; it is offered again after {@link #acceptPackets}
     */
    boolean receive(MemorySegment packet);

    /** The cable was plugged or pulled. */
    default void linkChanged(boolean up) {}
  }

  /** Its id ({@code -netdev id=}). */
  String id();

  /**
   * Connects a card.
   *
   * @param post runs a call of the receiver under the machine's lock: {@code wiring::post}
   */
  void connect(Receiver receiver, java.util.function.Consumer<Runnable> post);

  /** Sends a packet; the bytes are copied before this returns. */
  void send(MemorySegment packet);

  /** There is room again where {@link Receiver#receive} had none. */
  void acceptPackets();

  @Override
  void close();
}
