package dev.kasuari.hw.virtio;

import dev.kasuari.hw.nvram.BootOrder;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.backend.NetBackend;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A network card. Source: Virtio 1.2, 5.1 "Network Device". It has one pair of queues, and computes
 * the checksums that a driver leaves to it; segmentation is not offered.
 */
@DeviceModel(name = "virtio-net-device", bus = VirtioBus.class)
public final class VirtioNet extends VirtioDevice<VirtioNet.Props, VirtioNet.State>
    implements BootOrder.Candidate {
  /**
   * What can be chosen.
   *
   * @param netdev what the cable leads to; without one nothing is sent or received
   * @param mac the card's address
   * @param bootindex where it is among what firmware boots from; negative for nowhere
   * @param status offer to say whether the cable is plugged
   * @param csum offer to compute checksums
   * @param mrgRxbuf offer to spread a frame over several buffers
   * @param ctrlVq offer a queue for commands
   * @param ctrlRx offer commands that say what to receive
   * @param ctrlRxExtra offer more of them
   * @param ctrlVlan offer commands that say which VLANs to receive
   * @param ctrlMacAddr offer a command that changes the address
   * @param hostMtu the largest packet to advise, bytes; 0 for no advice
   * @param rxQueueSize the most descriptors for receiving, a power of two
   * @param txQueueSize the most descriptors for sending, a power of two
   * @param indirectDesc offer descriptors in tables of their own
   * @param eventIdx offer to say exactly when to notify and to interrupt
   */
  public record Props(
      @Nullable NetBackend netdev,
      @Options.Default("52:54:00:12:34:56") String mac,
      @Options.Default("-1") int bootindex,
      @Options.Default("on") boolean status,
      @Options.Default("on") boolean csum,
      @Options.Name("mrg_rxbuf") @Options.Default("on") boolean mrgRxbuf,
      @Options.Name("ctrl_vq") @Options.Default("on") boolean ctrlVq,
      @Options.Name("ctrl_rx") @Options.Default("on") boolean ctrlRx,
      @Options.Name("ctrl_rx_extra") @Options.Default("on") boolean ctrlRxExtra,
      @Options.Name("ctrl_vlan") @Options.Default("on") boolean ctrlVlan,
      @Options.Name("ctrl_mac_addr") @Options.Default("on") boolean ctrlMacAddr,
      @Options.Name("host_mtu") @Options.Default("0") @Options.Range(min = 0, max = 65535)
          int hostMtu,
      @Options.Name("rx_queue_size") @Options.Default("256") @Options.Range(min = 4, max = 1024)
          int rxQueueSize,
      @Options.Name("tx_queue_size") @Options.Default("256") @Options.Range(min = 4, max = 1024)
          int txQueueSize,
      @Options.Name("indirect_desc") @Options.Default("on") boolean indirectDesc,
      @Options.Name("event_idx") @Options.Default("on") boolean eventIdx) {}

  /** What changes. */
  public static final class State {
    final VirtioState virtio = new VirtioState();
    final ReceiveFilter filter = new ReceiveFilter();

    /** The address that the driver has set, or -1. */
    long mac = -1;
  }

  // Feature bits, 5.1.3.
  private static final long CSUM = 1L;
  private static final long MTU = 1L << 3;
  private static final long MAC = 1L << 5;
  private static final long MRG_RXBUF = 1L << 15;
  private static final long STATUS = 1L << 16;
  private static final long CTRL_VQ = 1L << 17;
  private static final long CTRL_RX = 1L << 18;
  private static final long CTRL_VLAN = 1L << 19;
  private static final long CTRL_RX_EXTRA = 1L << 20;
  private static final long CTRL_MAC_ADDR = 1L << 23;

  private static final int LINK_UP = 1;
  private static final int CONTROL_QUEUE = 64;

  /** {@code struct virtio_net_hdr}, 5.1.6. */
  private static final int HEADER = 12;

  private static final int NUM_BUFFERS = 10; // of the header
  private static final int NEEDS_CSUM = 1;

  /** Two addresses and a type. */
  private static final int LEAST_FRAME = 14;

  private static final int MOST_FRAME = 65_535 + 18;

  private final Registers configuration = Registers.width(4).accepts(1, 8).unaligned();
  private @Nullable NetBackend netdev;
  private MacAddress address = new MacAddress(0);
  private Virtqueue received;
  private boolean linkUp = true;

  /** A card whose cable leads nowhere. */
  public VirtioNet() {
    super(Virtio.NET);
  }

  /** A card with all else at its default. */
  public static VirtioNet of(NetBackend netdev, String mac) {
    return VirtioNetType.TYPE.create(
        new Props(
            netdev, mac, -1, true, true, true, true, true, true, true, true, 0, 256, 256, true,
            true));
  }

  @Override
  protected void realize(Wiring w) {
    super.realize(w);
    Props p = props();
    String where = "-device virtio-net-device: ";
    address = MacAddress.parse(where + "mac", p.mac());
    checkSize(where + "rx_queue_size", p.rxQueueSize());
    checkSize(where + "tx_queue_size", p.txQueueSize());
    declare();
    netdev = p.netdev();
    received = addQueue("receiveq", p.rxQueueSize(), queue -> buffersCame());
    addQueue("transmitq", p.txQueueSize(), this::transmit);
    if (p.ctrlVq()) {
      var control = new NetControl(this);
      addQueue("controlq", CONTROL_QUEUE, control::serve);
    }
    if (netdev != null) {
      netdev.connect(new Cable(), w::post);
    }
  }

  @Override
  public int bootIndex() {
    return props().bootindex();
  }

  @Override
  public String bootPath() {
    return firmwarePath() + "/ethernet-phy@0";
  }

  private static void checkSize(String what, int size) {
    if (Integer.bitCount(size) != 1) {
      throw new OptionException(what + "=" + size + " is not a power of two");
    }
  }

  /** 5.1.4. */
  private void declare() {
    configuration
        .at(0, "mac")
        .wide(1)
        .times(MacAddress.LENGTH, 1)
        .readEach(i -> mac().octet(i))
        .at(6, "status")
        .wide(2)
        .field("LINK_UP", 0, 1, "the cable is plugged")
        .read(() -> linkUp ? LINK_UP : 0)
        .at(8, "max_virtqueue_pairs")
        .wide(2)
        .constant(1)
        .at(10, "mtu")
        .wide(2)
        .constant(props().hostMtu());
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
    return MAC
        | (p.csum() ? CSUM : 0)
        | (p.hostMtu() > 0 ? MTU : 0)
        | (p.mrgRxbuf() ? MRG_RXBUF : 0)
        | (p.status() ? STATUS : 0)
        | (p.ctrlVq() ? control(p) : 0)
        | (p.indirectDesc() ? Virtio.RING_INDIRECT_DESC : 0)
        | (p.eventIdx() ? Virtio.RING_EVENT_IDX : 0);
  }

  private static long control(Props p) {
    return CTRL_VQ
        | (p.ctrlRx() ? CTRL_RX : 0)
        | (p.ctrlRxExtra() ? CTRL_RX_EXTRA : 0)
        | (p.ctrlVlan() ? CTRL_VLAN : 0)
        | (p.ctrlMacAddr() ? CTRL_MAC_ADDR : 0);
  }

  @Override
  protected void resetByDriver() {
    state().filter.reset();
    state().mac = -1;
  }

  // What the driver sets.

  private MacAddress mac() {
    return state().mac < 0 ? address : new MacAddress(state().mac);
  }

  /** Null where the driver has not accepted the commands. */
  @Nullable ReceiveFilter filter(NetControl.Kind kind) {
    long feature =
        switch (kind) {
          case MODE -> CTRL_RX;
          case MODE_EXTRA -> CTRL_RX_EXTRA;
          case VLAN -> CTRL_VLAN;
        };
    return negotiated(feature) ? state().filter : null;
  }

  /** False where the driver has not accepted the command. */
  boolean setMac(MacAddress mac) {
    if (negotiated(CTRL_MAC_ADDR)) {
      state().mac = mac.bits();
      return true;
    }
    return false;
  }

  // Sending.

  private void transmit(Virtqueue queue) {
    queue.drain(
        "a frame to send",
        chain -> {
          transmit(chain);
          queue.push(chain, 0);
        });
  }

  private void transmit(DescriptorChain chain) throws DmaFault {
    long length = chain.readableLength() - HEADER;
    if (length < LEAST_FRAME || length > MOST_FRAME) {
      guestError("a frame of " + length + " bytes to send");
      return;
    }
    byte[] header = chain.read(0, HEADER);
    byte[] frame = chain.read(HEADER, (int) length);
    if (header[1] != 0) {
      guestError("a packet to be cut into segments, which is not offered");
      return;
    }
    if ((header[0] & NEEDS_CSUM) != 0 && negotiated(CSUM)) {
      finishChecksum(frame, le16(header, 6), le16(header, 8));
    }
    if (netdev != null && linkUp) {
      netdev.send(MemorySegment.ofArray(frame));
    }
  }

  /** 5.1.6.2: the driver has put the sum of the pseudo header where the checksum belongs. */
  private void finishChecksum(byte[] frame, int start, int offset) {
    if (start + offset + 2 > frame.length) {
      guestError("a checksum at " + (start + offset) + " in a frame of " + frame.length);
      return;
    }
    long sum = 0;
    for (int i = start; i < frame.length; i += 2) {
      sum += ((frame[i] & 0xff) << 8) | (i + 1 < frame.length ? frame[i + 1] & 0xff : 0);
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    int checksum = (int) ~sum & 0xffff;
    int written = checksum == 0 ? 0xffff : checksum; // UDP takes 0 for none; it is the same number
    frame[start + offset] = (byte) (written >>> 8);
    frame[start + offset + 1] = (byte) written;
  }

  private static int le16(byte[] bytes, int offset) {
    return (bytes[offset] & 0xff) | ((bytes[offset + 1] & 0xff) << 8);
  }

  // Receiving.

  private void buffersCame() {
    if (netdev != null) {
      netdev.acceptPackets();
    }
  }

  private final class Cable implements NetBackend.Receiver {
    @Override
    public boolean canReceive() {
      DescriptorChain chain = received.popOrAwait();
      if (chain != null) {
        received.putBack(chain);
      }
      return chain != null;
    }

    @Override
    public boolean receive(MemorySegment packet) {
      if (packet.byteSize() < LEAST_FRAME || packet.byteSize() > MOST_FRAME || !running()) {
        return true; // as a cable without a card drops it
      }
      byte[] frame = packet.toArray(ValueLayout.JAVA_BYTE);
      boolean filtered = negotiated(CTRL_RX);
      return (filtered && !state().filter.wants(frame, mac(), negotiated(CTRL_VLAN)))
          || deliver(frame);
    }

    @Override
    public void linkChanged(boolean up) {
      linkUp = up;
      configurationChanged();
    }
  }

  /** False if the driver has too few buffers for now. */
  private boolean deliver(byte[] frame) {
    int total = HEADER + frame.length;
    List<DescriptorChain> chains = chainsFor(total);
    if (chains.isEmpty()) {
      return !running();
    }
    byte[] bytes = new byte[total];
    System.arraycopy(frame, 0, bytes, HEADER, frame.length);
    bytes[NUM_BUFFERS] = (byte) chains.size();
    bytes[NUM_BUFFERS + 1] = (byte) (chains.size() >>> 8);
    try {
      fill(chains, bytes);
    } catch (DmaFault e) {
      broken("a receive buffer: " + e.getMessage());
    }
    return true;
  }

  /** Enough of the driver's buffers for so many bytes; none if there are not enough. */
  private List<DescriptorChain> chainsFor(int total) {
    boolean several = negotiated(MRG_RXBUF);
    var chains = new ArrayList<DescriptorChain>();
    long room = 0;
    while (room < total && (several || chains.isEmpty())) {
      DescriptorChain chain = received.popOrAwait();
      if (chain == null) {
        chains.reversed().forEach(received::putBack);
        return List.of();
      }
      chains.add(chain);
      room += chain.writableLength();
    }
    return chains;
  }

  /** What does not fit into a single buffer is lost, as the driver has chosen. */
  private void fill(List<DescriptorChain> chains, byte[] bytes) throws DmaFault {
    var filled = new ArrayList<Virtqueue.Filled>();
    int done = 0;
    for (DescriptorChain chain : chains) {
      int length = (int) Math.min(chain.writableLength(), bytes.length - done);
      chain.write(0, java.util.Arrays.copyOfRange(bytes, done, done + length));
      filled.add(new Virtqueue.Filled(chain, length));
      done += length;
    }
    if (done < bytes.length) {
      guestError("a receive buffer too small for a frame of " + (bytes.length - HEADER));
      chains.reversed().forEach(received::putBack);
    } else {
      received.pushAll(filled);
    }
  }
}
