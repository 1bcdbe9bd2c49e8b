package dev.kasuari.vm;

import dev.kasuari.machine.DeviceType;
import dev.kasuari.machine.DeviceTypes;
import dev.kasuari.qapi.OptionException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Devices by the names that users give, who may know one of QEMU's that is not here yet. */
public final class NamedDevices {
  private static final String OF_QEMU = "devices-of-qemu.txt";

  private NamedDevices() {}

  /**
   * The type of that name.
   *
   * @param where what a complaint begins with: {@code -device e1000}
   * @throws OptionException if there is none; it says whether QEMU has it, and what comes nearest
   */
  public static DeviceType<?, ?, ?> find(DeviceTypes types, String where, String name) {
    if (types.has(name) || !ofQemu(name)) {
      return types.find(where, name);
    }
    String message = String.valueOf(NotYet.of(where, "device").getMessage());
    String same = name.replaceFirst("-pci(-(non-)?transitional)?$", "-device");
    String hint = types.has(same) ? "; '" + same + "' is the same without PCI" : "";
    throw new OptionException(message + hint);
  }

  private static boolean ofQemu(String name) {
    try (InputStream in = NamedDevices.class.getResourceAsStream(OF_QEMU)) {
      byte[] names = Objects.requireNonNull(in).readAllBytes();
      return new String(names, StandardCharsets.US_ASCII).lines().anyMatch(name::equals);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
