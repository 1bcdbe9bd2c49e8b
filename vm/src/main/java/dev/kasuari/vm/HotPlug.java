package dev.kasuari.vm;

import dev.kasuari.machine.Bus;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceType;
import dev.kasuari.machine.DeviceTypes;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.RunState;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.LinkedHashMap;
import java.util.Map;

/** Devices that come and go while a machine exists. One call at a time. */
final class HotPlug {
  private final Machine machine;
  private final DeviceTypes types;
  private final Plugging plugging;
  private final Blockdevs blockdevs;
  private final BackEnds backEnds;

  /** Ids of drives by the ids of their devices. */
  private final Map<String, String> driveOf = new LinkedHashMap<>();

  HotPlug(
      Machine machine,
      DeviceTypes types,
      Plugging plugging,
      Blockdevs blockdevs,
      BackEnds backEnds) {
    this.machine = machine;
    this.types = types;
    this.plugging = plugging;
    this.blockdevs = blockdevs;
    this.backEnds = backEnds;
  }

  /** Plugs a device, on a bus that takes one now. */
  void plug(OptionSource device) {
    String driver = device.text("driver");
    if (driver != null) {
      DeviceType<?, ?, ?> type = NamedDevices.find(types, device.where(), driver);
      if (machine.state() != RunState.PRELAUNCH) {
        checkHot(device.where(), type);
      }
    }
    String drive = device.text("drive");
    boolean free = drive != null && backEnds.isFree(drive);
    if (drive != null) {
      blockdevs.serve(machine, backEnds, drive);
    }
    boolean plugged = false;
    try {
      Device<?, ?> made = plugging.plug(device);
      if (drive != null) {
        driveOf.put(made.id(), drive);
      }
      plugged = true;
    } finally {
      if (!plugged && drive != null && free) {
        backEnds.releaseDrive(drive);
      }
    }
  }

  private void checkHot(String where, DeviceType<?, ?, ?> type) {
    if (machine.devices().buses().stream()
        .filter(type.bus()::isInstance)
        .noneMatch(Bus::hotPluggable)) {
      throw new OptionException(where + ": the guest runs, and no bus here takes this device now");
    }
  }

  /** Takes a device out; its drive is free for another. */
  void unplug(String id) {
    Device<?, ?> device = machine.devices().find(id);
    if (machine.state() != RunState.PRELAUNCH && !device.bus().hotPluggable()) {
      throw new OptionException(
          "device '" + id + "': bus '" + device.bus().name() + "' keeps its devices");
    }
    machine.devices().remove(device);
    String drive = driveOf.remove(id);
    if (drive != null) {
      backEnds.releaseDrive(drive);
    }
  }
}
