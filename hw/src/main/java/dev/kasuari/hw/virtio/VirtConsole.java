package dev.kasuari.hw.virtio;

import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/** A port that the guest takes as a terminal: Linux calls it {@code hvc0} and so on. */
@DeviceModel(name = "virtconsole", bus = VirtioSerialBus.class)
public final class VirtConsole extends VirtioPort<VirtConsole.Props> {
  /**
   * What can be chosen.
   *
   * @param chardev the character stream behind it; without one output is dropped
   * @param name what the guest is to call it
   * @param nr its number; by default the first that is free
   */
  public record Props(
      @Nullable CharBackend chardev,
      @Nullable String name,
      @Options.Range(min = 0, max = 510) @Nullable Integer nr) {}

  /** The first free port, with that stream behind it. */
  public static VirtConsole of(CharBackend chardev) {
    return VirtConsoleType.TYPE.create(new Props(chardev, null, null));
  }

  @Override
  boolean console() {
    return true;
  }

  @Override
  @Nullable Integer wantedNumber() {
    return props().nr();
  }

  @Override
  @Nullable String portName() {
    return props().name();
  }

  @Override
  @Nullable CharBackend chardev() {
    return props().chardev();
  }
}
