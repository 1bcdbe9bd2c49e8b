package dev.kasuari.hw.nvram;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.Machine;
import dev.kasuari.qapi.OptionException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What firmware is to boot from, and in which order: {@code bootindex=} of devices, as the file
 * {@code bootorder} of {@link FwCfg}. Its lines are paths as IEEE 1275 (Open Firmware) writes them,
 * with a zero after the last. Source: QEMU, "Managing device boot order with bootindex properties".
 */
public final class BootOrder {
  /** A device from which can be booted. */
  public interface Candidate {
    /** Its place in the order: the least comes first; none if it is negative. */
    int bootIndex();

    /** How firmware finds it. */
    String bootPath();
  }

  private static final String FILE = "bootorder";

  private BootOrder() {}

  /** Gives firmware the order of a machine's devices, as they are when it asks. */
  public static void offer(Machine machine, FwCfg fwCfg) {
    fwCfg.file(FILE, () -> contents(machine));
  }

  private static List<Candidate> candidates(Machine machine) {
    var found = new ArrayList<Candidate>();
    for (Device<?, ?> device : machine.devices().all()) {
      if (device instanceof Candidate candidate && candidate.bootIndex() >= 0) {
        found.add(candidate);
      }
    }
    found.sort(Comparator.comparingInt(Candidate::bootIndex));
    return found;
  }

  private static byte[] contents(Machine machine) {
    List<String> paths = candidates(machine).stream().map(Candidate::bootPath).toList();
    String text = paths.isEmpty() ? "" : String.join("\n", paths) + "\0";
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Looks whether a device shares its place with another.
   *
   * @throws OptionException if it does
   */
  public static void check(Machine machine, Device<?, ?> device) {
    if (device instanceof Candidate candidate && candidate.bootIndex() >= 0) {
      for (Candidate other : candidates(machine)) {
        if (!other.equals(candidate) && other.bootIndex() == candidate.bootIndex()) {
          throw new OptionException(
              "The bootindex " + candidate.bootIndex() + " has already been used");
        }
      }
    }
  }
}
