package dev.kasuari.machine;

import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.References;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The devices of a machine, in the order they were added. */
public final class DeviceList {
  private final Machine machine;
  private final Map<String, Device<?, ?>> devices = new LinkedHashMap<>();

  DeviceList(Machine machine) {
    this.machine = machine;
  }

  /**
   * Realizes a device and plugs it in. One without an id gets its type's name, with a number from
   * the second on.
   *
   * @throws OptionException if the id is taken, or the device or the bus refuses
   */
  public <D extends Device<?, ?>> D add(D device, Bus bus) {
    machine.locked(() -> {
      if (!device.type().bus().isInstance(bus)) {
        throw new OptionException(
            "-device "
                + device.type().name()
                + ": needs a "
                + device.type().bus().getSimpleName()
                + ", and '"
                + bus.name()
                + "' is a "
                + bus.getClass().getSimpleName());
      }
      String id = device.id().isEmpty() ? freeId(device.type().name()) : device.id();
      if (devices.containsKey(id)) {
        throw new OptionException("id '" + id + "' is taken already");
      }
      device.attach(machine, bus, id);
      bus.plug(device);
      devices.put(id, device);
      device.reset();
      device.settle();
    });
    return device;
  }

  /**
   * Makes a device as {@code -device} says and plugs it in.
   *
   * @param source {@code driver}, {@code id}, {@code bus} and the device's properties
   * @throws OptionException if anything of it is wrong
   */
  public Device<?, ?> plug(DeviceTypes types, OptionSource source, References references) {
    String driver = source.text("driver");
    if (driver == null) {
      throw new OptionException(source.where() + ": 'driver' is missing: the name of a device");
    }
    OptionSource own = source.without("driver", "id", "bus").at("-device " + driver);
    DeviceType<?, ?, ?> type = types.find(driver);
    Device<?, ?> device = type.create(own, references);
    String id = source.text("id");
    if (id != null) {
      device.identify(id);
    }
    return add(device, busFor(type, source.text("bus")));
  }

  /** All buses, the board's own first. */
  public List<Bus> buses() {
    var out = new ArrayList<Bus>();
    out.add(machine.sysBus());
    all().forEach(d -> out.addAll(d.buses()));
    return out;
  }

  private Bus busFor(DeviceType<?, ?, ?> type, @Nullable String name) {
    List<Bus> all = buses();
    if (name != null) {
      return all.stream()
          .filter(b -> b.name().equals(name))
          .findFirst()
          .orElseThrow(() ->
              new OptionException(
                  "-device "
                      + type.name()
                      + ": there is no bus '"
                      + name
                      + "'"
                      + Nearest.hint(name, all.stream().map(Bus::name).toList())));
    }
    List<Bus> fitting = all.stream().filter(type.bus()::isInstance).toList();
    for (Bus bus : fitting) {
      if (bus.open() && !bus.full()) {
        return bus;
      }
    }
    String kind = type.bus().getSimpleName();
    throw new OptionException(
        "-device "
            + type.name()
            + (fitting.isEmpty()
                ? ": this machine has no " + kind
                : fitting.getFirst().open()
                    ? ": every " + kind + " of this machine is full"
                    : ": it is part of a board and cannot be added"));
  }

  /** Unplugs a device and closes it. Not to be called under the lock. */
  public void remove(Device<?, ?> device) {
    machine.drain();
    machine.locked(() -> {
      device.bus().unplug(device);
      device.detach();
      devices.remove(device.id());
    });
    device.dispose();
  }

  /** All devices. */
  public List<Device<?, ?>> all() {
    machine.lock().lock();
    try {
      return List.copyOf(devices.values());
    } finally {
      machine.lock().unlock();
    }
  }

  /**
   * The device of that id.
   *
   * @throws OptionException with the nearest id if there is none
   */
  public Device<?, ?> find(String id) {
    machine.lock().lock();
    try {
      Device<?, ?> device = devices.get(id);
      if (device == null) {
        throw new OptionException("no device '" + id + "'" + Nearest.hint(id, devices.keySet()));
      }
      return device;
    } finally {
      machine.lock().unlock();
    }
  }

  /** The state of every device by id. The machine must stand. */
  public Map<String, byte[]> save() {
    var out = new LinkedHashMap<String, byte[]>();
    machine.locked(() -> devices.forEach((id, device) -> out.put(id, device.save())));
    return out;
  }

  /**
   * Restores every device. The machine must stand.
   *
   * @throws dev.kasuari.machine.state.StateException if a device is missing, too many, or refuses
   */
  public void restore(Map<String, byte[]> saved) {
    machine.locked(() -> {
      for (String id : saved.keySet()) {
        if (!devices.containsKey(id)) {
          throw new dev.kasuari.machine.state.StateException(
              "there is no device '" + id + "' in this machine");
        }
      }
      devices.forEach((id, device) -> {
        byte[] bytes = saved.get(id);
        if (bytes == null) {
          throw new dev.kasuari.machine.state.StateException(
              "no state was saved of device '" + id + "'");
        }
        device.restore(bytes);
      });
      devices.values().forEach(Device::settle);
    });
  }

  /** Resets all, then lets all compute their outputs. */
  void reset() {
    devices.values().forEach(Device::reset);
    devices.values().forEach(Device::settle);
  }

  int operations() {
    return devices.values().stream().mapToInt(Device::operations).sum();
  }

  void describe() {
    for (Device<?, ?> device : devices.values()) {
      device.describeTo(device.bus().node());
    }
  }

  List<Device<?, ?>> clear() {
    var all = new ArrayList<Device<?, ?>>(devices.values()).reversed();
    devices.clear();
    return all;
  }

  private String freeId(String name) {
    String id = name;
    for (int i = 1; devices.containsKey(id); i++) {
      id = name + "." + i;
    }
    return id;
  }
}
