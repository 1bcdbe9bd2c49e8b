package dev.kasuari.hw.virtio;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.memory.AccessSizes;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.qapi.Options;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;

/**
 * A virtio device's registers in memory. Source: Virtio 1.2, 4.2 "Virtio Over MMIO"; version 2
 * only, without the legacy interface. A place without a device says so by device id 0.
 */
@DeviceModel(name = "virtio-mmio", bus = SysBus.class)
public final class VirtioMmio extends Device<VirtioMmio.Props, VirtioMmio.State> {
  /**
   * What can be chosen.
   *
   * @param slot the number of its bus: virtio-mmio-bus.0, virtio-mmio-bus.1 and so on
   * @param forceLegacy the interface from before version 1, which is not there
   * @param size bytes from one such device to the next; the configuration space fills them
   * @param coherent whether software is told that its caches see what the device writes
   */
  public record Props(
      @Options.Default("0") @Options.Range(min = 0) int slot,
      @Options.Default("off") boolean forceLegacy,
      @Options.Default("4096") @Options.Range(min = 0x200, max = 0x10000) int size,
      @Options.Default("off") boolean coherent) {}

  /** What the transport itself keeps: what the next accesses are about. */
  public static final class State {
    int deviceFeaturesHalf;
    int driverFeaturesHalf;
    int queue;
  }

  private static final int MAGIC = 0x7472_6976; // "virt"
  private static final int VENDOR = 0x5553_414b; // "KASU"
  private static final int CONFIG = 0x100;

  private static final int SIZE = 0x1000;

  private VirtioBus bus;

  /** A place whose bus has that number. */
  public static VirtioMmio of(int slot) {
    return VirtioMmioType.TYPE.create(new Props(slot, false, SIZE, false));
  }

  /** As described. */
  public static VirtioMmio of(Props props) {
    return VirtioMmioType.TYPE.create(props);
  }

  private String firmwarePath() {
    return String.format(Locale.ROOT, "/virtio-mmio@%016x", regions().getFirst().absoluteAddress());
  }

  /** What the device is plugged into. */
  public VirtioBus virtioBus() {
    return bus;
  }

  @Override
  protected void realize(Wiring w) {
    bus =
        w.bus(
            new VirtioBus(
                "virtio-mmio-bus." + props().slot(), w, w.irq("irq"), this::firmwarePath));
    w.region(
        "regs",
        props().size(),
        Registers.width(4)
            .accepts(1, 8)
            .at(0x000, "MagicValue")
            .constant(MAGIC)
            .at(0x004, "Version")
            .constant(2)
            .at(0x008, "DeviceID")
            .read(() -> of(VirtioDevice::deviceId))
            .at(0x00c, "VendorID")
            .constant(VENDOR)
            .at(0x010, "DeviceFeatures")
            .read(() -> of(d -> d.deviceFeatures(state().deviceFeaturesHalf)))
            .at(0x014, "DeviceFeaturesSel")
            .write(v -> state().deviceFeaturesHalf = (int) v)
            .at(0x020, "DriverFeatures")
            .write(v -> to(d -> d.setDriverFeatures(state().driverFeaturesHalf, (int) v)))
            .at(0x024, "DriverFeaturesSel")
            .write(v -> state().driverFeaturesHalf = (int) v)
            .at(0x030, "QueueSel")
            .write(v -> state().queue = (int) v)
            .at(0x034, "QueueNumMax")
            .read(() -> ofQueue(Virtqueue::maxSize))
            .at(0x038, "QueueNum")
            .write(v -> toQueue(q -> q.setSize((int) v)))
            .at(0x044, "QueueReady")
            .readWrite(() -> ofQueue(q -> q.ready() ? 1 : 0), v -> toQueue(q -> q.setReady(v != 0)))
            .at(0x050, "QueueNotify")
            .write(v -> to(d -> d.notified((int) v)))
            .at(0x060, "InterruptStatus")
            .field("USED", 0, 1, "a buffer was used")
            .field("CONFIG", 1, 1, "the configuration has changed")
            .read(() -> of(VirtioDevice::interruptStatus))
            .at(0x064, "InterruptACK")
            .write(v -> to(d -> d.acknowledge((int) v)))
            .at(0x070, "Status")
            .field("ACKNOWLEDGE", 0, 1, "the guest has seen the device")
            .field("DRIVER", 1, 1, "the guest has a driver")
            .field("DRIVER_OK", 2, 1, "the driver drives")
            .field("FEATURES_OK", 3, 1, "features are agreed on")
            .field("DEVICE_NEEDS_RESET", 6, 1, "the device has met an error")
            .field("FAILED", 7, 1, "the driver has given up")
            .readWrite(() -> of(VirtioDevice::status), this::writeStatus)
            .at(0x080, "QueueDesc")
            .wide(8)
            .readWrite(
                () -> ofQueue(Virtqueue::descriptors), v -> toQueue(q -> q.setDescriptors(v)))
            .at(0x090, "QueueDriver")
            .wide(8)
            .readWrite(() -> ofQueue(Virtqueue::driver), v -> toQueue(q -> q.setDriver(v)))
            .at(0x0a0, "QueueDevice")
            .wide(8)
            .readWrite(() -> ofQueue(Virtqueue::device), v -> toQueue(q -> q.setDevice(v)))
            .at(0x0ac, "SHMSel")
            .write(v -> {}) // no device has shared memory regions yet
            .at(0x0b0, "SHMLen")
            .wide(8)
            .constant(-1)
            .at(0x0b8, "SHMBase")
            .wide(8)
            .constant(-1)
            .at(0x0fc, "ConfigGeneration")
            .read(() -> of(VirtioDevice::configGeneration))
            .window(CONFIG, props().size() - CONFIG, "Config", new Configuration()));
  }

  private int of(ToIntFunction<VirtioDevice<?, ?>> value) {
    VirtioDevice<?, ?> device = bus.device();
    return device == null ? 0 : value.applyAsInt(device);
  }

  private void to(Consumer<VirtioDevice<?, ?>> action) {
    bus.call(action);
  }

  private long ofQueue(ToLongFunction<Virtqueue> value) {
    VirtioDevice<?, ?> device = bus.device();
    int queue = state().queue;
    boolean there = device != null && queue >= 0 && queue < device.queues().size();
    return there && device != null ? value.applyAsLong(device.queues().get(queue)) : 0;
  }

  private void toQueue(Consumer<Virtqueue> action) {
    int queue = state().queue;
    to(d -> {
      if (queue >= 0 && queue < d.queues().size()) {
        action.accept(d.queues().get(queue));
      } else {
        d.guestError("there is no queue " + Integer.toUnsignedString(queue));
      }
    });
  }

  private void writeStatus(long value) {
    if (value == 0) {
      state().deviceFeaturesHalf = 0;
      state().driverFeaturesHalf = 0;
      state().queue = 0;
    }
    to(d -> d.setStatus((int) value));
  }

  /** The device's configuration space. */
  private final class Configuration implements MmioHandler {
    @Override
    public AccessSizes sizes() {
      return AccessSizes.ANY;
    }

    @Override
    public long read(long offset, int size, BusAccess access) {
      VirtioDevice<?, ?> device = bus.device();
      return device == null ? 0 : device.configuration().read(offset, size, access);
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      to(d -> d.configuration().write(offset, size, value, access));
    }

    @Override
    public long peek(long offset, int size) {
      VirtioDevice<?, ?> device = bus.device();
      return device == null ? 0 : device.configuration().peek(offset, size);
    }
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("virtio_mmio").compatible("virtio,mmio").reg().interrupts();
    if (props().coherent()) {
      n.flag("dma-coherent");
    }
  }
}
