package dev.kasuari.hw.scsi;

import dev.kasuari.machine.Bus;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.Wiring;
import dev.kasuari.qapi.OptionException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The logical units behind one host adapter, by their addresses. */
public final class ScsiBus extends Bus {
  private static final Comparator<ScsiAddress> ORDER =
      Comparator.comparingInt(ScsiAddress::channel)
          .thenComparingInt(ScsiAddress::target)
          .thenComparingInt(ScsiAddress::lun);

  /** What units tell their host adapter, and what it can address. */
  public interface Adapter {
    /** The highest address of each kind. */
    ScsiAddress highest();

    /** How firmware finds the adapter. */
    String firmwarePath();

    /** Runs code of the adapter from outside, and its outputs after it. */
    void call(Runnable action);

    /** There is a unit that was not there. */
    void added(ScsiDevice<?> device);

    /** A unit is gone. */
    void removed(ScsiDevice<?> device);

    /** Something of a unit has changed, as a unit attention would say it. */
    void changed(ScsiDevice<?> device, Sense what);
  }

  private final Adapter adapter;
  private final Map<ScsiAddress, ScsiDevice<?>> units = new TreeMap<>(ORDER);

  /** An empty bus called {@code 0} of the device that {@code wiring} belongs to. */
  public ScsiBus(Wiring wiring, Adapter adapter) {
    super(wiring, "0");
    this.adapter = adapter;
  }

  /** All units, in the order of their addresses. */
  public Collection<ScsiDevice<?>> units() {
    return List.copyOf(units.values());
  }

  /** The units of one target, by their numbers. */
  public List<ScsiDevice<?>> target(int channel, int target) {
    var out = new ArrayList<ScsiDevice<?>>();
    units.forEach((address, unit) -> {
      if (address.channel() == channel && address.target() == target) {
        out.add(unit);
      }
    });
    return out;
  }

  /** The unit at an address, or null. */
  public @Nullable ScsiDevice<?> unit(ScsiAddress address) {
    return units.get(address);
  }

  String firmwarePath() {
    return adapter.firmwarePath();
  }

  void call(Runnable action) {
    adapter.call(action);
  }

  void changed(ScsiDevice<?> device, Sense what) {
    adapter.changed(device, what);
  }

  @Override
  public boolean hotPluggable() {
    return true;
  }

  @Override
  protected void plugged(Device<?, ?> device) {
    if (device instanceof ScsiDevice<?> unit) {
      ScsiAddress address = place(unit);
      units.put(address, unit);
      unit.join(this, address);
      adapter.added(unit);
    }
  }

  @Override
  protected void unplugged(Device<?, ?> device) {
    if (device instanceof ScsiDevice<?> unit) {
      units.remove(unit.address());
      call(() -> adapter.removed(unit));
    }
  }

  /** Where the user wants it; what is left open is the first that is free, as in QEMU. */
  private ScsiAddress place(ScsiDevice<?> device) {
    ScsiAddress highest = adapter.highest();
    String where = "-device " + device.type().name() + ": ";
    ScsiPlace wanted = device.place();
    int channel = within(where, "channel", wanted.channel(), highest.channel());
    Integer target = wanted.target();
    Integer lun = wanted.lun();
    if (target != null) {
      within(where, "scsi-id", target, highest.target());
    }
    if (lun != null) {
      within(where, "lun", lun, highest.lun());
    }
    int firstTarget = target == null ? 0 : target;
    int lastTarget = target == null ? highest.target() : target;
    int firstLun = lun == null ? 0 : lun;
    int lastLun = lun == null && target != null ? highest.lun() : firstLun;
    for (int t = firstTarget; t <= lastTarget; t++) {
      for (int l = firstLun; l <= lastLun; l++) {
        var address = new ScsiAddress(channel, t, l);
        if (!units.containsKey(address)) {
          return address;
        }
      }
    }
    throw new OptionException(
        where
            + (target != null && lun != null
                ? "there is a device at " + channel + ":" + target + ":" + lun + " already"
                : "there is no free place on " + name()));
  }

  private static int within(String where, String key, int value, int highest) {
    if (value > highest) {
      throw new OptionException(
          where + key + "=" + value + ": the highest on this bus is " + highest);
    }
    return value;
  }
}
