package dev.kasuari.vm;

import dev.kasuari.machine.Bus;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceType;
import dev.kasuari.machine.DeviceTypes;
import dev.kasuari.machine.Machine;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.References;
import java.util.List;

/** Makes the devices that {@code -device} asks for and finds a place for each. */
final class Plugging {
  private static final String DRIVER = "driver";

  private final Machine machine;
  private final DeviceTypes types;
  private final List<Bus> buses;
  private final References references;

  Plugging(Machine machine, DeviceTypes types, List<Bus> buses, References references) {
    this.machine = machine;
    this.types = types;
    this.buses = buses;
    this.references = references;
  }

  /** Takes {@code -device}'s argument apart. */
  static OptionSource source(String text) {
    String where = text.startsWith("{") ? "-device" : "-device " + text.replaceFirst(",.*", "");
    return OptionSource.of(where, text, DRIVER);
  }

  /**
   * Plugs a device.
   *
   * @throws OptionException if there is no such device, no place for it, or it refuses
   */
  void plug(OptionSource source) {
    String name = source.text(DRIVER);
    if (name == null) {
      throw new OptionException(
          source.where() + ": no device is named; 'help' lists what there is");
    }
    DeviceType<?, ?, ?> type = types.find(name);
    Bus bus = place(source, type);
    Device<?, ?> device = create(source, type);
    String id = source.text("id");
    if (id != null) {
      device.identify(id);
    }
    at(source.where(), () -> machine.devices().add(device, bus));
  }

  private Device<?, ?> create(OptionSource source, DeviceType<?, ?, ?> type) {
    OptionSource properties = source.without(DRIVER, "id", "bus");
    var made = new java.util.concurrent.atomic.AtomicReference<Device<?, ?>>();
    at(source.where(), () -> made.set(type.create(properties, references)));
    return made.get();
  }

  /** A complaint begins with the option, once. */
  private static void at(String where, Runnable action) {
    try {
      action.run();
    } catch (OptionException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith("-") ? e : new OptionException(where + ": " + message, e);
    }
  }

  private Bus place(OptionSource source, DeviceType<?, ?, ?> type) {
    String wanted = source.text("bus");
    if (wanted != null) {
      return named(source.where(), wanted);
    }
    List<Bus> fitting = buses.stream().filter(type.bus()::isInstance).toList();
    if (fitting.isEmpty()) {
      throw new OptionException(
          source.where()
              + ": it needs a "
              + type.bus().getSimpleName()
              + ", and this machine has none to plug into");
    }
    return fitting.stream()
        .filter(Plugging::hasRoom)
        .findFirst()
        .orElseThrow(() ->
            new OptionException(
                source.where() + ": all " + fitting.size() + " places of its kind are taken"));
  }

  private Bus named(String where, String name) {
    for (Bus bus : buses) {
      if (bus.name().equals(name)) {
        if (!hasRoom(bus)) {
          throw new OptionException(
              where + ": bus '" + name + "' is taken by " + bus.devices().getFirst().id());
        }
        return bus;
      }
    }
    List<String> names = buses.stream().map(Bus::name).toList();
    throw new OptionException(where + ": no bus '" + name + "'" + Nearest.hint(name, names));
  }

  private static boolean hasRoom(Bus bus) {
    return bus.devices().isEmpty();
  }
}
