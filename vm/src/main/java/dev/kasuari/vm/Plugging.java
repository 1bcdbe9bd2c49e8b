package dev.kasuari.vm;

import dev.kasuari.hw.nvram.BootOrder;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceTypes;
import dev.kasuari.machine.Machine;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.References;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;

/** Makes the devices that {@code -device} asks for. */
final class Plugging {
  /** Last byte of QEMU's address of the first card; those of others follow it. */
  private static final int FIRST_MAC = 0x56;

  private final Machine machine;
  private final DeviceTypes types;
  private final References references;
  private final List<DeviceDefault> defaults;

  /** Network cards made so far. */
  private int cards;

  Plugging(
      Machine machine, DeviceTypes types, References references, List<DeviceDefault> defaults) {
    this.machine = machine;
    this.types = types;
    this.references = references;
    this.defaults = defaults;
  }

  /** Takes {@code -device}'s argument apart. */
  static OptionSource source(String text) {
    String where = text.startsWith("{") ? "-device" : "-device " + text.replaceFirst(",.*", "");
    return OptionSource.of(where, text, "driver");
  }

  /**
   * Plugs a device.
   *
   * @throws OptionException if there is no such device, no place for it, or it refuses
   */
  Device<?, ?> plug(OptionSource source) {
    try {
      OptionSource whole = source;
      for (DeviceDefault standard : defaults) {
        whole = standard.applied(whole);
      }
      Device<?, ?> device = machine.devices().plug(types, addressed(whole), references);
      checkBootOrder(device);
      return device;
    } catch (OptionException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith("-") ? e : new OptionException(source.where() + ": " + message, e);
    }
  }

  private void checkBootOrder(Device<?, ?> device) {
    try {
      BootOrder.check(machine, device);
    } catch (OptionException e) {
      machine.devices().remove(device);
      throw e;
    }
  }

  /** Cards that say nothing of their address get one after the other. */
  private OptionSource addressed(OptionSource device) {
    String driver = device.text("driver");
    boolean card =
        driver != null
            && types.all().stream()
                .anyMatch(
                    t -> t.name().equals(driver) && t.properties().schema().field("mac") != null);
    if (!card) {
      return device;
    }
    var members = new LinkedHashMap<String, Json>(device.tree().members());
    int last = (FIRST_MAC + cards++) & 0xff;
    members.putIfAbsent(
        "mac", new Json.Text(String.format(Locale.ROOT, "52:54:00:12:34:%02x", last)));
    return new OptionSource(
        device.where(), new Json.Members(members), device.strict(), device.bare());
  }
}
