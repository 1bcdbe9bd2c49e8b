package dev.kasuari.vm;

import dev.kasuari.machine.DeviceTypes;
import dev.kasuari.machine.Machine;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.References;
import java.util.List;

/** Makes the devices that {@code -device} asks for. */
record Plugging(
    Machine machine, DeviceTypes types, References references, List<DeviceDefault> defaults) {
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
  void plug(OptionSource source) {
    try {
      OptionSource whole = source;
      for (DeviceDefault standard : defaults) {
        whole = standard.applied(whole);
      }
      machine.devices().plug(types, whole, references);
    } catch (OptionException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith("-") ? e : new OptionException(source.where() + ": " + message, e);
    }
  }
}
