package dev.kasuari.hw.virtio;

import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.qapi.Options;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Consoles and other streams of bytes, each a {@code virtconsole} or {@code virtserialport} plugged
 * into it. Source: Virtio 1.2, 5.3 "Console Device".
 */
@DeviceModel(name = "virtio-serial-device", bus = VirtioBus.class)
public final class VirtioSerial extends VirtioDevice<VirtioSerial.Props, VirtioSerial.State> {
  /**
   * What can be chosen.
   *
   * @param maxPorts the most ports; with 1 there is a console without control queues
   * @param emergencyWrite offer output without queues, for guests that are in trouble
   * @param indirectDesc offer descriptors in tables of their own
   * @param eventIdx offer to say exactly when to notify and to interrupt
   */
  public record Props(
      @Options.Name("max_ports") @Options.Default("31") @Options.Range(min = 1, max = 511)
          int maxPorts,
      @Options.Default("on") boolean emergencyWrite,
      @Options.Name("indirect_desc") @Options.Default("on") boolean indirectDesc,
      @Options.Name("event_idx") @Options.Default("on") boolean eventIdx) {}

  /** What changes, besides what the ports keep. */
  public static final class State {
    final VirtioState virtio = new VirtioState();

    /** The driver wants to hear of ports. */
    boolean driverReady;

    /** Ports that have gone, which the driver is to be told. */
    final List<Integer> removed = new ArrayList<>();
  }

  // Feature bits, 5.3.3.
  private static final long MULTIPORT = 1L << 1;
  private static final long EMERG_WRITE = 1L << 2;

  private static final int PORT_QUEUE = 128;
  private static final int CONTROL_QUEUE = 32;

  /** The most bytes a port takes at a time, however large the driver's buffer is. */
  private static final int MOST = 64 * 1024;

  private final Registers configuration = Registers.width(4).accepts(1, 8).unaligned();
  private VirtioSerialBus bus;
  private @Nullable Virtqueue control;

  /** One without ports. */
  public VirtioSerial() {
    super(Virtio.CONSOLE);
  }

  /** One without ports, as it is by default. */
  public static VirtioSerial of() {
    return VirtioSerialType.TYPE.create(new Props(31, true, true, true));
  }

  /** What ports are plugged into. */
  public VirtioSerialBus portBus() {
    return bus;
  }

  /** 5.3.2: the first port's queues, then those for control, then the other ports'. */
  @Override
  protected void realize(Wiring w) {
    super.realize(w);
    int ports = props().maxPorts();
    bus = w.bus(new VirtioSerialBus(w, this, ports));
    for (int port = 0; port < ports; port++) {
      int number = port;
      addQueue("receiveq " + port, PORT_QUEUE, queue -> buffersCame(number));
      addQueue("transmitq " + port, PORT_QUEUE, queue -> transmit(number, queue));
      if (port == 0 && ports > 1) {
        control = addQueue("control receiveq", CONTROL_QUEUE, queue -> tell());
        addQueue("control transmitq", CONTROL_QUEUE, this::hear);
      }
    }
    declare();
  }

  /** 5.3.4. The size belongs to a feature that is not offered; ports have sizes of their own. */
  private void declare() {
    configuration
        .at(0, "cols")
        .wide(2)
        .constant(0)
        .at(2, "rows")
        .wide(2)
        .constant(0)
        .at(4, "max_nr_ports")
        .constant(props().maxPorts())
        .at(8, "emerg_wr")
        .write(this::emergency);
  }

  @Override
  protected VirtioState virtio() {
    return state().virtio;
  }

  @Override
  protected Registers configuration() {
    return configuration;
  }

  @Override
  protected long offered() {
    Props p = props();
    return (p.maxPorts() > 1 ? MULTIPORT : 0)
        | (p.emergencyWrite() ? EMERG_WRITE : 0)
        | (p.indirectDesc() ? Virtio.RING_INDIRECT_DESC : 0)
        | (p.eventIdx() ? Virtio.RING_EVENT_IDX : 0);
  }

  @Override
  protected void resetByDriver() {
    state().driverReady = false;
    state().removed.clear();
    bus.ports().forEach(VirtioPort::resetByDriver);
  }

  // What ports use.

  /** Ports have come, or have something to say. */
  void portsChanged() {
    tell();
  }

  void portLeft(VirtioPort<?> port) {
    if (port.announced()) {
      state().removed.add(port.number());
    }
    tell();
  }

  /** Runs {@code action} when others had their turn. */
  void afterOthers(Runnable action) {
    later(action);
  }

  /** Bytes that the driver has room for in its next buffer. */
  int room(VirtioPort<?> port, boolean open) {
    if (!open && negotiated(MULTIPORT)) {
      return 0;
    }
    Virtqueue queue = receiveQueue(port.number());
    DescriptorChain chain = queue.popOrAwait();
    if (chain == null) {
      return 0;
    }
    if (chain.writableLength() == 0) {
      broken("a receive buffer that cannot be written");
      return 0;
    }
    queue.putBack(chain);
    return (int) Math.min(chain.writableLength(), MOST);
  }

  /** Puts bytes into the driver's next buffer, at most as many as {@link #room} said. */
  void deliver(VirtioPort<?> port, byte[] bytes) {
    Virtqueue queue = receiveQueue(port.number());
    DescriptorChain chain = queue.pop();
    if (chain == null) {
      return; // the driver has reset the device since, and with it what was under way
    }
    try {
      chain.write(0, bytes);
      queue.push(chain, bytes.length);
    } catch (DmaFault e) {
      broken("a receive buffer: " + e.getMessage());
    }
  }

  private Virtqueue receiveQueue(int port) {
    return queues().get(port == 0 ? 0 : 2 + 2 * port);
  }

  // Queues.

  private void buffersCame(int number) {
    VirtioPort<?> port = bus.port(number);
    if (port != null) {
      port.takeInput();
    }
  }

  private void transmit(int number, Virtqueue queue) {
    VirtioPort<?> port = bus.port(number);
    queue.drain(
        "a transmit buffer",
        () -> port == null || port.takesOutput(),
        chain -> {
          if (port == null) {
            queue.push(chain, 0);
          } else {
            port.transmit(queue, chain);
          }
        });
  }

  private void emergency(long value) {
    VirtioPort<?> port = bus.port(0);
    if (props().emergencyWrite() && port != null) {
      port.emergency((int) value);
    }
  }

  // Control, 5.3.6.2.

  /** Tells the driver what it does not know, as far as it gives buffers. */
  private void tell() {
    Virtqueue queue = control;
    if (queue == null || !negotiated(MULTIPORT)) {
      return;
    }
    for (PortMessage message = next(); message != null; message = next()) {
      DescriptorChain chain = queue.popOrAwait();
      if (chain == null) {
        return;
      }
      byte[] bytes = message.bytes(chain.writableLength());
      try {
        chain.write(0, bytes);
      } catch (DmaFault e) {
        broken("a control buffer: " + e.getMessage());
        return;
      }
      message.sent();
      queue.push(chain, bytes.length);
    }
  }

  private @Nullable PortMessage next() {
    State s = state();
    if (!s.driverReady || !running()) {
      return null;
    }
    if (!s.removed.isEmpty()) {
      int gone = s.removed.getFirst();
      return PortMessage.of(gone, PortMessage.PORT_REMOVE, 1, s.removed::removeFirst);
    }
    for (VirtioPort<?> port : bus.ports()) {
      PortMessage message = port.message();
      if (message != null) {
        return message;
      }
    }
    return null;
  }

  private void hear(Virtqueue queue) {
    queue.drain(
        "a control message",
        chain -> {
          hear(chain);
          queue.push(chain, 0);
        });
    tell();
  }

  private void hear(DescriptorChain chain) throws DmaFault {
    if (chain.readableLength() < PortMessage.SIZE) {
      guestError("a control message of " + chain.readableLength() + " bytes");
      return;
    }
    ByteBuffer message =
        ByteBuffer.wrap(chain.read(0, PortMessage.SIZE)).order(ByteOrder.LITTLE_ENDIAN);
    int event = Short.toUnsignedInt(message.getShort(4));
    boolean yes = message.getShort(6) != 0;
    if (event == PortMessage.DEVICE_READY) {
      driverReady(yes);
      return;
    }
    VirtioPort<?> port = bus.port(message.getInt(0));
    if (port == null) {
      guestError("a message about port " + Integer.toUnsignedString(message.getInt(0)));
      return;
    }
    switch (event) {
      case PortMessage.PORT_READY -> port.ready(yes);
      case PortMessage.PORT_OPEN -> port.guestOpened(yes);
      default -> guestError("control event " + event);
    }
  }

  private void driverReady(boolean ready) {
    if (!ready) {
      guestError("the driver could not be set up");
    }
    state().driverReady = ready;
    bus.ports().forEach(VirtioPort::announceAgain);
  }
}
