package dev.kasuari.hw.virtio;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.machine.memory.DmaFault;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A port of a {@link VirtioSerial}: two queues, and a character stream of the host behind them.
 *
 * <p>Nothing is lost for want of room on either side. What the host sends stays with its back end
 * until the driver has opened the port and given a buffer; what the guest sends stays in its
 * buffers until the back end takes it.
 *
 * @param <P> properties
 */
public abstract class VirtioPort<P> extends Device<P, VirtioPort.State> {
  /** What changes. */
  public static final class State {
    /** The driver was told that there is the port. */
    boolean announced;

    /** The driver has said that it is ready. */
    boolean ready;

    /** The driver was told that it is a console, if it is one. */
    boolean toldConsole;

    /** The driver was told its name, if it has one. */
    boolean toldName;

    /** The driver was told that somebody is at the host's end. */
    boolean toldOpen;

    /** The size that the driver was told, columns and rows; 0 for none. */
    int toldColumns;

    int toldRows;

    /** Somebody in the guest has opened it. */
    boolean guestOpen;

    /** Bytes of the chain that the guest sends now that the back end has taken. */
    long sent;

    void reset() {
      announced = false;
      isReady(false);
      guestOpen = false;
      sent = 0;
    }

    /** The driver knows nothing of the port but that it is there. */
    void isReady(boolean nowReady) {
      ready = nowReady;
      toldConsole = false;
      toldName = false;
      toldOpen = false;
      toldColumns = 0;
      toldRows = 0;
    }
  }

  /** The most bytes of one turn, so that the machine gets to do other things. */
  private static final int TURN = 256 * 1024;

  /** The most bytes offered to the back end at a time. */
  private static final int PIECE = 16 * 1024;

  private @Nullable CharBackend line;
  private @Nullable VirtioSerial serial;
  private Wiring wiring;
  private int number = -1;

  /** Somebody is at the host's end. */
  private boolean hostOpen;

  /** The back end has no room; it will say when. */
  private boolean blocked;

  VirtioPort() {}

  // What the kinds of ports say of themselves.

  /** True if the guest is to take it as a terminal. */
  abstract boolean console();

  /** The number that the user wants, or null. */
  abstract @Nullable Integer wantedNumber();

  /** What the guest is to call it, or null. */
  abstract @Nullable String portName();

  /** What is behind it, or null. */
  abstract @Nullable CharBackend chardev();

  // Life.

  @Override
  protected void realize(Wiring w) {
    wiring = w;
    line = chardev();
    hostOpen = console(); // a console prints whether or not somebody looks
  }

  /** It is plugged in. */
  void join(VirtioSerial newSerial, VirtioSerialBus bus, int newNumber) {
    serial = newSerial;
    number = newNumber;
    if (line != null) {
      line.connect(new Line(), action -> wiring.post(() -> bus.call(action)));
    }
  }

  private VirtioSerial serial() {
    return Objects.requireNonNull(serial, "plugged in");
  }

  int number() {
    return number;
  }

  /** The driver has reset the device. */
  void resetByDriver() {
    state().reset();
  }

  // What the driver says of it.

  boolean announced() {
    return state().announced;
  }

  /** The driver wants to be told of all ports. */
  void announceAgain() {
    state().announced = false;
  }

  void ready(boolean ready) {
    state().isReady(ready);
  }

  void guestOpened(boolean open) {
    state().guestOpen = open;
    takeInput();
  }

  /** The driver has given buffers. */
  void takeInput() {
    if (line != null) {
      line.acceptInput();
    }
  }

  // What the driver is to be told.

  /** The next that it does not know yet, or null. */
  @Nullable PortMessage message() {
    State s = state();
    String name = portName();
    if (!s.announced) {
      return PortMessage.of(number, PortMessage.PORT_ADD, 1, () -> s.announced = true);
    }
    if (!s.ready) {
      return null;
    }
    if (console() && !s.toldConsole) {
      return PortMessage.of(number, PortMessage.CONSOLE_PORT, 1, () -> s.toldConsole = true);
    }
    if (name != null && !s.toldName) {
      return PortMessage.name(number, name, () -> s.toldName = true);
    }
    CharBackend.Window window = console() && line != null ? line.window() : null;
    if (window != null && (window.columns() != s.toldColumns || window.rows() != s.toldRows)) {
      return PortMessage.resize(number, window.columns(), window.rows(), () -> told(window));
    }
    boolean open = hostOpen;
    return open == s.toldOpen
        ? null
        : PortMessage.of(number, PortMessage.PORT_OPEN, open ? 1 : 0, () -> s.toldOpen = open);
  }

  private void told(CharBackend.Window window) {
    state().toldColumns = window.columns();
    state().toldRows = window.rows();
  }

  // From the guest to the host.

  /** True if {@link #transmit} would get somewhere. */
  boolean takesOutput() {
    return !blocked;
  }

  /** Gives the back end what the guest has sent, as far as it takes it. */
  void transmit(Virtqueue queue, DescriptorChain chain) throws DmaFault {
    State s = state();
    long total = chain.readableLength();
    long most = Math.min(total, s.sent + TURN);
    while (s.sent < most) {
      int length = (int) Math.min(most - s.sent, PIECE);
      int taken = send(chain.read(s.sent, length), queue);
      s.sent += taken;
      if (taken < length) {
        queue.putBack(chain);
        return;
      }
    }
    if (s.sent < total) {
      blocked = true;
      queue.putBack(chain);
      serial().afterOthers(() -> unblocked(queue));
    } else {
      s.sent = 0;
      queue.push(chain, 0);
    }
  }

  private int send(byte[] bytes, Virtqueue queue) {
    CharBackend to = line;
    if (to == null) {
      return bytes.length;
    }
    blocked = true; // before the back end can say that there is room again
    int taken = to.write(bytes, 0, bytes.length, () -> hasRoom(queue));
    if (taken == bytes.length) {
      blocked = false;
    }
    return taken;
  }

  /** Any thread. */
  private void hasRoom(Virtqueue queue) {
    wiring.post(() -> serial().portBus().call(() -> unblocked(queue)));
  }

  private void unblocked(Virtqueue queue) {
    blocked = false;
    queue.serve();
  }

  /** One byte of a guest that is too broken to use queues. */
  void emergency(int value) {
    if (line != null) {
      line.write(new byte[] {(byte) value}, 0, 1, () -> {});
    }
  }

  // From the host to the guest.

  private final class Line implements CharBackend.Receiver {
    @Override
    public int canReceive() {
      return serial().room(VirtioPort.this, state().guestOpen);
    }

    @Override
    public void receive(byte[] bytes) {
      serial().deliver(VirtioPort.this, bytes);
    }

    @Override
    public void event(CharBackend.Event event) {
      switch (event) {
        case OPENED -> hostOpen = true;
        case CLOSED -> hostOpen = console();
        case BREAK, RESIZED -> {} // the protocol has no break; a size is asked for below
      }
      serial().portsChanged();
    }
  }
}
