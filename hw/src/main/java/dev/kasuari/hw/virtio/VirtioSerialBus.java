package dev.kasuari.hw.virtio;

import dev.kasuari.machine.Bus;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.Wiring;
import dev.kasuari.qapi.OptionException;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The ports of one {@link VirtioSerial}, by number. */
public final class VirtioSerialBus extends Bus {
  private final VirtioSerial owner;
  private final int maxPorts;
  private final SortedMap<Integer, VirtioPort<?>> ports = new TreeMap<>();

  VirtioSerialBus(Wiring wiring, VirtioSerial owner, int maxPorts) {
    super(wiring, "0");
    this.owner = owner;
    this.maxPorts = maxPorts;
  }

  /** In the order of their numbers. */
  Collection<VirtioPort<?>> ports() {
    return ports.values();
  }

  @Nullable VirtioPort<?> port(int number) {
    return ports.get(number);
  }

  /** Runs code of the device that the ports are of. */
  void call(Runnable action) {
    enter(owner, action);
  }

  @Override
  protected boolean full() {
    return ports.size() >= maxPorts;
  }

  @Override
  public boolean hotPluggable() {
    return true;
  }

  @Override
  protected void plugged(Device<?, ?> device) {
    if (device instanceof VirtioPort<?> port) {
      int number = numberFor(port);
      checkName(port);
      ports.put(number, port);
      port.join(owner, this, number);
      owner.afterOthers(owner::portsChanged); // it begins its life with a reset, after this
    }
  }

  @Override
  protected void unplugged(Device<?, ?> device) {
    if (device instanceof VirtioPort<?> port) {
      ports.remove(port.number());
      call(() -> owner.portLeft(port));
    }
  }

  /** As QEMU numbers them: 0 is for a console, since older guests look for theirs there. */
  private int numberFor(VirtioPort<?> port) {
    String where = "-device " + port.type().name() + ": ";
    Integer wanted = port.wantedNumber();
    if (wanted == null) {
      for (int number = port.console() ? 0 : 1; number < maxPorts; number++) {
        if (!ports.containsKey(number)) {
          return number;
        }
      }
      throw new OptionException(
          where + "there is no free port on " + name() + "; max_ports is " + maxPorts);
    }
    if (wanted >= maxPorts) {
      throw new OptionException(
          where + "nr=" + wanted + ": the ports of " + name() + " are 0 to " + (maxPorts - 1));
    }
    if (ports.containsKey(wanted)) {
      throw new OptionException(where + "nr=" + wanted + ": there is such a port on " + name());
    }
    if (wanted == 0 && !port.console()) {
      throw new OptionException(where + "nr=0: port 0 is kept for a virtconsole; take another");
    }
    return wanted;
  }

  private void checkName(VirtioPort<?> port) {
    String name = port.portName();
    if (name != null && ports.values().stream().anyMatch(p -> name.equals(p.portName()))) {
      throw new OptionException(
          "-device " + port.type().name() + ": name=" + name + ": there is such a port already");
    }
  }
}
