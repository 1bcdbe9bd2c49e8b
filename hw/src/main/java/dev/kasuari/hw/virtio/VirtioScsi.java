package dev.kasuari.hw.virtio;

import dev.kasuari.hw.scsi.ScsiAddress;
import dev.kasuari.hw.scsi.ScsiBus;
import dev.kasuari.hw.scsi.ScsiDevice;
import dev.kasuari.hw.scsi.ScsiTask;
import dev.kasuari.hw.scsi.Sense;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A SCSI host adapter. Source: Virtio 1.2, 5.6 "SCSI Host Device". Commands are with the units'
 * back ends at the same time, and end in the order in which those end them.
 */
@DeviceModel(name = "virtio-scsi-device", bus = VirtioBus.class)
public final class VirtioScsi extends VirtioDevice<VirtioScsi.Props, VirtioScsi.State>
    implements ScsiBus.Adapter {
  /**
   * What can be chosen.
   *
   * @param numQueues how many request queues there are
   * @param virtqueueSize the most descriptors of each queue
   * @param maxSectors the most sectors of a command, for the driver to keep to
   * @param cmdPerLun the most commands of a unit at a time, for the driver to keep to
   * @param hotplug tell the driver of units that come or go
   * @param paramChange tell the driver of units that change their size
   * @param indirectDesc offer descriptors in tables of their own
   * @param eventIdx offer to say exactly when to notify and to interrupt
   */
  public record Props(
      @Options.Name("num_queues") @Options.Default("1") @Options.Range(min = 1, max = 64)
          int numQueues,
      @Options.Name("virtqueue_size") @Options.Default("256") @Options.Range(min = 4, max = 1024)
          int virtqueueSize,
      @Options.Name("max_sectors") @Options.Default("65535") @Options.Range(min = 1) int maxSectors,
      @Options.Name("cmd_per_lun") @Options.Default("128") @Options.Range(min = 1) int cmdPerLun,
      @Options.Default("on") boolean hotplug,
      @Options.Name("param_change") @Options.Default("on") boolean paramChange,
      @Options.Name("indirect_desc") @Options.Default("on") boolean indirectDesc,
      @Options.Name("event_idx") @Options.Default("on") boolean eventIdx) {}

  /** What changes. */
  public static final class State {
    final VirtioState virtio = new VirtioState();

    /** Bytes of sense data in an answer, as the driver wants. */
    int senseSize = SENSE_SIZE;

    /** Bytes of a command's descriptor block, as the driver wants. */
    int cdbSize = CDB_SIZE;

    /** There was something to tell, and no buffer for it. */
    boolean eventsMissed;
  }

  private static final int SENSE_SIZE = 96;
  private static final int CDB_SIZE = 32;
  private static final ScsiAddress HIGHEST = new ScsiAddress(0, 255, 16383);

  // Feature bits, 5.6.3.
  private static final long HOTPLUG = 1L << 1;
  private static final long CHANGE = 1L << 2;

  // Events, 5.6.6.3.
  private static final int EVENT_BYTES = 16;
  private static final int EVENTS_MISSED = 0x8000_0000;
  private static final int NO_EVENT = 0;
  private static final int TRANSPORT_RESET = 1;
  private static final int PARAM_CHANGE = 3;
  private static final int RESCAN = 1;
  private static final int REMOVED = 2;

  private final Set<ScsiCommand> commands = new LinkedHashSet<>();
  private Registers configuration;
  private ScsiBus bus;
  private Virtqueue events;

  /** An adapter without units. */
  public VirtioScsi() {
    super(Virtio.SCSI_HOST);
  }

  /** An adapter with all properties at their defaults. */
  public static VirtioScsi of() {
    return of(1, 256);
  }

  /** An adapter with so many request queues of so many descriptors. */
  static VirtioScsi of(int queues, int size) {
    return VirtioScsiType.TYPE.create(new Props(queues, size, 65535, 128, true, true, true, true));
  }

  /** What units are plugged into. */
  public ScsiBus scsiBus() {
    return bus;
  }

  // Life.

  @Override
  protected void realize(Wiring w) {
    super.realize(w);
    Props p = props();
    if (Integer.bitCount(p.virtqueueSize()) != 1) {
      throw new OptionException(
          "-device virtio-scsi-device: virtqueue_size="
              + p.virtqueueSize()
              + " is not a power of two");
    }
    configuration = declare();
    bus = w.bus(new ScsiBus(w, this));
    addQueue("controlq", p.virtqueueSize(), new ScsiControl(this)::serve);
    events = addQueue("eventq", p.virtqueueSize(), queue -> buffersCame());
    for (int i = 0; i < p.numQueues(); i++) {
      addQueue("requestq " + i, p.virtqueueSize(), this::serve);
    }
  }

  /** 5.6.4. */
  private Registers declare() {
    Props p = props();
    return Registers.width(4)
        .accepts(1, 8)
        .unaligned()
        .at(0, "num_queues")
        .constant(p.numQueues())
        .at(4, "seg_max")
        .constant(p.virtqueueSize() - 2)
        .at(8, "max_sectors")
        .constant(p.maxSectors())
        .at(12, "cmd_per_lun")
        .constant(p.cmdPerLun())
        .at(16, "event_info_size")
        .constant(EVENT_BYTES)
        .at(20, "sense_size")
        .readWrite(() -> state().senseSize, v -> setSize("sense_size", v, 0x1_0000))
        .at(24, "cdb_size")
        .readWrite(() -> state().cdbSize, v -> setSize("cdb_size", v, 0x100))
        .at(28, "max_channel")
        .wide(2)
        .constant(HIGHEST.channel())
        .at(30, "max_target")
        .wide(2)
        .constant(HIGHEST.target())
        .at(32, "max_lun")
        .constant(HIGHEST.lun());
  }

  private void setSize(String what, long value, int below) {
    if (value < 0 || value >= below) {
      broken(what + "=" + Long.toUnsignedString(value) + " written");
    } else if (what.equals("cdb_size")) {
      state().cdbSize = (int) value;
    } else {
      state().senseSize = (int) value;
    }
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
    return (p.hotplug() ? HOTPLUG : 0)
        | (p.paramChange() ? CHANGE : 0)
        | (p.indirectDesc() ? Virtio.RING_INDIRECT_DESC : 0)
        | (p.eventIdx() ? Virtio.RING_EVENT_IDX : 0);
  }

  @Override
  protected void resetByDriver() {
    State s = state();
    s.senseSize = SENSE_SIZE;
    s.cdbSize = CDB_SIZE;
    s.eventsMissed = false;
    dropCommands();
    bus.units().forEach(ScsiDevice::resetByInitiator);
  }

  @Override
  protected void onReset(State before) {
    super.onReset(before);
    dropCommands();
  }

  @Override
  protected void onRestore() {
    State s = state();
    s.senseSize = Math.clamp(s.senseSize, 0, 0xffff);
    s.cdbSize = Math.clamp(s.cdbSize, 0, 0xff);
    super.onRestore();
    dropCommands();
  }

  /** Their chains are nobody's any more. */
  private void dropCommands() {
    List.copyOf(commands).forEach(c -> c.cancel(ScsiTask.Service.RESET, () -> {}));
    commands.clear();
  }

  // Commands.

  private void serve(Virtqueue queue) {
    queue.drain("a command's memory", chain -> start(queue, chain));
  }

  private void start(Virtqueue queue, DescriptorChain chain) throws DmaFault {
    State s = state();
    if (chain.readableLength() < ScsiCommand.HEADER + s.cdbSize
        || chain.writableLength() < ScsiCommand.ANSWER + s.senseSize) {
      broken("a command without header or room for the answer");
      return;
    }
    byte[] header = chain.read(0, ScsiCommand.HEADER + s.cdbSize);
    var command = new ScsiCommand(this, queue, chain, header, s.senseSize);
    commands.add(command);
    command.start();
  }

  /** Those that have not ended. */
  List<ScsiCommand> commands() {
    return List.copyOf(commands);
  }

  void ended(ScsiCommand command) {
    commands.remove(command);
  }

  void hostBegins() {
    begin();
  }

  void hostEnded(Runnable completion) {
    finish(completion);
  }

  void driverBroke(String what) {
    broken(what);
  }

  // What units say.

  @Override
  public ScsiAddress highest() {
    return HIGHEST;
  }

  @Override
  public void call(Runnable action) {
    later(action);
  }

  @Override
  public void added(ScsiDevice<?> device) {
    if (running()) { // else the driver will look for itself
      later(() -> unitsChanged(device, RESCAN));
    }
  }

  @Override
  public void removed(ScsiDevice<?> device) {
    unitsChanged(device, REMOVED);
    for (ScsiCommand command : commands()) {
      if (command.isFor(device.address())) {
        command.cancel(ScsiTask.Service.GONE, () -> {});
      }
    }
  }

  private void unitsChanged(ScsiDevice<?> device, int how) {
    ScsiAddress at = device.address();
    for (ScsiDevice<?> other : bus.target(at.channel(), at.target())) {
      if (!other.address().equals(at)) {
        other.unitsChanged();
      }
    }
    if (negotiated(HOTPLUG)) {
      tell(TRANSPORT_RESET, at, how);
    }
  }

  @Override
  public void changed(ScsiDevice<?> device, Sense what) {
    later(() -> {
      if (negotiated(CHANGE)) {
        tell(PARAM_CHANGE, device.address(), what.asc() | what.ascq() << 8);
      }
    });
  }

  // Events.

  private void buffersCame() {
    if (state().eventsMissed) {
      tell(NO_EVENT, null, 0);
    }
  }

  private void tell(int event, @Nullable ScsiAddress at, int reason) {
    if (!running()) {
      return;
    }
    DescriptorChain chain = events.popOrAwait();
    if (chain == null) {
      state().eventsMissed = true;
      return;
    }
    int missed = state().eventsMissed ? EVENTS_MISSED : 0;
    ByteBuffer out = ByteBuffer.allocate(EVENT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(0, event | missed).putInt(12, reason);
    if (at != null) {
      out.put(4, (byte) 1).put(5, (byte) at.target());
      out.put(6, (byte) (at.level() >> 8)).put(7, (byte) at.level());
    }
    try {
      chain.write(0, out.array());
      events.push(chain, EVENT_BYTES);
      state().eventsMissed = false;
    } catch (DmaFault e) {
      broken("an event's buffer: " + e.getMessage());
    }
  }
}
